import { sql } from "kysely";
import { newId } from "../id.ts";
import type { EmailState, RecipientState } from "../model.ts";
import { type Attempt, type Email, emailFromRow } from "./emails.ts";
import type { Db } from "./schema.ts";

/**
 * Takes emails that are due, the most urgent first, for `leaseUntil`. Each claim raises the email's
 * fencing token `lease`; only its holder may settle.
 */
export async function claimEmails(
  db: Db,
  claim: { now: number; leaseUntil: number; limit: number },
): Promise<Email[]> {
  const rows = await db
    .updateTable("emails")
    .set((eb) => ({ state: "sending", lease: eb("lease", "+", 1), lease_until: claim.leaseUntil }))
    .where("id", "in", (eb) =>
      eb
        .selectFrom("emails")
        .select("id")
        .where("state", "=", "queued")
        .where("next_attempt_at", "<=", claim.now)
        .orderBy("priority")
        .orderBy("next_attempt_at")
        .limit(claim.limit),
    )
    .returningAll()
    .execute();
  return rows.map(emailFromRow).sort((a, b) => (a.nextAttemptAt ?? 0) - (b.nextAttemptAt ?? 0));
}

export interface RecipientOutcome {
  readonly position: number;
  readonly state: RecipientState;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
}

/** The end of a claim: what became of the email. */
export interface Settlement {
  readonly state: EmailState;
  /** When to try next; null unless the state is `queued`. */
  readonly nextAttemptAt: number | null;
  /** Tries that count towards the schedule. */
  readonly attemptCount: number;
  readonly possibleDuplicate: boolean;
  readonly sentAt: number | null;
  readonly finishedAt: number | null;
  readonly recipients: readonly RecipientOutcome[];
  readonly attempt: Attempt | null;
}

/**
 * Writes the outcome of a claim, unless somebody else has claimed the email since.
 * @returns false if the lease was lost; then nothing is written.
 */
export async function settleEmail(
  db: Db,
  claimed: Pick<Email, "id" | "lease">,
  settlement: Settlement,
): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set({
      state: settlement.state,
      next_attempt_at: settlement.nextAttemptAt,
      attempts: settlement.attemptCount,
      possible_duplicate: settlement.possibleDuplicate ? 1 : 0,
      sent_at: settlement.sentAt,
      finished_at: settlement.finishedAt,
      lease_until: null,
      body_started_at: null,
      ...(settlement.attempt === null ? {} : { config_id: settlement.attempt.configId }),
    })
    .where("id", "=", claimed.id)
    .where("lease", "=", claimed.lease)
    .where("state", "=", "sending")
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  for (const outcome of settlement.recipients) {
    await db
      .updateTable("recipients")
      .set({
        state: outcome.state,
        code: outcome.code,
        enhanced_code: outcome.enhancedCode,
        reply: outcome.reply,
      })
      .where("email_id", "=", claimed.id)
      .where("position", "=", outcome.position)
      .execute();
  }
  if (settlement.attempt !== null) await insertAttempt(db, claimed.id, settlement.attempt);
  if (settlement.finishedAt !== null) await purgeSensitiveContent(db, [claimed.id]);
  return true;
}

async function insertAttempt(db: Db, emailId: string, attempt: Attempt): Promise<void> {
  await db
    .insertInto("attempts")
    .values({
      id: newId(attempt.at),
      email_id: emailId,
      at: attempt.at,
      config_id: attempt.configId,
      config_name: attempt.configName,
      relay_host: attempt.relayHost,
      relay_address: attempt.relayAddress,
      tls_version: attempt.tlsVersion,
      stage: attempt.stage,
      outcome: attempt.outcome,
      error_code: attempt.errorCode,
      code: attempt.code,
      enhanced_code: attempt.enhancedCode,
      reply: attempt.reply,
      duration_ms: attempt.durationMs,
      possible_duplicate: attempt.possibleDuplicate ? 1 : 0,
    })
    .execute();
}

/** Notes, before the first byte of the body, that from here on a lost answer leaves the outcome unknown. */
export async function markBodyStarted(
  db: Db,
  claimed: Pick<Email, "id" | "lease">,
  at: number,
): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set({ body_started_at: at })
    .where("id", "=", claimed.id)
    .where("lease", "=", claimed.lease)
    .where("state", "=", "sending")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Frees emails whose sender is gone: leases that ran out before `now`, or all of them where this
 * process is the only one (`now` infinite). An email under `onUnknown: hold` whose body had begun
 * is not sent again: its outcome is unknown. Any other may be a duplicate when tried again.
 * @returns how many were freed.
 */
