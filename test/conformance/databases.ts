import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgresStore, openSqliteStore, type Store } from "../../src/store/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/** A database to run a suite on: each test gets an empty one. */
export interface TestDatabase {
  readonly name: string;
  /** To be called before the first `open`. */
  start(): Promise<void>;
  open(): Promise<{ store: Store; dispose(): Promise<void> }>;
  stop(): Promise<void>;
}

let postgres: Postgres | null = null;

/** Every database that Posthorn runs on. A suite is run on each. */
export const databases: readonly TestDatabase[] = [
  {
    name: "SQLite",
    async start() {},
    async open() {
      const folder = mkdtempSync(join(tmpdir(), "posthorn-conformance-"));
      const store = await openSqliteStore(join(folder, "posthorn.db"));
      return {
        store,
        async dispose() {
          await store.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
    async stop() {},
  },
  {
    name: "PostgreSQL",
    async start() {
      postgres = await startPostgres({ fsync: false });
    },
    async open() {
      if (postgres === null) throw new Error("PostgreSQL was not started.");
      const store = await openPostgresStore(await postgres.createDatabase());
      return { store, dispose: () => store.close() };
    },
    async stop() {
      await postgres?.stop();
    },
  },
];
