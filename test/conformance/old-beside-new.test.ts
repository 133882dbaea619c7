import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/core/id.ts";
import { postgresDialect } from "../../src/store/postgres.ts";
import type { Schema } from "../../src/store/schema.ts";
import { openPostgresStore, openSqliteStore, type Store } from "../../src/store/store.ts";
import { type ClaimedEmail, claimEmails } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { type Settlement, settleEmails } from "../../src/store/tables/email-settlements.ts";
import { claimOf } from "../support/claim.ts";
import { newEmail } from "../support/new-email.ts";
import { makeOlder, migrationNames, migrationsMade, versions } from "../support/older-database.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const batch = 10;
/** A node that stands for longer than this stalls: in far less it does what is waited for. */
const stallMs = 5_000;

/** A node that accepts, claims and settles for as long as it is not stopped. */
class WorkingNode {
  readonly #store: Store;
  readonly #accepted: string[] = [];
  readonly #settled: string[] = [];
  readonly #work: readonly Promise<void>[];
  #isStopped = false;

  constructor(store: Store) {
    this.#store = store;
    this.#work = [1, 2].map(() => this.#run());
  }

  /** Resolves when it has settled more than it had when it was asked. */
  async goesOn(): Promise<void> {
    const wanted = this.#settled.length + 10 * batch;
    await expect
      .poll(() => this.#settled.length, { timeout: stallMs, interval: 5 })
      .toBeGreaterThanOrEqual(wanted);
  }

  /** Stops it and settles what is left: all that was accepted was settled, once, and is in the log as that. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#work);
    while ((await this.#send()) > 0);
    expect(this.#settled.toSorted()).toEqual(this.#accepted.toSorted());
    const { db } = this.#store;
    const sent = await db.selectFrom("emails").select("id").where("state", "=", "sent").execute();
    expect(sent.map(({ id }) => id).sort()).toEqual(this.#accepted.toSorted());
    const attempts = await db.selectFrom("attempts").select("email_id").where("at", "=", now).execute();
    expect(attempts.map(({ email_id }) => email_id).sort()).toEqual(this.#accepted.toSorted());
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#accept();
      await this.#send();
    }
  }

  async #accept(): Promise<void> {
    const emails = Array.from({ length: batch }, () => newEmail(now));
    await this.#store.transact([insertEmails(this.#store.db, emails)]);
    this.#accepted.push(...emails.map(({ email }) => email.id));
  }

  async #send(): Promise<number> {
    const { db } = this.#store;
    const claim = claimEmails(db, claimOf({ now, leaseMs: 30_000, limit: 2 * batch }));
    const [claimed] = await this.#store.transact([claim]);
    for (const { recipients, content } of claimed)
      expect([recipients.length, content?.encrypted]).toEqual([1, false]);
    const settled = claimed.map((one) => ({ claimed: one.email, settlement: sentNow(one) }));
    const [written] = await this.#store.transact([settleEmails(db, settled)]);
    this.#settled.push(...written);
    return claimed.length;
  }
}

function sentNow({ email, recipients }: ClaimedEmail): Settlement {
  const reply = { code: 250, enhancedCode: "2.0.0", reply: "Ok" };
  return {
    state: "sent",
    nextAttemptAt: null,
    attemptCount: 1,
    possibleDuplicate: email.possibleDuplicate,
    captured: email.captured,
    sentAt: now,
    released: null,
    refusedBy: [],
    finishedAt: now,
    recipients: recipients.map(({ position }) => ({ position, state: "sent", ...reply })),
    attempt: {
      ...{ id: newId(now), at: now, configId: "config-1", configName: "Main", relayHost: "smtp.example.com" },
      ...{ relayAddress: null, tlsVersion: null, stage: "message", outcome: "sent", errorCode: null },
      ...{ durationMs: 1, possibleDuplicate: false, captured: false, failure: null, route: null, ...reply },
    },
  };
}

/** Columns that a later version might add to what sending reads and writes. */
const addedColumns = ["emails", "recipients", "email_content", "attempts"].map(
  (table) => `alter table ${table} add column added_later integer not null default 7`,
);

describe("a node beside a newer schema", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres({ fsync: false });
  });
  afterAll(() => postgres.stop());

  async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** A node of this version on the database of an earlier one, as if its version had been that one. */
  async function nodeOnOlder(url: string, count: number): Promise<Store> {
    const db = new Kysely<Schema>({ dialect: postgresDialect(url) });
    await makeOlder(db, count);
    await db.destroy();
    const later = migrationNames.slice(count);
    return connected(url, async (client) => {
      await client.query("insert into kysely_migration select name, '' from unnest($1::text[]) as name", [
        later,
      ]);
      const store = await openPostgresStore(url);
      await client.query("delete from kysely_migration where name = any($1)", [later]);
      await client.query("drop index if exists attempts_failed; drop index if exists emails_retried");
      return store;
    });
  }

  // Before 0013-routing, emails have not the columns that sending reads and writes now.
  it.each(versions.filter(({ next }) => next > "0013-routing"))(
    "goes on while another one makes $next and what comes after it",
    async ({ count }) => {
      const url = await postgres.createDatabase();
      const store = await nodeOnOlder(url, count);
      const node = new WorkingNode(store);
      await node.goesOn();
      const newer = await openPostgresStore(url);
      expect(await migrationsMade(newer.db)).toEqual(migrationNames);
      await node.goesOn();
      await node.stop();
      await newer.close();
      await store.close();
    },
  );

  it("goes on while an upgrade waits for a transaction that is open on the same table", async () => {
    const url = await postgres.createDatabase();
    const db = new Kysely<Schema>({ dialect: postgresDialect(url) });
    await makeOlder(db, migrationNames.indexOf("0010-delivery"));
    await db.destroy();
    await connected(url, async (holder) => {
      await holder.query("begin; select count(*) from emails");
      let isUpgraded = false;
      const upgrading = openPostgresStore(url).then((newer) => {
        isUpgraded = true;
        return newer;
      });
      const waiting =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter table%'";
      await connected(url, async (client) => {
        await expect.poll(async () => (await client.query(waiting)).rowCount, { interval: 10 }).toBe(1);
        // Who writes now waits behind the change of the table, but not for as long as that waits.
        for (let writes = 0; writes < 3; writes++) {
          await client.query("update emails set subject = subject");
          await expect.poll(async () => (await client.query(waiting)).rowCount, { interval: 10 }).toBe(1);
        }
      });
      expect(isUpgraded).toBe(false);
      await holder.query("commit");
      const newer = await upgrading;
      expect(await migrationsMade(newer.db)).toEqual(migrationNames);
      await newer.close();
    });
  });

  it("goes on while columns are added on PostgreSQL to what it reads and writes", async () => {
    const url = await postgres.createDatabase();
    const store = await openPostgresStore(url);
    const node = new WorkingNode(store);
    await node.goesOn();
    await connected(url, async (client) => {
      for (const text of addedColumns) {
        await client.query(text);
        await node.goesOn();
      }
      const { rows } = await client.query("select distinct added_later from emails");
      expect(rows).toEqual([{ added_later: 7 }]);
    });
    await node.stop();
    await store.close();
  });

  it("goes on while columns are added on SQLite to what it reads and writes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sendwright-beside-"));
    const file = join(folder, "sendwright.db");
    const store = await openSqliteStore(file);
    const node = new WorkingNode(store);
    await node.goesOn();
    const other = new DatabaseSync(file);
    other.exec("pragma busy_timeout = 5000");
    for (const text of addedColumns) {
      other.exec(text);
      await node.goesOn();
    }
    other.close();
    await node.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
