import { sql } from "kysely";
import { newId } from "../../core/id.ts";
import type { EmailState, RecipientState } from "../../core/model.ts";
import { inChunks } from "../chunks.ts";
import { rowStatement } from "../row-statement.ts";
import type { Db } from "../schema.ts";
import type { Step } from "../step.ts";
import { namesOf, type ValueColumns, type ValueRow, valueRows } from "../value-rows.ts";
import type { Claimed } from "./email-claims.ts";
import { purgeSensitiveContent } from "./email-content.ts";
import type { Attempt, Email } from "./emails.ts";

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
 * Writes the outcomes of claims, but for emails that somebody else has claimed or freed since: of these,
 * nothing is written.
 * @returns the ids of those that were written.
 */
export function settleEmails(db: Db, settled: readonly Settled[]): Step<ReadonlySet<string>> {
  const before = [
    ...updateRecipients(db, settled.flatMap(recipientRows)),
    ...insertAttempts(db, settled.flatMap(attemptRows)),
  ];
  // The email's own row comes after all that looks at it to see whether the claim still holds.
  const outcomes = updateEmails(db, settled.map(outcomeRow));
  const final = settled.filter(
    ({ claimed, settlement }) => claimed.sensitive && settlement.finishedAt !== null,
  );
  const after = inChunks(final.map(({ claimed }) => claimed.id)).map((ids) => purgeSensitiveContent(db, ids));
  return {
    queries: [...before, ...outcomes, ...after],
    read(results) {
      const written = results.slice(before.length, before.length + outcomes.length);
      return new Set(written.flatMap(({ rows }) => (rows as { id: string }[]).map(({ id }) => id)));
    },
  };
}

/** True while the claim of a row of `outcome` holds. */
const claimHolds = sql`emails.id = outcome.of_email and emails.lease = outcome.token and emails.state = 'sending'`;

const outcomeColumns = {
  of_email: "text",
  token: "integer",
  new_state: "text",
  next_at: "bigint",
  tries: "integer",
  duplicate: "integer",
  sent: "bigint",
  finished: "bigint",
  config: "text",
} as const satisfies ValueColumns;

function outcomeRow({ claimed, settlement }: Settled): ValueRow<typeof outcomeColumns> {
  return {
    of_email: claimed.id,
    token: claimed.lease,
    new_state: settlement.state,
    next_at: settlement.nextAttemptAt,
    tries: settlement.attemptCount,
    duplicate: settlement.possibleDuplicate ? 1 : 0,
    sent: settlement.sentAt,
    finished: settlement.finishedAt,
    config: settlement.attempt?.configId ?? null,
  };
}

const updateEmails = rowStatement(namesOf(outcomeColumns), (db, rows) =>
  sql`
    with outcome ${valueRows(outcomeColumns, rows)}
    update emails set
      state = outcome.new_state, next_attempt_at = outcome.next_at, attempts = outcome.tries,
      possible_duplicate = outcome.duplicate, sent_at = outcome.sent, finished_at = outcome.finished,
      config_id = coalesce(outcome.config, config_id), lease_until = null, body_started_at = null
    from outcome where ${claimHolds}
    returning id
  `.compile(db),
);

const recipientColumns = {
  of_email: "text",
  token: "integer",
  at_position: "integer",
  new_state: "text",
  new_code: "integer",
  new_enhanced_code: "text",
  new_reply: "text",
} as const satisfies ValueColumns;

function recipientRows({ claimed, settlement }: Settled): ValueRow<typeof recipientColumns>[] {
  return settlement.recipients.map((outcome) => ({
    of_email: claimed.id,
    token: claimed.lease,
    at_position: outcome.position,
    new_state: outcome.state,
    new_code: outcome.code,
    new_enhanced_code: outcome.enhancedCode,
    new_reply: outcome.reply,
  }));
}

const updateRecipients = rowStatement(namesOf(recipientColumns), (db, rows) =>
  sql`
    with outcome ${valueRows(recipientColumns, rows)}
    update recipients set
      state = outcome.new_state, code = outcome.new_code,
      enhanced_code = outcome.new_enhanced_code, reply = outcome.new_reply
    from outcome
    where recipients.email_id = outcome.of_email and recipients.position = outcome.at_position
      and exists (select 1 from emails where ${claimHolds})
  `.compile(db),
);

const attemptColumns = {
  attempt_id: "text",
  of_email: "text",
  token: "integer",
  began_at: "bigint",
  of_config: "text",
  config_name: "text",
  relay_host: "text",
  relay_address: "text",
  tls_version: "text",
  stage: "text",
  outcome: "text",
  error_code: "text",
  code: "integer",
  enhanced_code: "text",
  reply: "text",
  duration_ms: "integer",
  duplicate: "integer",
  failure: "text",
} as const satisfies ValueColumns;

function attemptRows({ claimed, settlement }: Settled): ValueRow<typeof attemptColumns>[] {
  const { attempt } = settlement;
  if (attempt === null) return [];
  return [
    {
      attempt_id: newId(attempt.at),
      of_email: claimed.id,
      token: claimed.lease,
      began_at: attempt.at,
      of_config: attempt.configId,
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
      duplicate: attempt.possibleDuplicate ? 1 : 0,
      failure: attempt.failure === null ? null : JSON.stringify(attempt.failure),
    },
  ];
}

const insertAttempts = rowStatement(namesOf(attemptColumns), (db, rows) =>
  sql`
    with outcome ${valueRows(attemptColumns, rows)}
    insert into attempts (
      id, email_id, at, config_id, config_name, relay_host, relay_address, tls_version, stage, outcome,
      error_code, code, enhanced_code, reply, duration_ms, possible_duplicate, failure_json
    )
    select
      attempt_id, of_email, began_at, of_config, config_name, relay_host, relay_address, tls_version, stage, outcome,
      error_code, code, enhanced_code, reply, duration_ms, duplicate, failure
    from outcome join emails on ${claimHolds}
  `.compile(db),
);
