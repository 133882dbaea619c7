import { sql } from "kysely";
import { newId } from "../id.ts";
import type { EmailState, RecipientState } from "../model.ts";
import { inChunks } from "./chunks.ts";
import type { Claimed } from "./email-claims.ts";
import { purgeSensitiveContent } from "./email-content.ts";
import type { Attempt, Email } from "./emails.ts";
import type { Db } from "./schema.ts";

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
  /** Null where nothing was tried. */
  readonly attempt: Attempt | null;
}

/** A claimed email and what became of it. */
export interface Settled {
  readonly claimed: Claimed & Pick<Email, "sensitive">;
  readonly settlement: Settlement;
}

/**
 * Writes the outcomes of claims, but for emails that somebody else has claimed since: of these, nothing
 * is written.
 * @returns the ids of those that were written.
 */
export async function settleEmails(db: Db, settled: readonly Settled[]): Promise<ReadonlySet<string>> {
  const written = new Set<string>();
  for (const chunk of inChunks(settled)) {
    for (const id of await writeOutcomes(db, chunk)) written.add(id);
  }
  const ours = settled.filter(({ claimed }) => written.has(claimed.id));
  await writeRecipients(db, ours);
  await insertAttempts(db, ours);
  const final = ours.filter(({ claimed, settlement }) => claimed.sensitive && settlement.finishedAt !== null);
  if (final.length > 0) {
    await purgeSensitiveContent(
      db,
      final.map(({ claimed }) => claimed.id),
    );
  }
  return written;
}

async function writeOutcomes(db: Db, chunk: readonly Settled[]): Promise<string[]> {
  const rows = chunk.map(
    ({ claimed, settlement }) => sql`(
      ${claimed.id}, cast(${claimed.lease} as integer), ${settlement.state},
      cast(${settlement.nextAttemptAt} as bigint), cast(${settlement.attemptCount} as integer),
      cast(${settlement.possibleDuplicate ? 1 : 0} as integer), cast(${settlement.sentAt} as bigint),
      cast(${settlement.finishedAt} as bigint), cast(${settlement.attempt?.configId ?? null} as text)
    )`,
  );
  const written = await sql<{ id: string }>`
    with outcome (email_id, token, new_state, next_at, tries, duplicate, sent, finished, config) as (
      values ${sql.join(rows)}
    )
    update emails set
      state = outcome.new_state, next_attempt_at = outcome.next_at, attempts = outcome.tries,
      possible_duplicate = outcome.duplicate, sent_at = outcome.sent, finished_at = outcome.finished,
      config_id = coalesce(outcome.config, config_id), lease_until = null, body_started_at = null
    from outcome
    where emails.id = outcome.email_id and emails.lease = outcome.token and emails.state = 'sending'
    returning id
  `.execute(db);
  return written.rows.map(({ id }) => id);
}

async function writeRecipients(db: Db, settled: readonly Settled[]): Promise<void> {
  const rows = settled.flatMap(({ claimed, settlement }) =>
    settlement.recipients.map(
      (outcome) => sql`(
        ${claimed.id}, cast(${outcome.position} as integer), ${outcome.state}, cast(${outcome.code} as integer),
        cast(${outcome.enhancedCode} as text), cast(${outcome.reply} as text)
      )`,
    ),
  );
  for (const chunk of inChunks(rows)) {
    await sql`
      with outcome (of_email, at_position, new_state, new_code, new_enhanced_code, new_reply) as (
        values ${sql.join(chunk)}
      )
      update recipients set
        state = outcome.new_state, code = outcome.new_code,
        enhanced_code = outcome.new_enhanced_code, reply = outcome.new_reply
      from outcome
      where recipients.email_id = outcome.of_email and recipients.position = outcome.at_position
    `.execute(db);
  }
}

async function insertAttempts(db: Db, settled: readonly Settled[]): Promise<void> {
  const rows = settled.flatMap(({ claimed, settlement: { attempt } }) =>
    attempt === null
      ? []
      : {
          id: newId(attempt.at),
          email_id: claimed.id,
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
          possible_duplicate: attempt.possibleDuplicate ? (1 as const) : (0 as const),
        },
  );
  for (const chunk of inChunks(rows)) await db.insertInto("attempts").values(chunk).execute();
}
