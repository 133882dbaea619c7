import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Kysely, sql } from "kysely";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";

/**
 * Saves a copy of a database as it is before an upgrade, for an admin who wants to go back: `sendwright.db` becomes
 * `sendwright.db.before-0009-watching`, with what is still in the log, readable by its owner alone. The copy of
 * an earlier upgrade is deleted once this one is on the disk.
 * @param db an open connection to the file, in no transaction.
 * @param name the first migration of the upgrade.
 * @throws SendwrightError `store.unavailable`; then no file has changed.
 */
export async function saveCopy<Tables>(db: Kysely<Tables>, file: string, name: string): Promise<void> {
  const copy = `${file}${infix}${name}`;
  // A name of its own until it is whole: a copy that was interrupted is never taken for one.
  const unfinished = `${copy}.part`;
  try {
    rmSync(unfinished, { force: true });
    // SQLite writes into an empty file that is there, and leaves its mode.
    closeSync(openSync(unfinished, "wx", 0o600));
    await sql`vacuum into ${unfinished}`.execute(db);
    // VACUUM INTO leaves that to the caller (https://sqlite.org/lang_vacuum.html).
    sync(unfinished);
    renameSync(unfinished, copy);
    sync(dirname(file));
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw notCopied(cause, copy);
  }
  for (const other of copiesOf(file)) if (other !== copy) rmSync(other, { force: true });
}

const infix = ".before-";

/** The saved copies of a database file, and what is left of one that was interrupted. */
export function copiesOf(file: string): readonly string[] {
  const folder = dirname(file);
  const start = basename(file) + infix;
  return readdirSync(folder)
    .filter((name) => name.startsWith(start))
    .map((name) => join(folder, name));
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function notCopied(cause: unknown, copy: string): SendwrightError {
  const reason = isSendwrightError(cause) ? (cause.cause as Error).message : (cause as Error).message;
  return new SendwrightError(
    "store.unavailable",
    `The database wasn't upgraded, because Sendwright couldn't write the copy ${copy} (${reason}). Free disk space for a second database file there, then start again. Nothing was changed.`,
    { cause },
  );
}
