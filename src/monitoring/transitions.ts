import type { AlertKind } from "../core/model.ts";
import type { Alert } from "../store/tables/alerts.ts";
import type { CheckFinding, ProblemFinding } from "./assess.ts";

/** What a check changes about the alerts of a config. */
export interface Transitions {
  readonly raised: readonly ProblemFinding[];
  /** Open alerts that have become more urgent, with the problem as it is now. */
  readonly worsened: readonly { readonly alert: Alert; readonly now: ProblemFinding }[];
  readonly cleared: readonly Alert[];
  /** Transient problems found once: they count if the next check finds them too. */
  readonly suspects: readonly AlertKind[];
}

/**
 * Compares the findings of a check with the open alerts; pure. An alert is raised once and stays open until a check
 * finds its kind ok. A kind without a finding changes nothing.
 * @param open the open alerts of this config
 * @param suspects those of the check before
 */
export function transitionsOf(
  open: readonly Alert[],
  findings: readonly CheckFinding[],
  suspects: readonly AlertKind[],
): Transitions {
  const problems = findings.filter((finding) => finding.status === "problem");
  const ok = new Set(findings.filter(({ status }) => status === "ok").map(({ kind }) => kind));
  const openAlert = (kind: AlertKind) => open.find((alert) => alert.kind === kind);
  const fresh = problems.filter(({ kind }) => openAlert(kind) === undefined);
  const counts = ({ kind, isTransient }: ProblemFinding) => !isTransient || suspects.includes(kind);
  return {
    raised: fresh.filter(counts),
    worsened: problems.flatMap((now) => {
      const alert = openAlert(now.kind);
      return alert !== undefined && now.level > alert.level ? [{ alert, now }] : [];
    }),
    cleared: open.filter(({ kind }) => ok.has(kind)),
    suspects: fresh.filter((problem) => !counts(problem)).map(({ kind }) => kind),
  };
}
