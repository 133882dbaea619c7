import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { SmtpReply, Stage } from "../core/model.ts";
import type { Capabilities } from "./capabilities.ts";
import { forwardPath, type Path, reversePath } from "./path.ts";
import { classOf, quote } from "./reply.ts";

export type Outcome = "sent" | "temporary" | "permanent" | "unknown";

export interface RecipientResult {
  readonly address: string;
  readonly outcome: Outcome;
  /** The reply that decided; null where none came. */
  readonly reply: SmtpReply | null;
  /** Why the relay was not asked; only for a recipient who was left out. */
  readonly error?: SendwrightError;
}

export interface TransactionResult {
  /** In the order of the envelope. */
  readonly recipients: readonly RecipientResult[];
  /** The reply that ended the transaction, or null where it was lost. */
  readonly reply: SmtpReply | null;
  /** How far the transaction came. */
  readonly stage: Stage;
  /** True once the first byte of the content was given to the socket. */
  readonly bodyStarted: boolean;
  /** How the connection was lost, where that is why a recipient has no reply of its own; else null. */
  readonly lost: SendwrightError | null;
}

export interface Envelope {
  /** "" for the null reverse-path of notifications. */
  readonly from: string;
  readonly to: readonly string[];
  /** Octets of the content by RFC 1870 §5. */
  readonly size: number;
  /** True if the content's headers are UTF-8 (RFC 6532). */
  readonly needsSmtpUtf8: boolean;
}

/** What a transaction wants next. */
export type Want =
  /** Write these commands in one go. */
  | { readonly kind: "commands"; readonly commands: readonly Command[] }
  /** Read the reply to this command and `take` it. */
  | { readonly kind: "reply"; readonly to: Command }
  /** Write the content with its final dot, then ask again. */
  | { readonly kind: "content" }
  | { readonly kind: "done" };

export interface Command {
  readonly verb: "MAIL" | "RCPT" | "DATA" | "final dot";
  readonly stage: Stage;
  /** Without CRLF; "" for the final dot, which belongs to the content. */
  readonly text: string;
}

interface Recipient {
  readonly address: string;
  accepted: boolean;
  /** Once there is an outcome, later replies do not change it. */
  result: { readonly outcome: Outcome; readonly reply: SmtpReply | null } | null;
}

const dataCommand: Command = { verb: "DATA", stage: "message", text: "DATA" };
const finalDot: Command = { verb: "final dot", stage: "message", text: "" };
/** RFC 2920 §3.1: where DATA was accepted although no recipient was, an empty message ends it. */
const loneDot: Command = { verb: "final dot", stage: "message", text: "." };

/**
 * One mail transaction (RFC 5321 §3.3) as a pure state machine: it takes replies and gives commands.
 * Commands may be written before the replies to earlier ones are read, so a connection may put the
 * content of one transaction and the first group of the next into one write, as long as replies are
 * taken in order.
 */
export class Transaction {
  readonly #recipients: readonly Recipient[];
  readonly #pipelining: boolean;
  /** Commands not yet written. */
  readonly #unsent: Command[];
  /** Commands written, whose replies are not yet taken; in order. */
  readonly #pending: Command[] = [];
  #recipientsAnswered = 0;
  /** Places in the envelope of recipients who were one too many. */
  readonly #overflow: number[] = [];
  #senderAccepted = false;
  #content: "held" | "due" | "started" | "complete" = "held";
  #closing = false;
  #ending: { readonly stage: Stage; readonly reply: SmtpReply | null } | null = null;
  #outOfStep = false;
  #lost: SendwrightError | null = null;

