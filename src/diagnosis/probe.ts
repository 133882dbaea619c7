import type { Clock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import type { Egress } from "../net/egress.ts";
import { type Connection, connect } from "../smtp/connection.ts";
import { classOf, quote } from "../smtp/reply.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { OpenedConfig } from "../smtp-configs/open.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import { type Candidate, candidatesFor, type Way } from "./alternatives.ts";
import type { Correction, TestProgress, TestReport, TestStage } from "./report.ts";
import { type FailedStage, Stages } from "./stages.ts";
import { composeTestEmail, type TestEmail } from "./test-email.ts";
import type { TestEmailEnding, TriedTestEmail } from "./test-email-log.ts";
import { correct, isRefuted } from "./try-alternatives.ts";

export interface ProbeOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** Gets what the sign-in still needs: the access token of a config that signs in with OAuth. */
  readonly withToken?: (target: OpenedConfig) => Promise<OpenedConfig>;
  /** What the real email says is one of these. */
  readonly templates: LoadedTemplates;
  /** Gets a real email at the end; null: the test stops before the message. */
  readonly sendTo?: string | null;
  /** Whom RCPT TO names where there is no `sendTo`; null: that stage is skipped. */
  readonly recipient?: string | null;
  /** Writes the test email to the log once its outcome is known; resolves with its id there, if it has one. */
  readonly keep?: ((tried: TriedTestEmail) => Promise<string | null>) | undefined;
  /** Cuts the connection; the probe then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Each stage as it begins, and what it finds before its end. */
  readonly onProgress?: ((progress: TestProgress) => void) | undefined;
  /** Each stage as it ends. After STARTTLS, `ehlo` comes a second time: the later one counts. */
  readonly onStage?: ((stage: TestStage) => void) | undefined;
  /** What the failure was, for whoever asks more than the report says. */
  readonly onFailed?: ((failed: FailedStage) => void) | undefined;
  /** Looks for other ways to the same server where this one fails. Default: true. */
  readonly seeksOthers?: boolean;
  /** Before other ways are tried: which. */
  readonly onTry?: ((candidates: readonly Candidate[]) => void) | undefined;
  /** Each of them as it ends. */
  readonly onCorrection?: ((correction: Correction) => void) | undefined;
  readonly timeouts?: Partial<Timeouts>;
  /** The ports that are tried where the configured one fails; the usual ones by default. */
  readonly usualWays?: readonly Way[];
}

/** Somebody is waiting in front of the page: shorter than in delivery. `overallMs` is for all together. */
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
 * Tries a config out with the client that also sends: as far as the sender and the recipient, then
 * RSET; with `sendTo` to the end. Where it fails before the sign-in, other ways to the server are tried,
 * without credentials. A refusal is a report, not an error.
 * @throws the reason of `signal`; SendwrightError `input.invalid` for what no relay ever saw.
 */
export async function probe(config: OpenedConfig, options: ProbeOptions): Promise<TestReport> {
  const { clock, onProgress, onStage, sendTo = null } = options;
  const recipient = sendTo ?? options.recipient ?? null;
  const timeouts = { ...probeTimeouts, ...options.timeouts };
  const deadline = new AbortController();
  const watch = { recipient, clock, deadline: deadline.signal, onProgress, onStage };
  let target = config;
  try {
    target = (await options.withToken?.(config)) ?? config;
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    const stages = new Stages({ target, ...watch });
    stages.stage({ stage: "auth", status: "failed", error });
    tell(stages, options);
    return { ...stages.report(), corrections: [] };
  }
  const stages = new Stages({ target, ...watch });
  const endDeadline = clock.after(timeouts.overallMs, () => deadline.abort());
  try {
    await converse(target, recipient, { ...options, timeouts }, stages, deadline.signal);
    tell(stages, options);
    if (options.seeksOthers === false) return { ...stages.report(), corrections: [] };
    const corrections = await corrected(target, options, stages, deadline.signal);
    return { ...stages.report(), corrections };
  } finally {
    endDeadline();
  }
}

