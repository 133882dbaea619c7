import { createLog, type Log } from "../src/core/log.ts";
import { Metrics } from "../src/core/metrics.ts";
import { generateKey } from "../src/secret/fernet.ts";
import type { Secrets } from "../src/secret/secrets.ts";
import { unlock } from "../src/secret/unlock.ts";
import { openSqliteStore } from "../src/store/store.ts";
import { LoadedTemplates } from "../src/templates/engine/templates.ts";
import { FaultyDatabase } from "./database/server.ts";
import { startsAt } from "./world/node-clock.ts";

/** What is made once for all simulations of a process, because making it costs more than a scenario. */
export interface Installation {
  readonly database: FaultyDatabase;
  readonly secrets: Secrets;
  /** Of a node whose secret does not fit. */
  readonly foreignSecrets: Secrets;
  readonly templates: LoadedTemplates;
  readonly metrics: Metrics;
  readonly log: Log;
}

export async function install(): Promise<Installation> {
  const clock = { now: () => startsAt, monotonic: () => 0, after: () => () => {} };
  const secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  const { newKey } = secrets;
  const rows = newKey === null ? [] : [newKey];
  secrets.newKeyStored();
  return {
    database: await migratedDatabase(),
    secrets,
    foreignSecrets: await unlock({ rows, primary: generateKey(), previous: [], clock }),
    templates: new LoadedTemplates(),
    metrics: new Metrics(),
    log: createLog("silent"),
  };
}

/** The schema as the migrations leave it, copied from a database that they have made. */
async function migratedDatabase(): Promise<FaultyDatabase> {
  const store = await openSqliteStore(":memory:");
  const database = new FaultyDatabase();
  const made = await store.db
    .selectFrom("sqlite_master" as never)
    .select(["sql" as never])
    .execute();
  for (const { sql } of made as { sql: string | null }[]) {
    if (sql !== null) database.execute({ sql, parameters: [] });
  }
  await store.close();
  return database;
}
