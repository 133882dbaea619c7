import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";

/** Long, because a service may write to the same file at any moment. */
const busyMs = 10_000;

/** Opens a SQLite file beside the service that has it open, which may be writing to it. */
export function openBeside(file: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  return new DatabaseSync(file, { timeout: busyMs, ...options });
}
