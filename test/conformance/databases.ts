import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgresStore, openSqliteStore, type Store } from "../../src/store/store.ts";
import { sharedPart } from "../support/shared-part.ts";
import { sharedDatabase } from "../support/shared-postgres.ts";

/** An empty database that nobody has opened yet. */
export interface EmptyDatabase {
  /** What a node opens: the path of the file, or the address. */
  readonly url: string;
  /** To be called when whoever opened it has closed it. */
  dispose(): Promise<void>;
}

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
  /** To be called before the first `create` or `open`. */
  start(): Promise<void>;
  create(): Promise<EmptyDatabase>;
  open(): Promise<OpenDatabase>;
  stop(): Promise<void>;
}

async function createFile(): Promise<EmptyDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-conformance-"));
  return { url: join(folder, "sendwright.db"), dispose: async () => rmSync(folder, { recursive: true }) };
}

/** A database on the server that all test files share. */
async function createOnServer(): Promise<EmptyDatabase> {
  const { url, giveBack } = await sharedDatabase();
  return { url, dispose: giveBack };
}

/** Every database that Sendwright runs on. A suite is run on each. */
export const databases: readonly TestDatabase[] = [
  {
    name: "SQLite",
    shared: false,
    async start() {},
    create: createFile,
    async open() {
      const { url, dispose } = await createFile();
      const store = await openSqliteStore(url);
      return {
        store,
        url,
        another: () => Promise.reject(new Error("A SQLite file has one node.")),
        async dispose() {
          await store.close();
          await dispose();
        },
      };
    },
    async stop() {},
  },
  {
    name: "PostgreSQL",
    shared: true,
    async start() {
      await sharedPart("postgres");
    },
    create: createOnServer,
    async open() {
      const { url, giveBack } = await sharedDatabase();
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
          await giveBack();
        },
      };
    },
    async stop() {},
  },
];