  /**
   * @throws SendwrightError before anything is sent: `address.invalid`; `smtp.smtputf8_missing`
   * (RFC 6531 §3.1); `smtp.too_large` (RFC 1870 §6.1).
   */
  constructor(envelope: Envelope, capabilities: Capabilities) {
    const from = reversePath(envelope.from);
    const to = envelope.to.map(forwardPath);
    if (to.length === 0) throw new SendwrightError("input.invalid", "At least one recipient is required.");
    const smtpUtf8 = envelope.needsSmtpUtf8 || [from, ...to].some((path) => path.needsSmtpUtf8);
    checkSupport(envelope.size, smtpUtf8, capabilities);
    this.#recipients = envelope.to.map((address) => ({ address, accepted: false, result: null }));
    this.#pipelining = capabilities.pipelining;
    this.#unsent = [
      mailCommand(from, envelope.size, smtpUtf8, capabilities),
      ...to.map((path): Command => ({ verb: "RCPT", stage: "recipient", text: `RCPT TO:${path.text}` })),
      dataCommand,
    ];
  }

  /** True while the relay may hold this sender: RSET is due before the next transaction. */
  get open(): boolean {
    return this.#senderAccepted && this.#content !== "complete";
  }

  /** True if nothing more can be said on this connection: after 421 (RFC 5321 §3.8) or out of step. */
  get closing(): boolean {
    return this.#closing;
  }

  /**
   * Places in the envelope of recipients who were refused because the relay takes no more in one transaction (RFC 5321
   * §4.5.3.1.10). Known once the content is due.
   */
  get overflow(): readonly number[] {
    return this.#overflow;
  }

  /** How many recipients the relay accepted. */
  get acceptedRecipients(): number {
    return this.#recipients.filter(({ accepted }) => accepted).length;
  }

  /** How many recipients the relay takes in one transaction, as far as its replies say; else null. */
  get recipientLimit(): number | null {
    const [first] = this.#overflow;
    if (first === undefined || this.#recipients.slice(first).some(({ accepted }) => accepted)) return null;
    return this.acceptedRecipients;
  }

  next(): Want {
    if (this.#closing) return { kind: "done" };
    const pending = this.#pending[0];
    // RFC 2920 §3.1: a group may hold MAIL and RCPT, and DATA as its last. Otherwise one at a time.
    if (this.#unsent.length > 0 && (this.#pipelining || pending === undefined)) {
      const commands = this.#unsent.splice(0, this.#pipelining ? this.#unsent.length : 1);
      this.#pending.push(...commands);
      return { kind: "commands", commands };
    }
    if (pending !== undefined) return { kind: "reply", to: pending };
    return { kind: this.#content === "due" || this.#content === "started" ? "content" : "done" };
  }

  /** To be called before the first byte of the content is given to the socket. */
  contentStarted(): void {
    this.#content = "started";
  }

  /** To be called before the final dot is given to the socket: from here on a loss proves nothing. */
  contentComplete(): void {
    this.#content = "complete";
    this.#pending.push(finalDot);
  }

  /**
   * Takes the reply to the command that `next` named.
   * @throws SendwrightError `smtp.protocol` for a reply whose class does not fit the command: one reply
   * too many came before it, or one too few, so that no reply tells whom it meant. Not after the final
   * dot: there the outcome is unknown.
   */
  take(reply: SmtpReply): void {
    const command = this.#pending.shift();
    if (command === undefined) throw new TypeError("The transaction waits for no reply.");
    const fits = command.verb === "DATA" ? 3 : 2;
    const accepted = classOf(reply) === fits;
    if (!accepted && classOf(reply) < 4 && command !== loneDot) {
      if (command !== finalDot) throw this.#misfit(command, reply);
      this.#closing = true;
    }
    switch (command.verb) {
      case "MAIL":
        this.#takeSender(reply, accepted);
        break;
      case "RCPT":
        this.#takeRecipient(reply, accepted);
        break;
      case "DATA":
        this.#takeData(reply, accepted);
        break;
      case "final dot":
        this.#takeFinal(reply);
    }
    if (reply.code === 421) this.#close(command.stage, reply);
  }

  /**
   * Takes a reply that came before the final dot: a refusal ends the transaction, half a message being
   * none; the connection is out of step from then on.
   * @throws SendwrightError `smtp.protocol` if it is no refusal.
   */
  takeEarly(reply: SmtpReply): void {
    if (classOf(reply) < 4) throw this.#misfit(dataCommand, reply);
    this.#end("message", reply, outcomeOf(reply));
    this.#closing = true;
  }

  /**
   * Tells that no more replies will come, and why. What the relay refused until then stays refused, or
   * a relay that hangs up on one recipient would keep the message from all others on each try. Who had
   * no answer did not get the message before the final dot; after it nothing can tell (RFC 1047).
   * @returns false if no recipient has an outcome: then `why` is all there is to say.
   */
  lose(why: unknown): boolean {
    this.#closing = true;
    const undecided = this.#undecided.length;
    const dotted = this.#content === "complete";
    if (this.#outOfStep || (!dotted && undecided === this.#recipients.length)) return false;
    if (undecided === 0) return true;
    this.#lost = lossOf(why);
    this.#end(this.#pending[0]?.stage ?? "message", null, dotted ? "unknown" : "temporary");
    return true;
  }

  result(): TransactionResult {
    const firstRefusal = this.#recipients.find(({ result }) => result !== null)?.result?.reply ?? null;
    const { stage, reply } = this.#ending ?? { stage: "recipient", reply: firstRefusal };
    return {
      recipients: this.#recipients.map(({ address, result }) => ({
        address,
        ...(result ?? { outcome: "temporary", reply: null }),
      })),
      reply,
      stage,
      bodyStarted: this.#content === "started" || this.#content === "complete",
      lost: this.#lost,
    };
  }

  /** Those who may still get the message. */
  get #undecided(): readonly Recipient[] {
    return this.#recipients.filter(({ result }) => result === null);
  }

  #takeSender(reply: SmtpReply, accepted: boolean): void {
    this.#senderAccepted = accepted;
    if (accepted) return;
    this.#end("sender", reply, outcomeOf(reply));
    this.#unsent.length = 0;
  }

  #takeRecipient(reply: SmtpReply, accepted: boolean): void {
    const position = this.#recipientsAnswered++;
    const recipient = this.#recipients[position];
    if (recipient === undefined) return;
    recipient.accepted = accepted;
    const isBesideAccepted = this.#recipients.some((other) => other.accepted && other.result === null);
    if (isTooMany(reply) && recipient.result === null && isBesideAccepted) this.#overflow.push(position);
    if (!accepted) recipient.result ??= { outcome: recipientOutcomeOf(reply), reply };
    // RFC 5321 §3.3: without a recipient there is nothing to send.
    if (this.#undecided.length === 0) this.#unsent.length = 0;
  }

  #takeData(reply: SmtpReply, accepted: boolean): void {
    if (!accepted) {
      this.#end("message", reply, outcomeOf(reply));
    } else if (this.#undecided.length > 0) {
      this.#content = "due";
    } else if (this.#recipients.some((recipient) => recipient.accepted)) {
      // MAIL was refused, a recipient was not: the lone dot might reach them as an empty message.
      this.#closing = true;
    } else {
      this.#unsent.push(loneDot);
    }
  }

  #takeFinal(reply: SmtpReply): void {
    this.#senderAccepted = false;
    this.#end("message", reply, classOf(reply) === 3 ? "unknown" : outcomeOf(reply));
  }

  #close(stage: Stage, reply: SmtpReply): void {
    this.#end(stage, reply, "temporary");
    this.#closing = true;
  }

  #misfit(command: Command, reply: SmtpReply): SendwrightError {
    this.#outOfStep = true;
    return new SendwrightError(
      "smtp.protocol",
      `The SMTP server replied to ${command.verb} with ${quote(reply)}.`,
      {
        smtp: { stage: command.stage, reply },
      },
    );
  }

  /** The outcome of all who have none yet. What ended the transaction first, ended it. */
  #end(stage: Stage, reply: SmtpReply | null, outcome: Outcome): void {
    const undecided = this.#undecided;
    if (undecided.length === 0) return;
    this.#ending ??= { stage, reply };
    for (const recipient of undecided) recipient.result = { outcome, reply };
  }
}

