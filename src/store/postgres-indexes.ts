import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { Client, escapeIdentifier } from "pg";
import { migrations } from "./migrations/index.ts";
import { connectionOptions, translated } from "./postgres.ts";
import type { Db } from "./schema.ts";

/** The key of the lock on building indexes, beside that of `Store.exclusively`. */
const lockKey = 0x73656e69;
/** How often a node looks whether another one is done with building. */
const pollMs = 200;

/** What each index that the migrations speak of is on, by its name; null for one that is there no more. */
const wanted: ReadonlyMap<string, string | null> = new Map(
  Object.values(migrations).flatMap(({ indexes = {}, replacedIndexes = [] }) => [
    ...Object.entries(indexes),
    ...replacedIndexes.map((name) => [name, null] as const),
  ]),
);

/**
 * Builds the indexes that migrations have left to be built, while others read and write, and drops those whose place
 * they take. One node does it and the others wait. Whoever is killed meanwhile leaves an index that is not valid, or
 * none: the next node to start builds it. A build waits for every transaction that began before it.
 * @throws SendwrightError `store.unavailable`
 */
export async function buildIndexes(db: Db, url: string): Promise<void> {
  if (await isComplete(db)) return;
  const client = new Client(connectionOptions(url, null));
  // A connection that is lost: the statement under way fails.
  client.on("error", () => {});
  try {
    await translated(() => client.connect());
    // Its build may take longer than any other statement.
    await ask(client, "set statement_timeout = 0; set lock_timeout = 0");
    // Who waited for the lock within a statement would be waited for by the build.
    while (!(await isLocked(client))) {
      await delay(pollMs);
      if (await isComplete(db)) return;
    }
    for (const [name, on] of wanted) await build(client, name, on);
  } finally {
    // The lock goes with the connection.
    await client.end().catch(() => {});
  }
}

async function build(client: Client, name: string, on: string | null): Promise<void> {
  const [row] = await ask<{ valid: boolean | null }>(client, `select ${validity} as valid`, [name]);
  const isThere = row !== undefined && row.valid !== null;
  // What was left of a build that was interrupted takes time with each write and is never read.
  if (isThere && (on === null || row.valid === false)) {
    await ask(client, `drop index concurrently if exists ${escapeIdentifier(name)}`);
  }
  if (on !== null && row?.valid !== true) {
    await ask(client, `create index concurrently if not exists ${escapeIdentifier(name)} ${on}`);
  }
}

/** Whether an index can be used; null if there is none. */
const validity = "(select indisvalid from pg_index where indexrelid = to_regclass($1))";

async function isComplete(db: Db): Promise<boolean> {
  const { rows } = await sql<{ name: string; valid: boolean | null }>`
    select name, (select indisvalid from pg_index where indexrelid = to_regclass(name)) as valid
    from unnest(cast(${[...wanted.keys()]} as text[])) as name
  `.execute(db);
  return rows.every(({ name, valid }) => valid === (wanted.get(name) === null ? null : true));
}

async function isLocked(client: Client): Promise<boolean> {
  const [row] = await ask<{ locked: boolean }>(client, "select pg_try_advisory_lock($1) as locked", [
    lockKey,
  ]);
  return row?.locked === true;
}

async function ask<Row extends object>(client: Client, text: string, values: unknown[] = []): Promise<Row[]> {
  return (await translated(() => client.query<Row>({ text, values }))).rows;
}
