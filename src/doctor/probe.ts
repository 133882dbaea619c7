import type { Clock } from "../clock.ts";
import type { OpenedConfig } from "../config/open.ts";
import { isPosthornError, PosthornError } from "../errors.ts";
import type { SmtpReply } from "../model.ts";
import { type Connection, connect } from "../smtp/connection.ts";
import type { Egress } from "../smtp/egress.ts";
import { classOf, quote } from "../smtp/reply.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { TestReport, TestStage } from "./report.ts";
import { Stages } from "./stages.ts";
import { composeTestEmail } from "./test-email.ts";

export interface ProbeOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** Gets what the sign-in still needs: the access token of a config that signs in with OAuth. */
  readonly withToken?: (target: OpenedConfig) => Promise<OpenedConfig>;
  /** Gets a real email at the end; null: the test stops before the message. */
  readonly sendTo?: string | null;
  /** Whom RCPT TO names where there is no `sendTo`; null: that stage is skipped. */
  readonly recipient?: string | null;
  /** Cuts the connection; the probe then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Each stage as it ends. After STARTTLS, `ehlo` comes a second time: the later one counts. */
  readonly onStage?: ((stage: TestStage) => void) | undefined;
  readonly timeouts?: Partial<Timeouts>;
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
 * RSET; with `sendTo` to the end. A refusal is a report, not an error.
 * @throws the reason of `signal`; PosthornError `input.invalid` for what no relay ever saw.
 */
export async function probe(config: OpenedConfig, options: ProbeOptions): Promise<TestReport> {
  const { egress, clock, signal, onStage, sendTo = null } = options;
  const recipient = sendTo ?? options.recipient ?? null;
  const timeouts = { ...probeTimeouts, ...options.timeouts };
  const deadline = new AbortController();
  const watch = { recipient, clock, deadline: deadline.signal, onStage };
  let target = config;
  try {
    target = (await options.withToken?.(config)) ?? config;
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    const stages = new Stages({ target, ...watch });
    stages.stage({ stage: "auth", status: "failed", error });
    return stages.report();
  }
  const stages = new Stages({ target, ...watch });
  const endDeadline = clock.after(timeouts.overallMs, () => deadline.abort());
  try {
    const connection = await connect({
      relay: target.relay,
      credentials: target.credentials,
      allowCleartextAuth: target.allowCleartextAuth,
      egress,
      clock,
      timeouts,
      signal: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
      observer: stages,
    });
    try {
      await envelope(connection, target, recipient, stages);
      if (sendTo !== null) await message(connection, target, sendTo, stages, clock);
    } finally {
      // Nobody waits for the goodbye.
      void connection.quit();
    }
  } catch (error) {
    signal?.throwIfAborted();
    // What a stage has reported is no surprise any more.
    if (!isPosthornError(error) || !stages.failed) throw error;
  } finally {
    endDeadline();
  }
  return stages.report();
}

/** The sender and the recipient, each alone; then RSET, so that no message follows. */
async function envelope(
  connection: Connection,
  { fromEmail }: OpenedConfig,
  recipient: string | null,
  stages: Stages,
): Promise<void> {
  await stages.run("sender", async () => {
    const reply = await connection.sender(fromEmail, recipient ?? undefined);
    if (recipient === null) await connection.reset();
    return { from: fromEmail, reply: accepted("sender", reply) };
  });
  if (recipient === null) return;
  await stages.run("recipient", async () => {
    const reply = await connection.recipient(recipient);
    await connection.reset();
    return { to: recipient, reply: accepted("recipient", reply) };
  });
}

async function message(
  connection: Connection,
  target: OpenedConfig,
  sendTo: string,
  stages: Stages,
  clock: Clock,
): Promise<void> {
  await stages.run("message", async () => {
    const { messageId, content, needsSmtpUtf8 } = composeTestEmail(target, sendTo, clock.now());
    const envelope = { from: target.fromEmail, to: [sendTo] };
    const { recipients, stage, reply } = await connection.send({ ...envelope, content, needsSmtpUtf8 });
    if (recipients[0]?.outcome === "unknown") {
      throw new PosthornError("smtp.unknown_outcome", "The answer to the test email was lost.", {
        smtp: { stage: "message" },
      });
    }
    if (reply === null) throw new TypeError("A transaction ended without a reply and without an error.");
    return { to: sendTo, messageId, reply: accepted(stage, reply) };
  });
}

/** The reply as one line. @throws PosthornError `smtp.rejected` */
function accepted(stage: TestStage["stage"], reply: SmtpReply): string {
  if (classOf(reply) === 2) return quote(reply);
  throw new PosthornError("smtp.rejected", `The relay answered ${reply.code}.`, { smtp: { stage, reply } });
}
