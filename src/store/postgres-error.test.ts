import { CompiledQuery, Kysely, sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Postgres, startPostgres } from "../../test/support/postgres.ts";
import { postgresDialect } from "./postgres.ts";
import type { Schema } from "./schema.ts";
import { write } from "./step.ts";
import { openPostgresStore, openStoreBeside, type Store } from "./store.ts";
import { readSetting, writeSetting } from "./tables/settings.ts";

let postgres: Postgres;
let url: string;
let store: Store;
let other: pg.Client;
beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterAll(() => postgres.stop());
async function openDatabase(): Promise<void> {
  url = await postgres.createDatabase();
  store = await openPostgresStore(url);
  other = new pg.Client({ connectionString: url });
  await other.connect();
}

async function closeDatabase(): Promise<void> {
  await other.end();
  await store.close();
}

const unavailable = expect.objectContaining({ code: "store.unavailable" });
const causedBy = (code: string) =>
  expect.objectContaining({ code: "store.unavailable", cause: expect.objectContaining({ code }) });
const raw = (text: string, ...parameters: unknown[]) => CompiledQuery.raw(text, parameters);
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

async function keys(): Promise<string[]> {
  const { rows } = await other.query<{ key: string }>("select key from settings order by key");
  return rows.map(({ key }) => key);
}

/** The process of the server that answers the next statement of the store. */
async function backend(db: Kysely<Schema> = store.db): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]?.pid ?? 0;
}

