import { DatabaseSync } from "node:sqlite";
import { SendwrightError } from "../../core/errors.ts";
import { sqliteError } from "./error.ts";

/**
 * Makes sure that one process alone serves a database file: an exclusive transaction held open on a
 * file beside it. The operating system frees it when the process ends, also by kill -9, and the
 * database itself stays readable to others.
 * @returns the function that lets go.
 * @throws SendwrightError `store.locked`, or `store.unavailable` where the file cannot be made
 */
export function holdLock(file: string): () => void {
  const lock = openFile(file);
  try {
    lock.exec("pragma busy_timeout = 0; begin exclusive");
  } catch (cause) {
    lock.close();
    throw new SendwrightError(
      "store.locked",
      `Another Sendwright is using this database (${file} is locked). Stop it first, or choose another directory with SENDWRIGHT_DATA_DIR.`,
      { cause },
    );
  }
  return () => lock.close();
}

function openFile(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw sqliteError(error);
  }
}
