import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { SendwrightError } from "../core/errors.ts";

const { R_OK, W_OK, X_OK } = constants;

/** What the folder may hold, and what is done with it. SQLite makes the last two. */
const files: Readonly<Record<string, number>> = {
  "sendwright.key": R_OK,
  "sendwright.lock": R_OK | W_OK,
  "sendwright.db": R_OK | W_OK,
  "sendwright.db-wal": R_OK | W_OK,
  "sendwright.db-shm": R_OK | W_OK,
};

/**
 * Makes the data folder if there is none, and makes sure that this user may use all that is in it: a folder that Docker
 * has made for a mount belongs to root, and an image may be read-only.
 * @throws SendwrightError `store.unavailable`, with the path and the remedy
 */
export function prepareDataFolder(dataDir: string): void {
  const folder = resolve(dataDir);
  let path = folder;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, R_OK | W_OK | X_OK);
    for (const [name, mode] of Object.entries(files)) {
      path = join(folder, name);
      if (existsSync(path)) accessSync(path, mode);
    }
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new SendwrightError(
      "store.unavailable",
      `Sendwright can't use ${path} (${code}). ${remedyOf(code, folder)}`,
      { cause },
    );
  }
}

function remedyOf(code: string, folder: string): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return `Make the user of this process${userOf()} the owner of ${folder} and everything in it, or set SENDWRIGHT_DATA_DIR to another directory.`;
    case "EEXIST":
    case "ENOTDIR":
      return "Set SENDWRIGHT_DATA_DIR to a directory.";
    case "ENOSPC":
    case "EDQUOT":
      return "Free disk space.";
    default:
      return `Mount a writable volume at ${folder}, or set SENDWRIGHT_DATA_DIR to a directory in one.`;
  }
}

/** Not known on Windows. */
function userOf(): string {
  const uid = process.getuid?.();
  return uid === undefined ? "" : ` (uid ${uid})`;
}
