import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Db } from "../../src/store/schema.ts";
import { writeSample } from "../support/sample-rows.ts";
import { databases, type OpenDatabase } from "./databases.ts";
import { calls, engine, withoutDatabase } from "./store-calls.ts";

const folder = fileURLToPath(new URL("../../src/store/", import.meta.url));

/** The modules of the store's tables, wherever in its folder they lie. */
const modules = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (path) => /\.ts$/.test(path) && !/\.test\.ts$|^(?:migrations|sqlite)\b/.test(path),
);

/** The functions that they export, as `smtp-configs.listSmtpConfigs`. */
const exported: string[] = [];
for (const path of modules) {
  const name = basename(path, ".ts");
  if (engine.has(name)) continue;
  const module: Readonly<Record<string, unknown>> = await import(join(folder, path));
  for (const [key, value] of Object.entries(module)) {
    if (typeof value === "function") exported.push(`${name}.${key}`);
  }
}

const tables = [
  ...["smtp_config", "smtp_config_versions", "oauth_grants", "encryption_key", "emails", "email_content"],
  ...["recipients", "attempts", "settings", "templates", "template_versions", "audit_log", "api_keys"],
  ...["nodes", "config_checks", "alerts", "webhook_deliveries", "users"],
] as const;

/** What a call gave, and what every table holds after it. */
interface Outcome {
  readonly result: unknown;
  readonly rows: Readonly<Record<string, readonly string[]>>;
}

class Undone extends Error {}

/** The texts of the statements that were run, with the call that ran them. */
const statements = new Map<string, string>();

async function noted(db: Db, name: string, call: (db: Db) => Promise<unknown>): Promise<unknown> {
  const executor = db.getExecutor();
  const executeQuery = executor.executeQuery.bind(executor);
  const spy = vi.spyOn(executor, "executeQuery").mockImplementation((query, ...rest) => {
    statements.set(query.sql, name);
    return executeQuery(query, ...rest);
  });
  try {
    return await call(db);
  } finally {
    spy.mockRestore();
  }
}

/** Runs a call on the sample and leaves the sample as it was. */
async function outcomeOf({ store }: OpenDatabase, name: string): Promise<Outcome> {
  const call = calls[name];
  if (call === undefined) throw new Error(`no call of ${name}`);
  let outcome: Outcome | undefined;
  const work = store.transaction(async (db) => {
    const result = comparable(await noted(db, name, call));
    outcome = { result, rows: await dump(db) };
    throw new Undone();
  });
  await expect(work).rejects.toBeInstanceOf(Undone);
  if (outcome === undefined) throw new Error(`${name} gave nothing`);
  return outcome;
}

async function dump(db: Db): Promise<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = {};
  for (const table of tables) {
    const rows = await db
      .selectFrom(table as "emails")
      .selectAll()
      .execute();
    all[table] = rows.map((row) => JSON.stringify(comparable(withoutClock(row)))).sort();
  }
  return all;
}

/** Leases go by the clock of PostgreSQL, where there is one: that there is a time is what can be compared. */
function withoutClock(row: { lease_until?: number | null }) {
  return typeof row.lease_until === "number" ? { ...row, lease_until: "a time" } : row;
}

/** The part of an id that is drawn by lot: the rest is its time. */
const lot = /\b([0-9a-f]{8}-[0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/**
 * A value with its types: numbers, texts and big integers stay what they are, bytes become hex (the promise
 * is a Uint8Array, which a Buffer is), maps and sets their entries. Ids lose what is drawn by lot.
 */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (value instanceof Map) return { map: [...value].map(comparable) };
  if (value instanceof Set) return { set: [...value].map(comparable).sort() };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "string") return value.replace(lot, "$1");
  if (typeof value !== "object" || value === null) return value;
  expect(Object.getPrototypeOf(value), "a plain object").toBe(Object.prototype);
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, comparable(of)]));
}

const advice = `of src/store has no entry in test/conformance/store-calls.ts. Add one to \`calls\` that runs it with
every kind of argument that changes its SQL, or name it in \`withoutDatabase\` if it asks no database.`;

describe("the calls of the suite", () => {
  it("are of every exported function of the store's tables", () => {
    expect(exported.length).toBeGreaterThan(90);
    const known = new Set([...Object.keys(calls), ...withoutDatabase]);
    for (const name of exported) expect(known.has(name), `${name} ${advice}`).toBe(true);
    expect([...known].filter((name) => !exported.includes(name))).toEqual([]);
  });
});

describe("every query of the store", () => {
  const opened: OpenDatabase[] = [];
  beforeAll(async () => {
    for (const { start, open } of databases) {
      await start();
      const database = await open();
      opened.push(database);
      await writeSample(database.store.db);
    }
  });
  afterAll(async () => {
    for (const database of opened) await database.dispose();
    for (const { stop } of databases) await stop();
  });

  it("finds the same sample on each database", async () => {
    const [first, ...others] = await Promise.all(opened.map(({ store }) => dump(store.db)));
    expect(Object.entries(first ?? {}).filter(([, rows]) => rows.length === 0)).toEqual([]);
    for (const other of others) expect(other).toStrictEqual(first);
  });

  it.each(Object.keys(calls))("%s gives and leaves the same on each database", async (name) => {
    const [first, ...others] = await Promise.all(opened.map((database) => outcomeOf(database, name)));
    expect(others).toHaveLength(databases.length - 1);
    for (const other of others) expect(other).toStrictEqual(first);
  });

  it("names its columns, so that it means the same beside a newer schema", () => {
    expect(statements.size).toBeGreaterThan(150);
    const everything = [...statements].filter(([text]) => /(?:select|returning|,|\.)\s*\*/i.test(text));
    expect(everything).toEqual([]);
  });
});
