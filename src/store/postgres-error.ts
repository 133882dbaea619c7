import { SendwrightError } from "../core/errors.ts";

/**
 * SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html) that speak of the server and not of the
 * query, which may be run again: no connection (08), no resources (53), shutting down or starting up (57P), its disk
 * (58), a standby that takes no writes (25006), who may connect (28, 3D), others in the way (40, 55P03), a time limit
 * (57014, 25P03, 25P04), a plan that the server no longer has (26000).
 */
const unavailableStates = /^(?:08|53|57P|58|28|3D|25006|40|55P03|57014|25P03|25P04|26000)/;
/** Those of them after which nobody knows what the connection still has. */
const doubtfulStates = /^(?:08|57P|25P03|25P04|26000)/;
/** What `pg` says without a code: its connection is gone, or never came. */
const unavailableWords = /connection|timeout|not queryable|terminated/i;

/** An error of `pg`, as `store.unavailable` if it speaks of the server; any other as it is. */
export function postgresError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    typeof code === "string"
      ? unavailableStates.test(code) || isOutdatedPlan(error) || /^E[A-Z_]+$/.test(code)
      : unavailableWords.test(error.message);
  if (!unavailable) return error;
  const words = error.message === "" ? String(code) : error.message;
  return new SendwrightError("store.unavailable", `Sendwright can't use the database: ${words}.`, {
    cause: error,
  });
}

/**
 * Whether a connection is not to be used again: it is gone, a plan of it is wrong, or the error is not the server's, so
 * a statement may still run.
 */
export function isConnectionDoubtful(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const isFromServer = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  return !isFromServer || doubtfulStates.test(code) || isOutdatedPlan(error);
}

/**
 * Whether a statement failed only because its plan, which the connection keeps by name, is of an earlier schema
 * ("cached plan must not change result type", in the server's language) or is gone. It has done nothing.
 */
export function isOutdatedPlan(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return code === "26000" || (code === "0A000" && routine === "RevalidateCachedQuery");
}

/** Whether a statement failed because others held a lock for longer than it was to wait. */
export function isLockTimeout(error: unknown): boolean {
  const cause = error instanceof SendwrightError ? error.cause : error;
  return (cause as { code?: unknown } | null)?.code === "55P03";
}
