import { hostname } from "node:os";
import { domainToASCII } from "node:url";
import type { Clock } from "../core/clock.ts";
import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { ShownCertificate, SmtpReply } from "../core/model.ts";
import type { Egress } from "../net/egress.ts";
import type { Capabilities } from "./capabilities.ts";
import { Client, type Message, type SendResult } from "./client.ts";
import { Conversation } from "./conversation.ts";
import { type Observer, StageLog } from "./observer.ts";
import { reach } from "./reach.ts";
import { type Redactor, redactor } from "./redact.ts";
import type { Credentials, Relay } from "./relay.ts";
import { openSession, type Step } from "./session.ts";
import { defaultTimeouts, type Timeouts } from "./timeouts.ts";
import { dial, type TlsEvidence } from "./wire.ts";

export type { Message, SendResult } from "./client.ts";
export type { RecipientResult } from "./transaction.ts";

export interface ConnectOptions {
  readonly relay: Relay;
  /** Null to send without sign-in. */
  readonly credentials: Credentials | null;
  /** Whose password is hidden in what the relay says: by default that of `credentials`. */
  readonly hide?: Credentials | null;
  /** Without this, credentials never travel outside TLS. */
  readonly allowCleartextAuth: boolean;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly timeouts?: Partial<Timeouts>;
  /** Cuts the connection at once, whatever it is doing; for as long as it lives. */
  readonly signal?: AbortSignal;
  readonly observer?: Observer;
}

/**
 * A session with a relay, signed in, ready for transactions. Of `send`, calls may overlap: they take
 * turns. All else is called when nothing is under way.
 */
export interface Connection {
  /** As configured. */
  readonly host: string;
  /** The IP address that was dialled. */
  readonly address: string;
  readonly port: number;
  /** Null in the clear. */
  readonly tls: TlsEvidence | null;
  /** From the latest EHLO. */
  readonly capabilities: Capabilities;

  /**
   * MAIL FROM alone, to see whether the relay takes this sender. A refusal is returned, not thrown.
   * @param recipient who will be named next, if anybody: an address outside ASCII is announced here
   * @throws SendwrightError `address.invalid`, `smtp.smtputf8_missing`, and those of a lost connection.
   */
  sender(address: string, recipient?: string): Promise<SmtpReply>;
  /** RCPT TO alone, after `sender`. */
  recipient(address: string): Promise<SmtpReply>;
  /** RSET: forgets what `sender` and `recipient` began. */
  reset(): Promise<void>;

  /**
   * One transaction, after those before it; where the relay allows, its first commands travel with the
   * content of the one before, so that a message takes one round trip. Refusals are outcomes, for each recipient. If the connection is lost, `lost` says
   * how: who was refused until then stays so, the others are `temporary` before the final dot, `unknown`
   * after it.
   * @throws SendwrightError where nobody got the message and nobody was refused: before anything is sent
   * `address.invalid`, `input.invalid`, `smtp.smtputf8_missing`, `smtp.too_large`; for a connection that
   * was lost before the final dot `smtp.closed`, `smtp.timeout`; and `smtp.protocol`, also where a reply
   * out of place makes the refusals before it doubtful. After any loss the connection is closed.
   */
  send(message: Message): Promise<SendResult>;

  /** False once the connection is lost or closed. */
  readonly usable: boolean;
  /** Takes back the messages of which nothing was said yet: their `send` throws `smtp.withdrawn`. */
  withdraw(): void;
  /** Says goodbye and closes. Never throws: what was accepted stays accepted. */
  quit(): Promise<void>;
  /** Closes without a word. */
  destroy(): void;
}

