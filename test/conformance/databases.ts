import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type Store } from "../../src/store/store.ts";

/** A database to run a suite on: each test gets an empty one. */
export interface TestDatabase {
  readonly name: string;
  open(): Promise<{ store: Store; dispose(): Promise<void> }>;
}

/** Every database that Posthorn runs on. A suite is run on each. */
export const databases: readonly TestDatabase[] = [
  {
    name: "SQLite",
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
  },
];