describe("errors", () => {
  beforeAll(openDatabase);
  afterAll(closeDatabase);

  it.each([
    ["08006", "a lost connection"],
    ["25006", "a standby that takes no writes"],
    ["25P03", "a transaction that was idle for too long"],
    ["25P04", "a transaction that took too long"],
    ["26000", "a plan that the server no longer has"],
    ["28P01", "a wrong password"],
    ["3D000", "a missing database"],
    ["40001", "another transaction in the way"],
    ["40P01", "a deadlock"],
    ["53100", "a full disk"],
    ["53300", "too many connections"],
    ["55P03", "a lock that was not to be had"],
    ["57014", "a statement that took too long"],
    ["57P01", "a server that shuts down"],
    ["57P03", "a server that starts up"],
    ["58030", "a disk that fails"],
  ])("%s, %s, are trouble of the server: unavailable", async (state) => {
    const error = await thrownBy(raise(state));
    expect(error).toMatchObject({
      code: "store.unavailable",
      message: "Sendwright can't use the database: raised by the test.",
      cause: { code: state },
    });
  });

  it.each([
    ["0A000", "something that there is not"],
    ["22021", "a text that holds NUL"],
    ["22P02", "a text that is no number"],
    ["23503", "a missing row"],
    ["23505", "a second row of the same key"],
    ["42601", "a syntax error"],
    ["25P02", "a statement after the one that failed"],
    ["42703", "a missing column"],
    ["42P01", "a missing table"],
    ["P0001", "an exception"],
  ])("%s, %s, are those of the query, as they are", async (state) => {
    expect(await thrownBy(raise(state))).toMatchObject({ code: state, message: "raised by the test" });
  });

  function raise(state: string): Promise<unknown> {
    return sql`do ${sql.raw(`$$ begin raise exception 'raised by the test' using errcode = '${state}'; end $$`)}`.execute(
      store.db,
    );
  }

  it("say why the server cannot be reached", async () => {
    const wrong = (change: (to: URL) => void) => {
      const to = new URL(url);
      change(to);
      return thrownBy(openStoreBeside(to.href));
    };
    expect(await wrong((to) => (to.password = "guessed"))).toMatchObject({
      code: "store.unavailable",
      message: expect.stringContaining("password authentication failed"),
    });
    expect(await wrong((to) => (to.pathname = "/nowhere"))).toMatchObject({
      code: "store.unavailable",
      message: expect.stringContaining('database "nowhere" does not exist'),
    });
    // Nobody listens on port 1.
    expect(await wrong((to) => (to.port = "1"))).toMatchObject({
      code: "store.unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(await wrong((to) => (to.hostname = "no.such.host.invalid"))).toEqual(unavailable);
  });
});

describe("a statement that takes too long", () => {
  beforeEach(openDatabase);
  afterEach(closeDatabase);

  it("is ended by the server; its transaction is not kept, and its connection is", async () => {
    await other.query(
      `alter role sendwright in database ${new URL(url).pathname.slice(1)} set statement_timeout = 200`,
    );
    await store.close();
    store = await openPostgresStore(url);
    const before = await backend();
    await other.query("begin; lock table audit_log");
    const steps = [
      write(raw("insert into settings values ('a', '1')"), raw("select count(*) from audit_log")),
    ];
    expect(await thrownBy(store.transact(steps))).toEqual(causedBy("57014"));
    await other.query("rollback");
    await store.transact([write(raw("insert into settings values ('b', '2')"))]);
    expect(await keys()).toEqual(["b"]);
    expect(await backend()).toBe(before);
  });

  it("has a limit, also if the installation has set none", async () => {
    const limits = { statementMs: 200, transactionMs: 110_000, nodeMs: 120_000 };
    const db = new Kysely<Schema>({ dialect: postgresDialect(url, limits) });
    await other.query("begin; lock table settings");
    expect(await thrownBy(readSetting(db, "a"))).toEqual(causedBy("57014"));
    await other.query("rollback");
    expect(await readSetting(db, "a")).toBeUndefined();
    await db.destroy();
  });

  it("costs its connection if the node gives it up first: what may still run does not run beside what comes", async () => {
    const limits = { statementMs: 60_000, transactionMs: 60_000, nodeMs: 200 };
    const db = new Kysely<Schema>({ dialect: postgresDialect(url, limits) });
    const before = await backend(db);
    await other.query("begin; lock table settings");
    expect(await thrownBy(readSetting(db, "a"))).toEqual(unavailable);
    await other.query("rollback");
    expect(await readSetting(db, "a")).toBeUndefined();
    expect(await backend(db)).not.toBe(before);
    await db.destroy();
  });

  it("may be one of several in a transaction that takes too long as a whole", async () => {
    const limits = { statementMs: 100_000, transactionMs: 300, nodeMs: 120_000 };
    const db = new Kysely<Schema>({ dialect: postgresDialect(url, limits) });
    const work = db.transaction().execute(async (within) => {
      await writeSetting(within, "a", 1);
      for (let time = 0; time < 10; time++) await sql`select pg_sleep(0.1)`.execute(within);
    });
    expect(await thrownBy(work)).toEqual(unavailable);
    await writeSetting(db, "b", 2);
    expect(await keys()).toEqual(["b"]);
    await db.destroy();
  });

  it("may be a lock that is not to be had", async () => {
    await other.query("begin; lock table settings");
    const work = store.transaction(async (within) => {
      await sql`set local lock_timeout = 100`.execute(within);
      await writeSetting(within, "a", 1);
    });
    expect(await thrownBy(work)).toEqual(causedBy("55P03"));
    await other.query("rollback");
    expect(await keys()).toEqual([]);
  });
});

describe("a connection that the server ends", () => {
  beforeEach(openDatabase);
  afterEach(closeDatabase);

  it("because its transaction was idle for too long fails that, and nothing else", async () => {
    const work = store.transaction(async (within) => {
      await writeSetting(within, "a", 1);
      await sql`set local idle_in_transaction_session_timeout = 100`.execute(within);
      const pid = await backend(within);
      const isThere = async () =>
        (await other.query("select from pg_stat_activity where pid = $1", [pid])).rowCount === 1;
      await expect.poll(isThere).toBe(false);
      await writeSetting(within, "b", 2);
    });
    expect(await thrownBy(work)).toEqual(unavailable);
    await writeSetting(store.db, "c", 3);
    expect(await keys()).toEqual(["c"]);
  });

  it("because somebody said so fails what is under way, and nothing else", async () => {
    await other.query("begin; lock table settings");
    const work = thrownBy(store.transact([write(raw("insert into settings values ('a', '1')"))]));
    const blocked = "select pid from pg_stat_activity where wait_event_type = 'Lock'";
    await expect.poll(async () => (await other.query(blocked)).rowCount).toBe(1);
    const { rows } = await other.query<{ pid: number }>(blocked);
    await other.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    expect(await work).toEqual(causedBy("57P01"));
    await other.query("rollback");
    await store.transact([write(raw("insert into settings values ('b', '2')"))]);
    expect(await keys()).toEqual(["b"]);
  });
});

describe("plans of an earlier schema", () => {
  beforeEach(openDatabase);
  afterEach(closeDatabase);

  /** Has several connections plan the statement. */
  async function planned(query: CompiledQuery): Promise<void> {
    await Promise.all(Array.from({ length: 5 }, () => store.transact([write(query)])));
  }
  const everything = raw("select * from settings where key = $1", "a");
  const insertion = (key: string) => raw("insert into settings (key, value_json) values ($1, '1')", key);

  it("are made anew: nothing that the store does in one go fails, and it is done once", async () => {
    await planned(everything);
    await other.query("alter table settings add column more text");
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.transact([write(insertion(`key ${index}`), everything)])),
    );
    expect(await keys()).toHaveLength(8);
    await other.query("alter table settings drop column more");
    await Promise.all(Array.from({ length: 8 }, () => store.db.executeQuery(everything)));
  });

  it("fail a transaction that goes step by step, which may be begun again at once", async () => {
    await planned(everything);
    await other.query("alter table settings add column more text");
    const work = (key: string) =>
      store.transaction(async (within) => {
        await writeSetting(within, key, 1);
        await within.executeQuery(everything);
      });
    expect(await thrownBy(work("a"))).toEqual(causedBy("0A000"));
    await Promise.all(["b", "c", "d"].map(work));
    expect(await keys()).toEqual(["b", "c", "d"]);
  });

  it("that the server has forgotten are made anew too", async () => {
    await planned(everything);
    await store.db.executeQuery(raw("deallocate all"));
    await store.transact([write(insertion("a"), everything)]);
    await store.db.executeQuery(raw("deallocate all"));
    await store.db.executeQuery(everything);
    expect(await keys()).toEqual(["a"]);
  });
});
