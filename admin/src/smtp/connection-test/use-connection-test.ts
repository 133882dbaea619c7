import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { readEvents } from "../../api/event-stream.ts";
import type { Stage } from "../../api/model.ts";
import { ApiProblem, unreachable } from "../../api/problem.ts";
import type { Alternative, TestReport, TestStage } from "../../api/types.ts";
import { configsQuery, startTest, type TestOrder } from "../api.ts";
import { type Progress, withResult } from "./stages.ts";
import * as t from "./strings.ts";

export type TestRun =
  | { readonly kind: "idle" }
  | RunningTest
  | { readonly kind: "done"; readonly report: TestReport; readonly sentTo: string | null }
  | { readonly kind: "stopped"; readonly stages: readonly TestStage[] }
  | { readonly kind: "refused" }
  | { readonly kind: "broken"; readonly stages: readonly TestStage[]; readonly error: Error };

interface RunningTest {
  readonly kind: "running";
  readonly stages: readonly TestStage[];
  readonly expected: readonly Stage[];
  readonly progress: Progress | null;
  /** What else was tried since a stage failed. */
  readonly alternatives: readonly Alternative[];
}

/**
 * Runs a test and shows its stages as they pass. A request that is refused goes to `onRefused`.
 * `start` resolves with whether all stages passed.
 */
export function useConnectionTest(onRefused: (problem: ApiProblem) => void) {
  const queries = useQueryClient();
  const [run, setRun] = useState<TestRun>({ kind: "idle" });
  const current = useRef<AbortController | null>(null);
  // Nobody watches any more: the server need not go on either.
  useEffect(() => () => current.current?.abort(), []);

  async function start(order: TestOrder, expected: readonly Stage[]): Promise<boolean> {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    let running: RunningTest = { kind: "running", stages: [], expected, progress: null, alternatives: [] };
    const show = (news: Partial<RunningTest>) => {
      running = { ...running, ...news };
      setRun(running);
    };
    show({});
    try {
      const response = await startTest(order, controller.signal);
      if (response.body === null) throw unreachable();
      let report: TestReport | null = null;
      for await (const { event, data } of readEvents(response.body)) {
        if (event === "stage") {
          show({ stages: withResult(running.stages, JSON.parse(data) as TestStage), progress: null });
        }
        if (event === "progress") show({ progress: JSON.parse(data) as Progress });
        if (event === "correction") {
          show({ alternatives: [...running.alternatives, JSON.parse(data) as Alternative] });
        }
        if (event === "report") {
          report = JSON.parse(data) as TestReport;
          setRun({ kind: "done", report, sentTo: order.sendTo });
          await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
        }
        if (event === "problem") throw new ApiProblem(JSON.parse(data));
      }
      if (report === null) throw new Error(t.cutOff);
      return report.ok;
    } catch (error) {
      if (controller === current.current) showFailure(error, running.stages, controller.signal.aborted);
      return false;
    }
  }

  function showFailure(error: unknown, stages: readonly TestStage[], isStopped: boolean): void {
    if (isStopped) {
      setRun({ kind: "stopped", stages });
    } else if (error instanceof ApiProblem && stages.length === 0 && error.status !== 0) {
      setRun({ kind: "refused" });
      onRefused(error);
    } else {
      setRun({ kind: "broken", stages, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  return { run, start, stop: () => current.current?.abort() };
}
