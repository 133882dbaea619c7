import { accessSync, constants, existsSync } from "node:fs";
import { isSendwrightError } from "../../../core/errors.ts";
import { copiesOf } from "../../../store/sqlite/copy.ts";
import { inspectSqlite, type SqliteFindings } from "../../../store/sqlite/inspect.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import { isOpenToOthers, modeOf } from "./file-mode.ts";

const file = { id: "database.file", title: "File" };
const access = { id: "database.access", title: "Access" };
const integrity = { id: "database.integrity", title: "Integrity" };
const journal = { id: "database.journal", title: "Journal" };

export interface CheckedFile {
  readonly checks: readonly Check[];
  /** Whether there is any sense in reading it as Sendwright's. */
  readonly isReadable: boolean;
}

/** Whether the database file is there, whole, and Sendwright's. */
export function checkSqliteFile(path: string): CheckedFile {
  if (!existsSync(path)) {
    const missing = warning(
      file,
      `${path} doesn't exist yet.`,
      "Run `sendwright start` to create it. If it should exist, check SENDWRIGHT_DATA_DIR.",
    );
    return { checks: [missing], isReadable: false };
  }
  let findings: SqliteFindings;
  try {
    findings = inspectSqlite(path);
  } catch (error) {
    if (!isSendwrightError(error, "store.unavailable")) throw error;
    return { checks: [unusable(path, error)], isReadable: false };
  }
  const { tables, journalMode, damage } = findings;
  if (tables.length > 0 && !tables.includes("smtp_config")) {
    const foreign = failed(
      file,
      `${path} belongs to another program: it contains ${tables.slice(0, 5).join(", ")}.`,
      "Set SENDWRIGHT_DATA_DIR to Sendwright's data directory.",
    );
    return { checks: [foreign], isReadable: false };
  }
  return {
    checks: [
      isWritable(path)
        ? ok(file, path)
        : failed(
            file,
            `This user can't write ${path}, so Sendwright can't accept emails.`,
            "Run this as the server's user, or make that user the owner of the file.",
          ),
      checkAccess(path),
      damage.length === 0
        ? ok(integrity, "no damage found")
        : failed(
            integrity,
            `The file is damaged: ${damage.join("; ")}.`,
            `Stop the server, copy the file and restore the last backup. Or recover what's readable: \`sqlite3 ${path} ".recover" | sqlite3 repaired.db\`.`,
          ),
      journalMode === "wal"
        ? ok(journal, "WAL")
        : warning(
            journal,
            `The journal mode is ${journalMode}, not WAL.`,
            "The next `sendwright start` sets it. If that fails, move the database off the network drive: its file system doesn't support WAL.",
          ),
    ],
    isReadable: damage.length === 0,
  };
}

/** The file, what SQLite keeps beside it, and the copies from before upgrades: each holds emails. */
function checkAccess(path: string): Check {
  const files = [path, `${path}-wal`, `${path}-shm`, ...copiesOf(path)].filter(isOpenToOthers);
  if (files.length === 0) return ok(access, "readable by its owner only");
  const modes = files.map((name) => `${name} (mode ${modeOf(name)})`).join(", ");
  return warning(
    access,
    `Other users on this machine can read ${modes}, including emails and recipients.`,
    `Run \`chmod 600 ${files.join(" ")}\`, or make the directory private.`,
  );
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** SQLite's result codes (https://sqlite.org/rescode.html). */
const busy = 5;
const notADatabase = 26;

function unusable(path: string, { message, cause }: Error): Check {
  const { errcode } = cause as { errcode?: unknown };
  const code = typeof errcode === "number" ? errcode & 0xff : null;
  if (code === busy) {
    return failed(
      file,
      `${path} is locked by another process.`,
      "Find the program with `fuser -v` on the file. Only Sendwright may write to it. Back up with `.backup`, which holds no long lock.",
    );
  }
  if (code === notADatabase) {
    return failed(
      file,
      `${path} is not a SQLite database.`,
      "Restore it from a backup, or set SENDWRIGHT_DATA_DIR to the right directory.",
    );
  }
  return failed(
    file,
    message,
    "Check the owner of the file and its directory, and run this as the server's user.",
  );
}