export async function releaseLeases(db: Db, now: number, finishedAt: number): Promise<number> {
  const lost = db
    .updateTable("emails")
    .where("state", "=", "sending")
    .where("lease_until", "<=", Math.min(now, Number.MAX_SAFE_INTEGER));
  const held = await lost
    .set({ state: "unknown", next_attempt_at: null, lease_until: null, finished_at: finishedAt })
    .where("on_unknown", "=", "hold")
    .where("body_started_at", "is not", null)
    .returning("id")
    .execute();
  if (held.length > 0) {
    const ids = held.map((row) => row.id);
    await db
      .updateTable("recipients")
      .set({ state: "unknown" })
      .where("state", "=", "queued")
      .where("email_id", "in", ids)
      .execute();
    await purgeSensitiveContent(db, ids);
  }
  const freed = await lost
    .set((eb) => ({
      state: "queued" as const,
      lease_until: null,
      next_attempt_at: finishedAt,
      body_started_at: null,
      // Of emails that keep no mark before their body, any interrupted one may have got through.
      possible_duplicate: eb
        .case()
        .when("on_unknown", "=", "hold")
        .then(eb.ref("possible_duplicate"))
        .else(1 as const)
        .end(),
    }))
    .executeTakeFirst();
  return held.length + Number(freed.numUpdatedRows);
}

/** Ends queued emails whose time is over. @returns their ids. */
export async function expireEmails(db: Db, now: number, limit: number): Promise<string[]> {
  const due = await db
    .selectFrom("emails")
    .select("id")
    .where("state", "=", "queued")
    .where("expires_at", "<=", now)
    .limit(limit)
    .execute();
  for (const { id } of due) await endQueued(db, id, "expired", now);
  return due.map((row) => row.id);
}

/**
 * Ends a queued email: its open recipients get the state, and the email too, or `partial` where a
 * recipient has the message already.
 * @returns false if the email was not queued.
 */
export async function endQueued(
  db: Db,
  id: string,
  state: "expired" | "cancelled",
  now: number,
): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set((eb) => ({
      state: eb
        .case()
        .when(
          eb.exists(
            eb
              .selectFrom("recipients")
              .select("position")
              .where("email_id", "=", id)
              .where("state", "=", "sent"),
          ),
        )
        .then(sql.lit("partial" as const))
        .else(sql.lit(state))
        .end(),
      next_attempt_at: null,
      finished_at: now,
    }))
    .where("id", "=", id)
    .where("state", "=", "queued")
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  await db
    .updateTable("recipients")
    .set({ state })
    .where("email_id", "=", id)
    .where("state", "=", "queued")
    .execute();
  await purgeSensitiveContent(db, [id]);
  return true;
}

/** What is sensitive is kept no longer than it is needed: called when emails become final. */
async function purgeSensitiveContent(db: Db, ids: readonly string[]): Promise<void> {
  await db
    .deleteFrom("email_content")
    .where("email_id", "in", (eb) =>
      eb
        .selectFrom("emails")
        .select("id")
        .where("id", "in", [...ids])
        .where("sensitive", "=", 1),
    )
    .execute();
}

/**
 * Queues an email again whose recipients ended otherwise than `sent`.
 * @returns false if it is not in a state to be tried again.
 */
export async function requeueEmail(db: Db, id: string, now: number, expiresAt: number): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set((eb) => ({
      state: "queued" as const,
      next_attempt_at: now,
      attempts: 0,
      finished_at: null,
      expires_at: expiresAt,
      possible_duplicate: eb
        .case()
        .when("state", "=", "unknown")
        .then(1 as const)
        .else(eb.ref("possible_duplicate"))
        .end(),
    }))
    .where("id", "=", id)
    .where("state", "in", ["queued", "failed", "partial", "expired", "cancelled", "unknown"])
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  await db
    .updateTable("recipients")
    .set({ state: "queued" })
    .where("email_id", "=", id)
    .where("state", "!=", "sent")
    .execute();
  return true;
}

/** When the next queued email is due, or null if none waits. */
export async function nextDueAt(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom("emails")
    .select((eb) => eb.fn.min("next_attempt_at").as("at"))
    .where("state", "=", "queued")
    .executeTakeFirst();
  return row?.at ?? null;
}
