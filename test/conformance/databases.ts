import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgresStore, openSqliteStore, type Store } from "../../src/store/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/** An empty database, opened. */
export interface OpenDatabase {
  readonly store: Store;
  /** What a node opens: the path of the file, or the address. */
  readonly url: string;
  /** Opens the same database as another node does; only where it is shared. Disposed of with the rest. */
  another(): Promise<Store>;
  dispose(): Promise<void>;
}

/** A database to run a suite on: each test gets an empty one. */
export interface TestDatabase {
  readonly name: string;
  /** Whether several nodes may work on it at once. */
  readonly shared: boolean;
  /** To be called before the first `open`. */
  start(): Promise<void>;
  open(): Promise<OpenDatabase>;
  stop(): Promise<void>;
}

let postgres: Postgres | null = null;

/** Every database that Posthorn runs on. A suite is run on each. */
export const databases: readonly TestDatabase[] = [
  {
    name: "SQLite",
    shared: false,
    async start() {},
    async open() {
      const folder = mkdtempSync(join(tmpdir(), "posthorn-conformance-"));
      const url = join(folder, "posthorn.db");
      const store = await openSqliteStore(url);
      return {
        store,
        url,
        another: () => Promise.reject(new Error("A SQLite file has one node.")),
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
    shared: true,
    async start() {
      postgres = await startPostgres({ fsync: false });
    },
    async open() {
      if (postgres === null) throw new Error("PostgreSQL was not started.");
      const url = await postgres.createDatabase();
      const store = await openPostgresStore(url);
      const stores = [store];
      return {
        store,
        url,
        async another() {
          const other = await openPostgresStore(url);
          stores.push(other);
          return other;
        },
        async dispose() {
          await Promise.all(stores.map((one) => one.close()));
        },
      };
    },
    async stop() {
      await postgres?.stop();
    },
  },
];
