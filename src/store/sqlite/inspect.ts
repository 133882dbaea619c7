import { DatabaseSync } from "node:sqlite";
import { sqliteError } from "./error.ts";

/** What a SQLite file says about itself. */
export interface SqliteFindings {
  readonly tables: readonly string[];
  /** `wal` once a server has opened it. */
  readonly journalMode: string;
  /** What `PRAGMA quick_check` complains of, in its words; empty for a sound file. */
  readonly damage: readonly string[];
}

/** Whoever holds the file for longer than this keeps everybody else from it. */
const busyMs = 2_000;
const maxComplaints = 5;

/**
 * Looks a SQLite file through and changes nothing in it. A server may go on meanwhile; the caller waits until
 * every page was read.
 *
 * The connection may write as far as SQLite knows: one that may not would leave its -wal and -shm files behind.
 * @throws SendwrightError `store.unavailable` for what cannot be opened, is locked, or is no SQLite file.
 */
export function inspectSqlite(file: string): SqliteFindings {
  try {
    const database = new DatabaseSync(file, { timeout: busyMs });
    try {
      database.exec("pragma query_only = on");
      const column = (sql: string) =>
        database
          .prepare(sql)
          .all()
          .map((row) => String(Object.values(row)[0]));
      return {
        tables: column("select name from sqlite_schema where type = 'table'"),
        journalMode: column("pragma journal_mode")[0] ?? "",
        damage: column(`pragma quick_check(${maxComplaints})`).filter((line) => line !== "ok"),
      };
    } finally {
      database.close();
    }
  } catch (error) {
    throw sqliteError(error);
  }
}
