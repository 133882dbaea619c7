import { Kysely } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { postgresDialect } from "../../src/store/postgres.ts";
import type { Schema } from "../../src/store/schema.ts";
import { openPostgresStore } from "../../src/store/store.ts";
import {
  expectKept,
  makeOlder,
  migrationNames,
  migrationsMade,
  readRows,
  versions,
} from "../support/older-database.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/** A version opens its database as often as its migration has statements; the machine may be busy. */
const slowMs = 120_000;

describe("a PostgreSQL database that is upgraded", () => {
  let postgres: Postgres;
  let administrator: pg.Client;
  beforeAll(async () => {
    postgres = await startPostgres({ fsync: false });
    administrator = new pg.Client({ connectionString: postgres.url });
    await administrator.connect();
  });
  afterAll(async () => {
    await administrator.end();
    await postgres.stop();
  });
  afterEach(() => vi.restoreAllMocks());

  /** Has the server end the connection of a database as soon as it would execute the statement of that number. */
  function endBackendAt(url: string, stopAt: number): { readonly texts: string[] } {
    const database = new URL(url).pathname.slice(1);
    const texts: string[] = [];
    const query = pg.Client.prototype.query as (this: pg.Client, ...given: unknown[]) => unknown;
    vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (
      this: pg.Client,
      ...given: unknown[]
    ) {
      if (this.database !== database) return query.apply(this, given) as never;
      const [asked] = given;
      const text = typeof asked === "string" ? asked : (asked as { text: string }).text;
      // Nobody waits for the limits of a connection: stopped at them, it would be stopped at any time. And before it
      // changes anything, a node asks whether its connections have sessions.
      if (text.includes("set_config(") || text.includes("pg_backend_pid"))
        return query.apply(this, given) as never;
      texts.push(text);
      if (texts.length - 1 !== stopAt) return query.apply(this, given) as never;
      const { processID } = this as unknown as { processID: number };
      const ended = query.apply(administrator, ["select pg_terminate_backend($1, 10000)", [processID]]);
      return (ended as Promise<unknown>).then(() => query.apply(this, given)) as never;
    });
    return { texts };
  }

  /** The columns of all tables and indexes, and the names of the migrations that made them. */
  async function schemaOf(client: pg.Client): Promise<unknown> {
    const columns = await client.query(`
      select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and a.attnum > 0 order by c.relname, a.attnum`);
    const migrations = await client.query("select name from kysely_migration order by name");
    return { columns: columns.rows, migrations: migrations.rows };
  }

  it.each(versions)(
    "before $next is as before it, at whichever statement its connection is lost",
    async ({ count }) => {
      const url = await postgres.createDatabase();
      const db = new Kysely<Schema>({ dialect: postgresDialect(url) });
      await makeOlder(db, count);
      const before = await readRows(db);
      await db.destroy();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const older = await schemaOf(client);
      for (let stopAt = 0; ; stopAt++) {
        const { texts } = endBackendAt(url, stopAt);
        const opened = await openPostgresStore(url).then(
          (store) => store.close(),
          (error: unknown) => error,
        );
        vi.restoreAllMocks();
        const text = texts.at(-1) ?? "";
        // Every statement of the last version was stopped at, the commit too. What comes after it, index-builds.test.ts
        // stops at.
        if (texts.slice(0, stopAt).includes("commit")) break;
        expect(opened, text).toMatchObject({ code: "store.unavailable" });
        expect(await schemaOf(client), text).toEqual(older);
        // The statements after it are those of the next version.
        if (count < migrationNames.length - 1 && /^insert into "kysely_migration"/.test(text)) break;
      }
      await client.end();
      const store = await openPostgresStore(url);
      expectKept(await readRows(store.db), before);
      expect(await migrationsMade(store.db)).toEqual(migrationNames);
      await store.close();
    },
    slowMs,
  );
});