function tell({ failed }: Stages, { onFailed }: ProbeOptions): void {
  if (failed !== null) onFailed?.(failed);
}

async function converse(
  target: OpenedConfig,
  recipient: string | null,
  { egress, clock, templates, signal, timeouts, sendTo = null, keep = async () => null }: ProbeOptions,
  stages: Stages,
  deadline: AbortSignal,
): Promise<void> {
  try {
    const connection = await connect({
      relay: target.relay,
      credentials: target.credentials,
      allowCleartextAuth: target.allowCleartextAuth,
      egress,
      clock,
      ...(timeouts === undefined ? {} : { timeouts }),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      observer: stages,
    });
    try {
      await envelope(connection, target, recipient, stages);
      if (sendTo !== null) {
        await stages.run("message", async (own) => {
          const email = composeTestEmail(target, { to: sendTo, templates, connection, now: clock.now() });
          const ending = await handOver(connection, target.fromEmail, email, deadline);
          const tried = { email, ending, opened: target, connection, endedAt: clock.now() };
          const emailId = await keep(tried);
          if (emailId !== null) own.emailId = emailId;
          return taken(email, ending);
        });
      }
    } finally {
      // Nobody waits for the goodbye.
      void connection.quit();
    }
  } catch (error) {
    signal?.throwIfAborted();
    // What a stage has reported is no surprise any more.
    if (!isSendwrightError(error) || stages.failed === null) throw error;
  }
}

/** Looks for what works instead. A fix that was tried and does not help is not offered. */
async function corrected(
  target: OpenedConfig,
  { egress, clock, signal, onTry, onCorrection, usualWays }: ProbeOptions,
  stages: Stages,
  deadline: AbortSignal,
): Promise<readonly Correction[]> {
  const { failed } = stages;
  const candidates = failed === null ? [] : candidatesFor(target, failed, usualWays);
  if (candidates.length === 0) return [];
  onTry?.(candidates);
  const tried = await correct(target, candidates, { egress, clock, signal, deadline, onCorrection });
  // Where time ran out for the whole test, nothing was shown.
  if (!deadline.aborted) stages.reconsider((fix) => isRefuted(fix, target.relay, tried));
  return tried.map(({ correction }) => correction);
}

/** The sender and the recipient, each alone; then RSET, so that no message follows. */
async function envelope(
  connection: Connection,
  { fromEmail }: OpenedConfig,
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

/** Sends it. What the relay or the way to it did is an ending, not an error. @throws what is neither */
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

/** Cut off from here, but for the relay's silence. */
function outOfTime(error: SendwrightError): SendwrightError {
  return new SendwrightError("smtp.timeout", "The test took too long altogether.", {
    cause: error,
    smtp: { stage: "message", ...error.smtp, systemCode: "ETIMEDOUT" },
  });
}

/** What the relay said as it took the email. @throws SendwrightError if it did not, or if nobody can know. */
function taken({ to, messageId }: TestEmail, ending: TestEmailEnding): Readonly<Record<string, string>> {
  if (ending.kind === "failed") throw ending.error;
  const { recipients, stage, reply } = ending.result;
  if (recipients[0]?.outcome === "unknown") {
    throw new SendwrightError("smtp.unknown_outcome", "The answer to the test email was lost.", {
      smtp: { stage: "message" },
    });
  }
  if (reply === null) throw new TypeError("A transaction ended without a reply and without an error.");
  return { to, messageId, reply: accepted(stage, reply) };
}

/** The reply as one line. @throws SendwrightError `smtp.rejected` */
function accepted(stage: TestStage["stage"], reply: SmtpReply): string {
  if (classOf(reply) === 2) return quote(reply);
  throw new SendwrightError("smtp.rejected", `The relay answered ${reply.code}.`, { smtp: { stage, reply } });
}
