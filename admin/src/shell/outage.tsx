import { useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ApiProblem } from "../api/problem.ts";
import styles from "./shell.module.css";
import * as t from "./strings.ts";

/** Says once for the whole page that the server does not answer, instead of in each of its parts. */
export function Outage() {
  const cache = useQueryClient().getQueryCache();
  const isDown = useSyncExternalStore(
    (onChange) => cache.subscribe(onChange),
    () => cache.getAll().some(({ state }) => isUnreachable(state.error ?? state.fetchFailureReason)),
  );
  return <div role="status">{isDown && <div className={styles.outage}>{t.unreachable}</div>}</div>;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 0;
}
