import type { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import { type Actor, type AttemptOutcome, type RecipientState, testEmailTemplate } from "../core/model.ts";
import { failureOf } from "../emails/attempt-failure.ts";
import type { Connection, SendResult } from "../smtp/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { Store } from "../store/store.ts";
import { insertEmails, type NewEmail } from "../store/tables/email-inserts.ts";
import { settleEmails } from "../store/tables/email-settlements.ts";
import type { Attempt } from "../store/tables/emails.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { TestEmail } from "./test-email.ts";

/** How the transaction of the test email ended: with the relay's answer, or with an error before any answer. */
export type TestEmailEnding =
  | { readonly kind: "answered"; readonly result: SendResult }
  | { readonly kind: "failed"; readonly error: SendwrightError };

/** A test email whose outcome is known. */
export interface TestEmailResult {
  readonly email: TestEmail;
  readonly ending: TestEmailEnding;
  /** The settings that it was sent with. */
  readonly opened: ResolvedConfig;
  readonly connection: Pick<Connection, "address" | "tls">;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

/** A test email is not retried: a failure that is temporary for other emails is final here. */
const stateOf = {
  sent: "sent",
  temporary: "failed",
  permanent: "failed",
  unknown: "unknown",
  withheld: "withheld",
} as const satisfies Partial<Record<AttemptOutcome, RecipientState>>;

/**
 * Writes a test email to the email log with its final outcome. It is inserted as `sending` and settled in
 * the same transaction, because a delivery worker would send it if it ever saw it waiting.
 * @param config the saved config that was tested
 */
export async function logTestEmail(
  store: Store,
  result: TestEmailResult,
  { config, actor }: { readonly config: SmtpConfig; readonly actor: Actor },
): Promise<void> {
  const { ending, endedAt } = result;
  const stored = storedEmail(result.email, actor);
  const attempt = attemptOf(result, config);
  const state = stateOf[outcomeOf(ending)];
  const { code, enhancedCode, reply } = attempt;
  const settlement = {
    state,
    nextAttemptAt: null,
    attemptCount: 1,
    possibleDuplicate: false,
    captured: attempt.captured,
    sentAt: state === "sent" ? endedAt : null,
    finishedAt: endedAt,
    refusedBy: [],
    recipients: [{ position: 0, state, code, enhancedCode, reply }],
    attempt,
    released: null,
  };
  await store.transact([
    insertEmails(store.db, [stored]),
    settleEmails(store.db, [{ claimed: stored.email, settlement }]),
  ]);
}

function storedEmail(email: TestEmail, actor: Actor): NewEmail {
  const { id, messageId, subject, createdAt, to, stored } = email;
  return {
    email: {
      id,
      state: "sending",
      priority: "normal",
      from: null,
      replyTo: [],
      subject,
      template: testEmailTemplate,
      tags: [],
      messageId,
      caller: actor.id,
      sensitive: false,
      needsSmtpUtf8: stored.needsSmtpUtf8,
      onUnknown: "hold",
      possibleDuplicate: false,
      captured: false,
      attemptCount: 0,
      nextAttemptAt: null,
      expiresAt: createdAt,
      via: null,
      resentFrom: null,
      lease: 1,
      refusedBy: [],
      createdAt,
      sentAt: null,
      finishedAt: null,
    },
    idempotency: null,
    content: stored.content,
    encrypted: false,
    recipients: [{ address: to, role: "to" }],
  };
}

function attemptOf(result: TestEmailResult, config: SmtpConfig): Attempt {
  const { email, ending, opened, connection, endedAt } = result;
  const outcome = outcomeOf(ending);
  const error = ending.kind === "failed" ? ending.error : ending.result.lost;
  const reply = ending.kind === "answered" && error === null ? ending.result.reply : error?.smtp?.reply;
  const seen = { from: opened.fromEmail, recipient: email.to, refusal: null, smtp: error?.smtp };
  return {
    id: newId(email.createdAt),
    at: email.createdAt,
    configId: config.id,
    configName: config.settings.name,
    relayHost: config.settings.smtpServer,
    relayAddress: connection.address,
    tlsVersion: connection.tls?.version ?? null,
    stage: ending.kind === "answered" ? ending.result.stage : (error?.smtp?.stage ?? "message"),
    outcome,
    errorCode: outcome === "unknown" ? "smtp.unknown_outcome" : (error?.code ?? null),
    code: reply?.code ?? null,
    enhancedCode: reply?.enhancedCode ?? null,
    reply: reply?.lines.join("\n") ?? error?.message ?? null,
    durationMs: endedAt - email.createdAt,
    possibleDuplicate: outcome === "unknown",
    captured: outcome === "sent" && ending.kind === "answered" && ending.result.captured === true,
    failure: outcome === "sent" || outcome === "withheld" ? null : failureOf(opened, seen),
    route: null,
  };
}

/** The outcome of the only recipient. */
function outcomeOf(ending: TestEmailEnding): keyof typeof stateOf {
  if (ending.kind === "failed" && ending.error.code === "email.withheld") return "withheld";
  if (ending.kind === "failed") return ending.error.retry === "never" ? "permanent" : "temporary";
  return ending.result.recipients[0]?.outcome ?? "temporary";
}