/** The error of a transaction that something ended. */
export function lossOf(why: unknown): SendwrightError {
  return isSendwrightError(why) ? why : new SendwrightError("internal", "Sending failed.", { cause: why });
}

function checkSupport(size: number, smtpUtf8: boolean, capabilities: Capabilities): void {
  if (smtpUtf8 && !capabilities.smtpUtf8) throw smtpUtf8Missing();
  const limit = capabilities.size?.maxBytes ?? null;
  if (limit !== null && size > limit) {
    throw new SendwrightError(
      "smtp.too_large",
      `The message has ${size} bytes, but the SMTP server accepts at most ${limit}. Send smaller attachments, or links.`,
      { smtp: { stage: "sender" } },
    );
  }
}

export function smtpUtf8Missing(): SendwrightError {
  return new SendwrightError(
    "smtp.smtputf8_missing",
    "The message has a non-ASCII address or header, but the SMTP server doesn't support SMTPUTF8. Use another address or SMTP server.",
    { smtp: { stage: "sender" } },
  );
}

/** RFC 1870 §4 (SIZE), RFC 6531 §3.4 (SMTPUTF8, whose headers are 8-bit: RFC 6152 §3). */
function mailCommand(from: Path, size: number, smtpUtf8: boolean, capabilities: Capabilities): Command {
  const params = [
    capabilities.size === null ? "" : ` SIZE=${size}`,
    smtpUtf8 && capabilities.eightBitMime ? " BODY=8BITMIME" : "",
    smtpUtf8 ? " SMTPUTF8" : "",
  ];
  return { verb: "MAIL", stage: "sender", text: `MAIL FROM:${from.text}${params.join("")}` };
}

/**
 * RFC 5321 §4.2.1: 4yz may pass by itself, 5yz will not. But 503 speaks of the order of commands, and
 * ours is right: it follows from an earlier refusal, which then has decided already, or from a relay that
 * lost its place. What it said of another recipient says nothing about this one.
 */
function outcomeOf(reply: SmtpReply): "sent" | "temporary" | "permanent" {
  if (classOf(reply) === 2) return "sent";
  return classOf(reply) === 5 && reply.code !== 503 ? "permanent" : "temporary";
}

/** RFC 5321 §4.5.3.1.10: beside accepted recipients, 452 says "too many"; older relays say 552. */
function isTooMany({ code, enhancedCode }: SmtpReply): boolean {
  return (code === 452 || code === 552) && (enhancedCode === null || /^[45]\.5\.3$/u.test(enhancedCode));
}

/**
 * RFC 5321 §4.5.3.1.10: 552 is how older relays say "too many recipients", which the next transaction
 * mends; unless it says itself that the mailbox is full (5.2.2) or the message too big (5.3.4).
 */
function recipientOutcomeOf(reply: SmtpReply): "sent" | "temporary" | "permanent" {
  const ofItself = reply.enhancedCode === "5.2.2" || reply.enhancedCode === "5.3.4";
  return reply.code === 552 && !ofItself ? "temporary" : outcomeOf(reply);
}