/**
 * Connects to a relay: resolve, connect, greeting, EHLO, TLS, sign-in.
 * @throws SendwrightError with `smtp` saying at which stage, with what reply or system code:
 * `egress.refused`, `smtp.resolve`, `smtp.connect`, `smtp.timeout`, `smtp.closed`, `smtp.protocol`,
 * `smtp.rejected`, `smtp.starttls_missing`, `smtp.tls`, `smtp.auth_unavailable`, `smtp.auth_rejected`.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { credentials, hide = credentials, clock, observer = {} } = options;
  const redact = redactor(hide, options.relay);
  const stages = new StageLog(observer, redact, clock);
  try {
    return await open(options, redact, stages);
  } catch (error) {
    if (isSendwrightError(error)) stages.fail(error);
    throw error;
  }
}

async function open(options: ConnectOptions, redact: Redactor, stages: StageLog): Promise<Connection> {
  const { relay, egress, clock, signal, observer = {} } = options;
  const { host, port } = relay;
  const timeouts: Timeouts = { ...defaultTimeouts, ...options.timeouts };
  if (relay.ehloName !== null && !ehloName.test(relay.ehloName)) {
    throw new SendwrightError("input.invalid", `${JSON.stringify(relay.ehloName)} is no host name for EHLO.`);
  }
  const timeoutMs = Math.min(timeouts.connectMs, timeouts.overallMs);
  const { wire, address } = await reach({ host, port, egress, dial, clock, timeoutMs, signal, stages });
  const conversation = new Conversation(wire, {
    name: `${host}:${port}`,
    clock,
    redactor: redact,
    observer,
    signal,
  });
  const endDeadline = conversation.deadline(timeouts.overallMs);
  try {
    const session = openSession({
      ...options,
      ehloName: relay.ehloName ?? ownName(wire.localAddress),
      redactor: redact,
    });
    const { tls, capabilities } = await drive(session, { relay, conversation, timeouts, stages, redact });
    // The session is done with the words of the relay; from here on they are only shown.
    const shown = {
      ...capabilities,
      extensions: capabilities.extensions.map(redact.text),
      authMechanisms: capabilities.authMechanisms.map(redact.text),
    };
    return new Client({ host, port, address, tls, capabilities: shown, conversation, timeouts, clock });
  } catch (error) {
    // Only where the relay is still listening in earnest does it get a goodbye.
    if (isSendwrightError(error) && refusals.has(error.code)) void conversation.quit();
    else conversation.destroy();
    throw error;
  } finally {
    endDeadline();
  }
}

/** After these the connection is sound: the relay, or Sendwright, only does not want to go on. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  "smtp.rejected",
  "smtp.starttls_missing",
  "smtp.auth_unavailable",
  "smtp.auth_rejected",
]);

interface Driven {
  readonly relay: Relay;
  readonly conversation: Conversation;
  readonly timeouts: Timeouts;
  readonly stages: StageLog;
  readonly redact: Redactor;
}

/** Gives the session what it asks for, until it is open. */
async function drive(
  session: ReturnType<typeof openSession>,
  { relay, conversation, timeouts, stages, redact }: Driven,
): Promise<{ capabilities: Capabilities; tls: TlsEvidence | null }> {
  let tls: TlsEvidence | null = null;

  async function secure(): Promise<void> {
    const plainStage = relay.tls === "implicit" ? "tls" : "starttls";
    stages.start("tls");
    const to = { host: certificateName(relay.host), caPem: relay.caPem };
    tls = await conversation.secure(plainStage, to, timeouts.tlsMs);
    if (tls.authorized) {
      stages.pass("tls", { ...tls });
      return;
    }
    conversation.destroy();
    stages.found({ ...tls });
    const systemCode = tls.error ?? "UNKNOWN";
    throw new SendwrightError(
      "smtp.tls",
      `The certificate of ${relay.host}:${relay.port} is not trusted (${systemCode}). Nothing was sent.`,
      { smtp: { stage: "tls", systemCode, certificate: certificateOf(tls, redact) } },
    );
  }

  async function perform(step: Step): Promise<SmtpReply | null> {
    switch (step.kind) {
      case "await":
        stages.start(step.stage);
        if (step.command !== undefined) {
          conversation.send([{ stage: step.stage, text: step.command, shown: step.shown ?? step.command }]);
        }
        return conversation.reply(
          step.stage,
          step.stage === "greeting" ? timeouts.greetingMs : timeouts.commandMs,
        );
      case "secure":
        await secure();
        return null;
      case "found":
        stages.start(step.stage);
        stages.found(step.evidence);
        return null;
      case "passed":
        stages.pass(step.stage, step.evidence);
        return null;
      case "skipped":
        stages.skip(step.stage);
        return null;
    }
  }

  let turn = session.next();
  while (turn.done !== true) turn = session.next(await perform(turn.value));
  return { capabilities: turn.value, tls };
}

/** What an explanation names of a certificate. */
function certificateOf(
  { names, issuer, validFrom, validTo, fingerprint256 }: TlsEvidence,
  { text }: Redactor,
): ShownCertificate {
  return { names: names.map(text), issuer: text(issuer), validFrom, validTo, fingerprint256 };
}

/** A domain or an address literal (RFC 5321 §4.1.1.1). */
const ehloName = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[A-Za-z0-9:.]+\])$/u;

/** This machine's full name; its address where it has none (RFC 5321 §4.1.4). */
function ownName(localAddress = "127.0.0.1"): string {
  const name = domainToASCII(hostname());
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/u.test(name)) return name;
  const address = localAddress.replace(/%.*$/u, "").replace(/^::ffff:(?=\d+\.)/u, "");
  return address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
}

/** The name that the certificate must be for: no brackets, no dot at the end, in A-labels. */
function certificateName(host: string): string {
  const name = host.replace(/^\[(.*)\]$/u, "$1").replace(/\.$/u, "");
  return /^\p{ASCII}*$/u.test(name) ? name : domainToASCII(name);
}
