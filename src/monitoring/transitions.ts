import type { AlertKind } from "../core/model.ts";
import type { Alert } from "../store/tables/alerts.ts";
import type { Ill, Judgement } from "./assess.ts";

/** What a check changes about the alerts of a config. */
export interface Transitions {
  readonly raised: readonly (Ill & { readonly kind: AlertKind })[];
  /** Those that last and have become more urgent, with what is said of them now. */
  readonly worsened: readonly { readonly alert: Alert; readonly now: Ill }[];
  readonly cleared: readonly Alert[];
  /** Seen once: they count if the next check sees them too. */
  readonly suspects: readonly AlertKind[];
}

/**
 * Pure: from what is known and what a check found to what is told. An alert is raised once and lasts until a check
 * finds that it is over; a check that could not look says neither.
 * @param open the alerts of this config that last
 * @param suspects those of the check before
 */
export function transitionsOf(
  open: readonly Alert[],
  judgements: readonly Judgement[],
  suspects: readonly AlertKind[],
): Transitions {
  const ill = judgements.filter((one) => one.is === "ill");
  const well = new Set(judgements.filter(({ is }) => is === "well").map(({ kind }) => kind));
  const lasting = (kind: AlertKind) => open.find((alert) => alert.kind === kind);
  const fresh = ill.filter(({ kind }) => lasting(kind) === undefined);
  const counts = (one: Ill & { readonly kind: AlertKind }) => !one.mayPass || suspects.includes(one.kind);
  return {
    raised: fresh.filter(counts),
    worsened: ill.flatMap((now) => {
      const alert = lasting(now.kind);
      return alert !== undefined && now.level > alert.level ? [{ alert, now }] : [];
    }),
    cleared: open.filter(({ kind }) => well.has(kind)),
    suspects: fresh.filter((one) => !counts(one)).map(({ kind }) => kind),
  };
}
