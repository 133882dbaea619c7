import { sql } from "kysely";
import type { EmailState, RecipientState } from "../../core/model.ts";
import { inChunks } from "../chunks.ts";
import { rowStatement } from "../row-statement.ts";
import type { Db } from "../schema.ts";
import type { Step } from "../step.ts";
import { namesOf, type ValueColumns, type ValueRow, valueRows } from "../value-rows.ts";
import { purgeSensitiveContent } from "./email-content.ts";
import type { Claimed } from "./email-leases.ts";
import { type Attempt, type Email, refusedByColumn } from "./emails.ts";
import { type CountedUsage, releaseUsage } from "./smtp-config-usage.ts";

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
  /** As `Email.captured`. */
  readonly captured: boolean;
  readonly sentAt: number | null;
  readonly finishedAt: number | null;
  /** As `Email.refusedBy`. */
  readonly refusedBy: readonly string[];
  readonly recipients: readonly RecipientOutcome[];
  /** Null where nothing was tried. */
  readonly attempt: Attempt | null;
  /** What the claim counted towards the limits of its config, if the relay has accepted nothing; else null. */
  readonly released: CountedUsage | null;
}

/** A claimed email and what became of it. */
export interface Settled {
  readonly claimed: Claimed & Pick<Email, "sensitive">;
  readonly settlement: Settlement;
}

/**
 * Writes the outcomes of claims, but for emails that somebody has claimed or ended since: of these, nothing is
 * written. An outcome may be written again if the answer to the first time was lost: it is there once.
 * @returns the ids of those that are written, now or before.
 */
export function settleEmails(db: Db, settled: readonly Settled[]): Step<ReadonlySet<string>> {
  const released = settled.flatMap(({ claimed, settlement }) =>
    settlement.released === null ? [] : [{ claimed, counted: settlement.released }],
  );
  const before = [
    ...releaseUsage(db, released),
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

/**
 * Writes the outcome of one claim in its smallest form: state, times, counts and the states of the recipients. The
 * words of the relay and the attempt are left out, since one of them may be what the database refuses.
 */
export function settleMinimally(db: Db, settled: Settled): Step<ReadonlySet<string>> {
  const { claimed, settlement } = settled;
  const small: Settled = {
    claimed,
    settlement: {
      ...settlement,
      recipients: settlement.recipients.map(({ position, state }) => {
        return { position, state, code: null, enhancedCode: null, reply: null };
      }),
      attempt: null,
    },
  };
  return settleEmails(db, [small]);
}

/**
 * True while the outcome of a claim may be written. A lease that ran out is freed, as `queued` or `unknown`: until
 * somebody claims the email, which raises its token, the outcome is still worth more. With the state of the
 * outcome itself, it was written before.
 */
const claimHolds = sql`emails.id = outcome.of_email and emails.lease = outcome.token
  and (emails.state in ('sending', 'queued', 'unknown') or emails.state = outcome.email_state)`;

/** What each row of an outcome says of its email. */
const claimColumns = {
  of_email: "text",
  token: "integer",
  email_state: "text",
} as const satisfies ValueColumns;

function claimRow({ claimed, settlement }: Settled): ValueRow<typeof claimColumns> {
  return { of_email: claimed.id, token: claimed.lease, email_state: settlement.state };
}

const outcomeColumns = {
  ...claimColumns,
  next_at: "bigint",
  tries: "integer",
  duplicate: "integer",
  in_sandbox: "integer",
  sent: "bigint",
  finished: "bigint",
  refusals: "text",
  config: "text",
} as const satisfies ValueColumns;

function outcomeRow(settled: Settled): ValueRow<typeof outcomeColumns> {
  const { settlement } = settled;
  return {
    ...claimRow(settled),
    next_at: settlement.nextAttemptAt,
    tries: settlement.attemptCount,
    duplicate: settlement.possibleDuplicate ? 1 : 0,
    in_sandbox: settlement.captured ? 1 : 0,
    sent: settlement.sentAt,
    finished: settlement.finishedAt,
    refusals: refusedByColumn(settlement.refusedBy),
    config: settlement.attempt?.configId ?? null,
  };
}

const updateEmails = rowStatement(namesOf(outcomeColumns), (db, rows) =>
  sql`
    with outcome ${valueRows(outcomeColumns, rows)}
    update emails set
      state = outcome.email_state, next_attempt_at = outcome.next_at, attempts = outcome.tries,
      possible_duplicate = outcome.duplicate, captured = outcome.in_sandbox, sent_at = outcome.sent, finished_at = outcome.finished,
      refused_by = outcome.refusals,
      config_id = coalesce(outcome.config, config_id), lease_until = null, body_started_at = null
    from outcome where ${claimHolds}
    returning id
  `.compile(db),
);

const recipientColumns = {
  ...claimColumns,
  at_position: "integer",
  new_state: "text",
  new_code: "integer",
  new_enhanced_code: "text",
  new_reply: "text",
} as const satisfies ValueColumns;

function recipientRows(settled: Settled): ValueRow<typeof recipientColumns>[] {
  return settled.settlement.recipients.map((outcome) => ({
    ...claimRow(settled),
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
  ...claimColumns,
  attempt_id: "text",
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
  in_sandbox: "integer",
  failure: "text",
  route: "text",
} as const satisfies ValueColumns;

function attemptRows(settled: Settled): ValueRow<typeof attemptColumns>[] {
  const { attempt } = settled.settlement;
  if (attempt === null) return [];
  return [
    {
      ...claimRow(settled),
      attempt_id: attempt.id,
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
      in_sandbox: attempt.captured ? 1 : 0,
      failure: attempt.failure === null ? null : JSON.stringify(attempt.failure),
      route:
        attempt.route === null ? null : JSON.stringify({ ...attempt.route, copy: attempt.copy ?? undefined }),
    },
  ];
}

const insertAttempts = rowStatement(namesOf(attemptColumns), (db, rows) =>
  sql`
    with outcome ${valueRows(attemptColumns, rows)}
    insert into attempts (
      id, email_id, at, config_id, config_name, relay_host, relay_address, tls_version, stage, outcome,
      error_code, code, enhanced_code, reply, duration_ms, possible_duplicate, captured, failure_json, route_json
    )
    select
      attempt_id, of_email, began_at, of_config, config_name, relay_host, relay_address, tls_version, stage, outcome,
      error_code, code, enhanced_code, reply, duration_ms, duplicate, in_sandbox, failure, route
    from outcome join emails on ${claimHolds} where true
    on conflict (id) do nothing
  `.compile(db),
);
