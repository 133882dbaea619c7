import { type CompiledQuery, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isPostgres } from "../../src/store/dialect.ts";
import type { Db } from "../../src/store/schema.ts";
import { findOldestWaiting } from "../../src/store/tables/email-counts.ts";
import { listEmails } from "../../src/store/tables/email-criteria.ts";
import { listResends } from "../../src/store/tables/email-resends.ts";
import { listFailedAttempts } from "../../src/store/tables/failed-attempts.ts";
import { sampleNow, writeSample } from "../support/sample-rows.ts";
import { databases, type OpenDatabase } from "./databases.ts";

/** The plan of the query that a call makes, as the database describes it. */
async function planOf(db: Db, call: (db: Db) => Promise<unknown>): Promise<string> {
  const executor = db.getExecutor();
  const executeQuery = executor.executeQuery.bind(executor);
  const queries: CompiledQuery[] = [];
  const spy = vi.spyOn(executor, "executeQuery").mockImplementation((query, ...rest) => {
    queries.push(query);
    return executeQuery(query, ...rest);
  });
  await call(db);
  spy.mockRestore();
  const [query] = queries;
  if (query === undefined) throw new Error("The call makes a query.");
  // A sample is so small that PostgreSQL would rather read all of it.
  if (isPostgres(db)) await sql`set local enable_seqscan = off`.execute(db);
  const explain = isPostgres(db) ? "explain " : "explain query plan ";
  const { rows } = await db.executeQuery({ ...query, sql: explain + query.sql });
  return JSON.stringify(rows);
}

describe.each(databases)("what a page reads on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    await start();
    database = await open();
    await writeSample(database.store.db);
  });
  afterAll(async () => {
    await database.dispose();
    await stop();
  });

  it.each([
    ["of a long log, attempts that failed", ["attempts_failed"], (db: Db) => listFailedAttempts(db, 5)],
    [
      "of a long queue, the email that waits longest",
      ["emails_retried", "emails_due"],
      (db: Db) => findOldestWaiting(db, sampleNow),
    ],
    [
      "of a long log, the email that repeats another",
      ["emails_resent"],
      (db: Db) => listResends(db, "id", 9),
    ],
  ] as const)("%s, is found by an index and in its order", async (_, indexes, call) => {
    const plan = await database.store.transaction((db) => planOf(db, call));
    for (const index of indexes) expect(plan).toContain(index);
    expect(plan).not.toMatch(/seq scan|scan (?:emails|attempts)"/i);
  });

  it("of a long log, a span of time, is a range of IDs in its order", async () => {
    const span = { createdFrom: sampleNow - 1, createdBefore: sampleNow };
    const plan = await database.store.transaction((db) =>
      planOf(db, () => listEmails(db, { limit: 50, tag: "a", ...span })),
    );
    expect(plan).toMatch(
      /search emails using index \S+ \(id>\? and id<\?\)|index scan backward using emails_pkey.*index cond: .*id.*>=.*id.*</i,
    );
    expect(plan).not.toMatch(/sort|b-tree/i);
  });
});
