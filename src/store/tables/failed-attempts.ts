import { type SqlBool, sql } from "kysely";
import type { AttemptOutcome, EmailState, Stage } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db } from "../schema.ts";

/** An attempt that did not hand everything over, without whose email it was. */
export interface FailedAttempt {
  readonly at: number;
  readonly configId: string | null;
  readonly relayHost: string | null;
  readonly tlsVersion: string | null;
  readonly stage: Stage | null;
  readonly outcome: AttemptOutcome;
  readonly errorCode: string | null;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
  readonly durationMs: number;
}

/** The latest ones, the newest first. The condition is that of their index, word for word. */
export async function listFailedAttempts(db: Db, limit: number): Promise<FailedAttempt[]> {
  const rows = await db
    .selectFrom("attempts")
    .select(columns.attempts)
    .where(sql<SqlBool>`outcome <> 'sent'`)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    at: row.at,
    configId: row.config_id,
    relayHost: row.relay_host,
    tlsVersion: row.tls_version,
    stage: row.stage,
    outcome: row.outcome,
    errorCode: row.error_code,
    code: row.code,
    enhancedCode: row.enhanced_code,
    reply: row.reply,
    durationMs: row.duration_ms,
  }));
}

/** How many emails are in each state that any is in. The whole log is counted, however long that takes. */
export async function countByState(db: Db): Promise<Partial<Record<EmailState, number>>> {
  const rows = await db
    .selectFrom("emails")
    .select(["state", (eb) => eb.fn.countAll<number>().as("count")])
    .groupBy("state")
    .orderBy("state")
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}
