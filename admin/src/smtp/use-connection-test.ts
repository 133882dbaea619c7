import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Stage } from "../../../src/model.ts";
import { readEvents } from "../api/event-stream.ts";
import { ApiProblem, unreachable } from "../api/problem.ts";
import type { TestReport, TestStage } from "../api/types.ts";
import { strings } from "../strings.ts";
import { configsQuery, startTest, type TestOrder } from "./api.ts";
import { withResult } from "./stages.ts";

export type TestRun =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly stages: readonly TestStage[]; readonly expected: readonly Stage[] }
  | { readonly kind: "done"; readonly report: TestReport; readonly sentTo: string | null }
  | { readonly kind: "stopped"; readonly stages: readonly TestStage[] }
  | { readonly kind: "refused" }
  | { readonly kind: "broken"; readonly stages: readonly TestStage[]; readonly error: Error };

/** Runs a test and shows its stages as they pass. A request that is refused goes to `onRefused`. */
export function useConnectionTest(onRefused: (problem: ApiProblem) => void) {
  const queries = useQueryClient();
  const [run, setRun] = useState<TestRun>({ kind: "idle" });
  const current = useRef<AbortController | null>(null);
  // Nobody watches any more: the server need not go on either.
  useEffect(() => () => current.current?.abort(), []);

  async function start(order: TestOrder, expected: readonly Stage[]): Promise<void> {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    let stages: readonly TestStage[] = [];
    setRun({ kind: "running", stages: [], expected });
    try {
      const response = await startTest(order, controller.signal);
      if (response.body === null) throw unreachable();
      let hasReport = false;
      for await (const { event, data } of readEvents(response.body)) {
        if (event === "stage") {
          stages = withResult(stages, JSON.parse(data) as TestStage);
          setRun({ kind: "running", stages, expected });
        }
        if (event === "report") {
          setRun({ kind: "done", report: JSON.parse(data) as TestReport, sentTo: order.sendTo });
          hasReport = true;
          await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
        }
        if (event === "problem") throw new ApiProblem(JSON.parse(data));
      }
      if (!hasReport) throw new Error(strings.test.cutOff);
    } catch (error) {
      if (controller !== current.current) return;
      if (controller.signal.aborted) return setRun({ kind: "stopped", stages });
      if (error instanceof ApiProblem && stages.length === 0 && error.status !== 0) {
        setRun({ kind: "refused" });
        return onRefused(error);
      }
      setRun({ kind: "broken", stages, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  return { run, start, stop: () => current.current?.abort() };
}
