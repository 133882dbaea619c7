import { randomUUID } from "node:crypto";
import pg from "pg";
import { sharedPart } from "./shared-part.ts";

/** A database of one's own on the PostgreSQL that all test files share. */
export interface SharedDatabase {
  readonly url: string;
  /** Ends the connections to it that are still open, and gives it to the next test. */
  giveBack(): Promise<void>;
}

/** Emptied databases. Copying one takes longer than most tests that use it. */
const free: string[] = [];

/**
 * An empty database with the current schema. Tests that stop the server, look at all of it or change the schema
 * start a server of their own with `startPostgres`.
 */
export async function sharedDatabase(): Promise<SharedDatabase> {
  const url = free.pop() ?? (await copyTemplate());
  return {
    url,
    async giveBack() {
      await empty(url);
      free.push(url);
    },
  };
}

async function copyTemplate(): Promise<string> {
  const { url, template } = await sharedPart("postgres");
  const copy = new URL(url);
  copy.pathname = `/test_${randomUUID().replaceAll("-", "")}`;
  await connected(url, (client) =>
    client.query(`create database ${copy.pathname.slice(1)} template ${template}`),
  );
  return copy.href;
}

/** Tables that were never written to take no room. What the migrations note about themselves stays. */
const used = `
  select string_agg(quote_ident(relname), ', ') as tables from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0
    and relname not like 'kysely%'`;

async function empty(url: string): Promise<void> {
  await connected(url, async (client) => {
    await client.query(`
      select pg_terminate_backend(pid, 10000) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
    const { rows } = await client.query<{ tables: string | null }>(used);
    const tables = rows[0]?.tables ?? null;
    if (tables !== null) await client.query(`truncate ${tables} restart identity cascade`);
  });
}

async function connected(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
