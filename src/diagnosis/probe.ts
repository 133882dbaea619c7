// Tests an SMTP configuration with the client that also sends, and explains what fails.
// RFC 5321, with RFC 3207 (STARTTLS), RFC 4954 (AUTH) and RFC 8314 (which ports and which TLS).
// It does not send email of the application, retry, or judge the sender's domain: see delivery/ and sender-dns/.
import type { Clock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import type { RecipientGuard } from "../guard/recipient-guard.ts";
import type { Egress } from "../net/egress.ts";
import type { Connection } from "../smtp/connection.ts";
import { classOf, quote } from "../smtp/reply.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import { type Alternative, alternativesFor, type Endpoint } from "./alternatives.ts";
import type { TestReport, TestStage, TestWatcher, TriedAlternative } from "./report.ts";
import { type FailedStage, Stages } from "./stages.ts";
import { composeTestEmail, type TestEmail } from "./test-email.ts";
import type { TestEmailEnding, TestEmailResult } from "./test-email-log.ts";
import { TlsFirst } from "./tls-first.ts";
import { isDisproved, tryAlternatives } from "./try-alternatives.ts";
import { loginWorks, mayTryLogin } from "./try-login.ts";

export interface ProbeOptions extends TestWatcher {
  /** Opens the connection, and says who may get the test email. */
  readonly guard: RecipientGuard;
  readonly egress: Egress;
  readonly clock: Clock;
  /** Adds the access token to a config that signs in with OAuth. */
  readonly withToken?: (target: ResolvedConfig) => Promise<ResolvedConfig>;
  /** The test email is one of these. */
  readonly templates: LoadedTemplates;
  /** The recipient of a real email; null: the test stops before the message. */
  readonly sendTo?: string | null;
  /** The address in RCPT TO if there is no `sendTo`; null: that stage is skipped. */
  readonly recipient?: string | null;
  /** Writes the test email to the log once its outcome is known; resolves with its id there, if it has one. */
  readonly logEmail?: (result: TestEmailResult) => Promise<string | null>;
  /** Cuts the connection; the probe then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** The failed stage with more detail than the report has. */
  readonly onFailed?: (failed: FailedStage) => void;
  /** The alternatives, before they are tried. */
  readonly onAlternativesFound?: (alternatives: readonly Alternative[]) => void;
  /** Whether LOGIN works, if it was tried after PLAIN had been refused. */
  readonly onLoginTried?: (works: boolean) => void;
  /** Tries alternatives when the configured endpoint fails, since a person waits for the report. Default: true. */
  readonly triesAlternatives?: boolean;
  readonly timeouts?: Partial<Timeouts>;
  /** The endpoints that are tried when the configured one fails; the usual ones by default. */
  readonly usualEndpoints?: readonly Endpoint[];
}

/** Shorter than in delivery, because a person waits for the test. `overallMs` limits the whole test. */
const probeTimeouts: Timeouts = {
  connectMs: 10_000,
  tlsMs: 15_000,
  greetingMs: 15_000,
  commandMs: 15_000,
  dataMs: 15_000,
  blockMs: 15_000,
  finalDotMs: 30_000,
  overallMs: 45_000,
};

/**
 * Tests a config with the client that also sends: up to the sender and the recipient, then RSET; with
 * `sendTo` to the end. If it fails before the sign-in, alternatives are tried without credentials. A
 * refusal is reported, not thrown.
 * @throws the reason of `signal`; SendwrightError `input.invalid` for input that no relay has seen.
 */
export async function probe(config: ResolvedConfig, options: ProbeOptions): Promise<TestReport> {
  const { clock, guard, sendTo = null } = options;
  const recipient = guard.testRecipient(sendTo ?? options.recipient ?? null);
  const timeouts = { ...probeTimeouts, ...options.timeouts };
  const deadline = new AbortController();
  const common = { recipient, clock, deadline: deadline.signal, watcher: options };
  let target = config;
  try {
    target = (await options.withToken?.(config)) ?? config;
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    const stages = new Stages({ ...common, target });
    stages.stage({ stage: "auth", status: "failed", error });
    notifyFailed(stages, options);
    return { ...stages.report(), corrections: [] };
  }
  const { egress, signal } = options;
  const ended = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  const isAwaited = options.triesAlternatives !== false;
  const tlsFirst = new TlsFirst(target, { egress, clock, ended, isAwaited });
  const stages = new Stages({ ...common, target, tlsFirst: tlsFirst.found });
  const endDeadline = clock.after(timeouts.overallMs, () => deadline.abort());
  try {
    await converse(
      target,
      recipient,
      { ...options, timeouts },
      { stages, tlsFirst, deadline: deadline.signal },
    );
    notifyFailed(stages, options);
    if (!isAwaited) return { ...stages.report(), corrections: [] };
    await loginTried(target, { ...options, timeouts }, stages, ended);
    const tried = await alternativesTried(target, options, stages, deadline.signal);
    return { ...stages.report(), corrections: tried };
  } finally {
    endDeadline();
    tlsFirst.close();
  }
}

function notifyFailed({ failed }: Stages, { onFailed }: ProbeOptions): void {
  if (failed !== null) onFailed?.(failed);
}

interface Conversing {
  readonly stages: Stages;
  readonly tlsFirst: TlsFirst;
  readonly deadline: AbortSignal;
}

async function converse(
  target: ResolvedConfig,
  recipient: string | null,
  { guard, egress, clock, templates, signal, timeouts, sendTo = null, logEmail }: ProbeOptions,
  { stages, tlsFirst, deadline }: Conversing,
): Promise<void> {
  try {
    const given = signal === undefined ? [] : [signal];
    const connection = await guard.connect({
      relay: target.relay,
      credentials: target.credentials,
      allowCleartextAuth: target.allowCleartextAuth,
      egress,
      clock,
      ...(timeouts === undefined ? {} : { timeouts }),
      signal: AbortSignal.any([...given, deadline, tlsFirst.found]),
      observer: {
        stage: (event) => {
          stages.stage(event);
          tlsFirst.stage(event);
        },
        transcript: (line) => stages.transcript(line),
      },
    });
    try {
      await envelope(connection, target, recipient, stages);
      if (sendTo !== null) {
        await stages.run("message", async (own) => {
          const email = composeTestEmail(target, { to: sendTo, templates, connection, now: clock.now() });
          const ending = await handOver(connection, target.fromEmail, email, deadline);
          const endedAt = clock.now();
          const emailId = await logEmail?.({ email, ending, opened: target, connection, endedAt });
          if (emailId != null) own.emailId = emailId;
          return acceptanceOf(email, ending);
        });
      }
    } finally {
      // The report does not wait for the reply to QUIT.
      void connection.quit();
    }
  } catch (error) {
    signal?.throwIfAborted();
    // An error that a stage has reported is part of the report.
    if (!isSendwrightError(error) || stages.failed === null) throw error;
  }
}

/** Tries LOGIN if PLAIN was refused in words that leave open whether the password is right. */
async function loginTried(
  target: ResolvedConfig,
  { egress, clock, timeouts, signal, onLoginTried }: ProbeOptions & { readonly timeouts: Timeouts },
  stages: Stages,
  ended: AbortSignal,
): Promise<void> {
  const { failed } = stages;
  if (failed === null || !mayTryLogin(target, failed)) return;
  const works = await loginWorks(target, { egress, clock, timeouts, signal: ended });
  signal?.throwIfAborted();
  onLoginTried?.(works);
  if (works) stages.loginWorked();
}

/** Tries the alternatives to a failed endpoint, and takes back a fix that they disprove. */
async function alternativesTried(
  target: ResolvedConfig,
  { egress, clock, signal, onAlternativesFound, onAlternativeTried, usualEndpoints }: ProbeOptions,
  stages: Stages,
  deadline: AbortSignal,
): Promise<readonly TriedAlternative[]> {
  const { failed } = stages;
  const alternatives = failed === null ? [] : alternativesFor(target, failed, usualEndpoints);
  if (alternatives.length === 0) return [];
  onAlternativesFound?.(alternatives);
  const results = await tryAlternatives(target, alternatives, {
    egress,
    clock,
    signal,
    deadline,
    onTried: onAlternativeTried,
    ...(failed?.stage === "tls" ? { patienceMs: impatientMs } : {}),
  });
  // When the whole test has run out of time, the results disprove nothing.
  const seen = { relay: target.relay, spoken: failed?.spoken ?? null };
  if (!deadline.aborted) stages.reconsider((fix) => isDisproved(fix, seen, results));
  return results.map(({ alternative }) => alternative);
}

/** The server was found, and TLS with it failed: other ports will hardly help, and a person waits. */
const impatientMs = 2_000;

/** Tests the sender and the recipient, each in its own stage; RSET then ends the transaction without a message. */
async function envelope(
  connection: Connection,
  { fromEmail }: ResolvedConfig,
  recipient: string | null,
  stages: Stages,
): Promise<void> {
  await stages.run("sender", async () => {
    const reply = accepted("sender", await connection.sender(fromEmail, recipient ?? undefined));
    if (recipient === null) await connection.reset();
    return { from: fromEmail, reply };
  });
  if (recipient === null) return;
  await stages.run("recipient", async () => {
    const reply = accepted("recipient", await connection.recipient(recipient));
    await connection.reset();
    return { to: recipient, reply };
  });
}

/** Sends the test email. A failure of the relay or the connection is returned. @throws any other error */
async function handOver(
  connection: Connection,
  from: string,
  { to, content, needsSmtpUtf8 }: TestEmail,
  deadline: AbortSignal,
): Promise<TestEmailEnding> {
  try {
    return { kind: "answered", result: await connection.send({ from, to: [to], content, needsSmtpUtf8 }) };
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    const isLate = deadline.aborted && error.smtp?.systemCode === "ABORT_ERR";
    return { kind: "failed", error: isLate ? outOfTime(error) : error };
  }
}

/** The deadline cut the connection, because the relay was silent: for the reader this is a timeout. */
function outOfTime(error: SendwrightError): SendwrightError {
  return new SendwrightError("smtp.timeout", "The test timed out.", {
    cause: error,
    smtp: { stage: "message", ...error.smtp, systemCode: "ETIMEDOUT" },
  });
}

/** The evidence of an accepted email. @throws SendwrightError if it was refused, or its outcome is unknown. */
function acceptanceOf(
  { to, messageId }: TestEmail,
  ending: TestEmailEnding,
): Readonly<Record<string, string>> {
  if (ending.kind === "failed") throw ending.error;
  const { recipients, stage, reply } = ending.result;
  if (recipients[0]?.outcome === "unknown") {
    throw new SendwrightError("smtp.unknown_outcome", "The reply to the test email was lost.", {
      smtp: { stage: "message" },
    });
  }
  if (reply === null) throw new TypeError("A transaction ended without a reply and without an error.");
  return { to, messageId, reply: accepted(stage, reply) };
}

/** The reply as one line. @throws SendwrightError `smtp.rejected` */
function accepted(stage: TestStage["stage"], reply: SmtpReply): string {
  if (classOf(reply) === 2) return quote(reply);
  throw new SendwrightError("smtp.rejected", `The SMTP server replied ${reply.code}.`, {
    smtp: { stage, reply },
  });
}
