// Opens an SMTP session with a relay and sends messages over it: TLS, sign-in, transactions, redaction.
// RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 2920 (PIPELINING), RFC 8314 (implicit TLS).
// It does not receive mail, look up MX records, retry, or store anything; pool/ keeps sessions open.
import { hostname } from "node:os";
import { domainToASCII } from "node:url";
import type { Clock } from "../core/clock.ts";
import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { ShownCertificate, SmtpReply } from "../core/model.ts";
import type { Egress } from "../net/egress.ts";
import type { Capabilities } from "./capabilities.ts";
import { Client, type Message, type SendResult } from "./client.ts";
import { Conversation } from "./conversation.ts";
import { dialWithFallback } from "./dial.ts";
import { type Observer, StageRecorder } from "./observer.ts";
import { type Redactor, redactor } from "./redact.ts";
import type { Credentials, Relay } from "./relay.ts";
import { openSession, type Step } from "./session.ts";
import { defaultTimeouts, type Timeouts } from "./timeouts.ts";
import { type Dial, dial, type TlsEvidence } from "./wire.ts";

export type { Message, SendResult } from "./client.ts";
export type { DeferredContent } from "./content.ts";
export type { RecipientResult } from "./transaction.ts";

export interface ConnectOptions {
  readonly relay: Relay;
  /** Null to send without sign-in. */
  readonly credentials: Credentials | null;
  /** The credentials whose password is redacted in replies. Default: `credentials`. */
  readonly hide?: Credentials | null;
  /** Allows the sign-in without TLS. */
  readonly allowCleartextAuth: boolean;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly timeouts?: Partial<Timeouts>;
  /** Cuts the connection at once, also after it was opened. */
  readonly signal?: AbortSignal;
  readonly observer?: Observer;
  /** Opens the connection. Default: over TCP. */
  readonly dial?: Dial;
}

/**
 * A session with a relay, signed in, ready for transactions. Calls of `send` may overlap: they are queued.
 * The other methods are called only when no transaction is under way.
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
   * MAIL FROM alone, to test whether the relay accepts this sender. A refusal is returned, not thrown.
   * @param recipient the address of a RCPT TO that follows: if it is outside ASCII, MAIL FROM announces it
   * @throws SendwrightError `address.invalid`, `smtp.smtputf8_missing`, and those of a lost connection.
   */
  sender(address: string, recipient?: string): Promise<SmtpReply>;
  /** RCPT TO alone, after `sender`. */
  recipient(address: string): Promise<SmtpReply>;
  /** RSET: forgets what `sender` and `recipient` began. */
  reset(): Promise<void>;

  /**
   * Sends a message after those before it, in one transaction, or in several if the relay takes fewer recipients in
   * one (RFC 5321 §4.5.3.1.10). If the relay supports PIPELINING, its first commands are sent with the content of the
   * one before, so that a message takes one round trip. A refusal is the outcome of its recipient, and so is
   * `smtp.smtputf8_missing` if the relay can get the message to others. If the connection is lost, `lost` says how: a refusal before that remains, and
   * the other recipients are `temporary` before the final dot, `unknown` after it.
   * @throws SendwrightError if no recipient got the message and none was refused: before anything is sent
   * `address.invalid`, `input.invalid`, `smtp.smtputf8_missing`, `smtp.too_large`; for a connection that
   * was lost before the final dot `smtp.closed`, `smtp.timeout`; and `smtp.protocol`, also if a reply that
   * does not fit makes the refusals before it doubtful. After any loss the connection is closed. What reading the
   * content throws: then nothing was sent, and the connection is as before.
   */
  send(message: Message): Promise<SendResult>;

  /** False once the connection is lost or closed. */
  readonly usable: boolean;
  /**
   * Withdraws the queued messages of which no command was sent, or this one alone: their `send` throws
   * `smtp.withdrawn`.
   * @returns whether there was one.
   */
  withdraw(message?: Message): boolean;
  /** Sends QUIT and closes. Never throws, because a message that was accepted stays accepted. */
  quit(): Promise<void>;
  /** Closes without QUIT. */
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
  const stages = new StageRecorder(observer, redact, clock);
  try {
    return await open(options, redact, stages);
  } catch (error) {
    if (isSendwrightError(error)) stages.fail(error);
    throw error;
  }
}

async function open(options: ConnectOptions, redact: Redactor, stages: StageRecorder): Promise<Connection> {
  const { relay, egress, clock, signal, observer = {} } = options;
  const { host, port } = relay;
  const timeouts: Timeouts = { ...defaultTimeouts, ...options.timeouts };
  if (relay.ehloName !== null && !ehloName.test(relay.ehloName)) {
    throw new SendwrightError(
      "input.invalid",
      `${JSON.stringify(relay.ehloName)} is not a valid EHLO name. Use a host name.`,
    );
  }
  const timeoutMs = Math.min(timeouts.connectMs, timeouts.overallMs);
  const { wire, address } = await dialWithFallback({
    host,
    port,
    egress,
    dial: options.dial ?? dial,
    clock,
    timeoutMs,
    signal,
    stages,
  });
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
    // The session needed the unredacted capabilities; from here on they are only shown.
    const shown = {
      ...capabilities,
      extensions: capabilities.extensions.map(redact.text),
      authMechanisms: capabilities.authMechanisms.map(redact.text),
    };
    return new Client({ host, port, address, tls, capabilities: shown, conversation, timeouts, clock });
  } catch (error) {
    // QUIT is sent only if the connection is sound.
    if (isSendwrightError(error) && refusals.has(error.code)) void conversation.quit();
    else conversation.destroy();
    throw error;
  } finally {
    endDeadline();
  }
}

/** After these errors the connection is sound: the relay or Sendwright refuses to go on. */
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
  readonly stages: StageRecorder;
  readonly redact: Redactor;
}

/** Performs the steps of the session until it is open. */
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

/** The part of a certificate that explanations show, redacted. */
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
