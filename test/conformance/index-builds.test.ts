import { Kysely } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { postgresDialect } from "../../src/store/postgres.ts";
import type { Schema } from "../../src/store/schema.ts";
import { openPostgresStore, type Store } from "../../src/store/store.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { newEmail } from "../support/new-email.ts";
import { makeOlder, migrationNames } from "../support/older-database.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/** The machine may be busy. */
const slowMs = 60_000;

describe("an index on a large table of PostgreSQL", () => {
  let postgres: Postgres;
  let url: string;
  let client: pg.Client;
  let holder: pg.Client;
  beforeAll(async () => {
    postgres = await startPostgres({ fsync: false });
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    url = await postgres.createDatabase();
    [client, holder] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
    await Promise.all([client.connect(), holder.connect()]);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all([client.end(), holder.end()]);
  });

  /** Makes a database whose tables are as they should be, with an index on `emails` that is to be replaced. */
  async function makeDatabase(): Promise<void> {
    const db = new Kysely<Schema>({ dialect: postgresDialect(url) });
    await makeOlder(db, migrationNames.length);
    await db.destroy();
    await client.query(`
      drop index emails_due; drop index emails_finished; drop index attempts_failed; drop index emails_retried;
      create index emails_queue on emails (priority)`);
  }

  /** Begins a transaction that has written: every build of an index waits for it. */
  const hold = () => holder.query("begin; update emails set subject = 'held' where id = 'x'");

  /** The process that builds an index, once it waits for the transaction. */
  async function builder(): Promise<number> {
    const text = `select pid from pg_stat_activity
      where datname = current_database() and query like 'create index concurrently%' and wait_event_type = 'Lock'`;
    const found = async () => (await client.query<{ pid: number }>(text)).rows[0]?.pid;
    await expect.poll(found, { timeout: slowMs, interval: 20 }).toBeDefined();
    return (await found()) ?? 0;
  }

  async function indexes(): Promise<Readonly<Record<string, boolean>>> {
    const { rows } = await client.query<{ name: string; valid: boolean }>(`
      select indexrelid::regclass::text as name, indisvalid as valid from pg_index
      where indrelid in ('emails'::regclass, 'attempts'::regclass) order by name`);
    return Object.fromEntries(rows.map(({ name, valid }) => [name, valid]));
  }

  const complete = {
    ...{ attempts_by_email: true, attempts_failed: true, attempts_pkey: true, emails_by_state: true },
    ...{ emails_due: true, emails_finished: true, emails_idempotency: true, emails_leased: true },
    ...{ emails_pkey: true, emails_refused: true, emails_resent: true, emails_retried: true },
  };

  it(
    "is built while others write, by one of the nodes that start",
    async () => {
      await makeDatabase();
      await hold();
      const opening = Promise.all([openPostgresStore(url), openPostgresStore(url)]);
      await builder();
      // A lock that kept writers out, or one that waited for it, would keep out this one.
      await client.query("set statement_timeout = 5000");
      await client.query("update attempts set reply = 'meanwhile'");
      const { email, ...rest } = newEmail(1);
      const db = new Kysely<Schema>({ dialect: postgresDialect(url) });
      for (const query of insertEmails(db, [{ ...rest, email }]).queries) await db.executeQuery(query);
      await db.destroy();
      await holder.query("commit");
      for (const store of await opening) await store.close();
      expect(await indexes()).toEqual(complete);
      const { rows } = await client.query("select id, subject from emails order by id");
      expect(rows).toEqual([
        { id: email.id, subject: email.subject },
        { id: "x", subject: "held" },
      ]);
    },
    slowMs,
  );

  it(
    "is built again if its build was cut off, and what that left is dropped",
    async () => {
      await makeDatabase();
      await hold();
      const opening = openPostgresStore(url).catch((error: unknown) => error);
      await client.query("select pg_terminate_backend($1, 10000)", [await builder()]);
      expect(await opening).toMatchObject({ code: "store.unavailable" });
      await holder.query("commit");
      // The indexes from before are there until the new ones are.
      const { emails_finished, emails_due } = await indexes();
      expect([emails_finished, emails_due]).toContain(false);
      expect(await indexes()).toHaveProperty("emails_queue", true);
      await (await openPostgresStore(url)).close();
      expect(await indexes()).toEqual(complete);
    },
    slowMs,
  );

  it(
    "is there after the next start, at whichever statement the one before was cut off",
    async () => {
      await (await openPostgresStore(url)).close();
      for (let stopAt = 0; ; stopAt++) {
        await client.query(`
          drop index if exists emails_due; drop index if exists attempts_failed;
          create index if not exists emails_queue on emails (priority)`);
        const texts = endBuilderAt(stopAt);
        const opened = await openPostgresStore(url).catch((error: unknown) => error);
        vi.restoreAllMocks();
        if (texts.length <= stopAt) {
          await (opened as Store).close();
          expect(stopAt).toBeGreaterThan(8);
          break;
        }
        expect(opened, texts.at(-1)).toMatchObject({ code: "store.unavailable" });
        await (await openPostgresStore(url)).close();
        expect(await indexes(), texts.at(-1)).toEqual(complete);
      }
    },
    slowMs,
  );

  /** Has the server end the connection that builds as soon as it would execute the statement of that number. */
  function endBuilderAt(stopAt: number): readonly string[] {
    const texts: string[] = [];
    let building: pg.Client | null = null;
    const query = pg.Client.prototype.query as (this: pg.Client, ...given: unknown[]) => unknown;
    vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (
      this: pg.Client,
      ...given: unknown[]
    ) {
      const { text } = given[0] as { text?: string };
      if (text?.startsWith("set statement_timeout = 0")) building = this;
      if (this !== building || text === undefined) return query.apply(this, given) as never;
      texts.push(text);
      if (texts.length - 1 !== stopAt) return query.apply(this, given) as never;
      const { processID } = this as unknown as { processID: number };
      const ended = query.apply(holder, ["select pg_terminate_backend($1, 10000)", [processID]]);
      return (ended as Promise<unknown>).then(() => query.apply(this, given)) as never;
    });
    return texts;
  }
});
