import { SendwrightError } from "../../core/errors.ts";

/**
 * Primary result codes (https://sqlite.org/rescode.html) that speak of the machine and not of the
 * query: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB.
 */
const unavailable: ReadonlySet<number> = new Set([5, 6, 8, 10, 11, 13, 14, 26]);

/** Trouble of the disk, or of the database's thread, as `store.unavailable`; any other error as it is. */
export function sqliteError(error: unknown): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return error;
  const { errcode } = error;
  if (errcode !== null && (typeof errcode !== "number" || !unavailable.has(errcode & 0xff))) return error;
  return new SendwrightError("store.unavailable", `Sendwright can't use the database: ${error.message}.`, {
    cause: error,
  });
}
