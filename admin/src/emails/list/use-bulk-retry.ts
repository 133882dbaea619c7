import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type RetryFilter, retryEmails } from "../api.ts";

/** How far trying many emails again has come. */
export interface BulkRun {
  readonly kind: "idle" | "running" | "stopping" | "stopped" | "failed" | "done";
  readonly retried: number;
  readonly skipped: number;
  /** Why it failed. What was done until then is done. */
  readonly error: unknown;
}

const idle: BulkRun = { kind: "idle", retried: 0, skipped: 0, error: null };

/** Goes through all emails that the filter matches, one request after the other. */
export function useBulkRetry() {
  const queries = useQueryClient();
  const [run, setRun] = useState(idle);
  /** Where to go on after a stop or a failure. */
  const next = useRef<string | undefined>(undefined);
  const isWanted = useRef(false);

  useEffect(
    () => () => {
      isWanted.current = false;
    },
    [],
  );

  async function goOn(filter: RetryFilter) {
    isWanted.current = true;
    setRun((before) => ({ ...before, kind: "running", error: null }));
    try {
      while (isWanted.current) {
        const part = await retryEmails(filter, next.current);
        next.current = part.next ?? undefined;
        const isOver = part.next === null;
        if (isOver) isWanted.current = false;
        setRun((before) => ({
          ...before,
          kind: isOver ? "done" : before.kind,
          retried: before.retried + part.retried,
          skipped: before.skipped + part.skipped,
        }));
      }
      setRun((before) => (before.kind === "stopping" ? { ...before, kind: "stopped" } : before));
    } catch (error) {
      setRun((before) => ({ ...before, kind: "failed", error }));
    }
    await queries.invalidateQueries({ queryKey: ["emails"] });
  }

  return {
    run,
    goOn,
    /** The request under way is waited for: what it does is done and counted. */
    stop() {
      isWanted.current = false;
      setRun((before) => (before.kind === "running" ? { ...before, kind: "stopping" } : before));
    },
    reset() {
      next.current = undefined;
      setRun(idle);
    },
  };
}
