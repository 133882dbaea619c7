import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { SmtpReply, Stage } from "../core/model.ts";
import type { Capabilities } from "./capabilities.ts";
import { prepareContent } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { forwardPath, type Path, reversePath } from "./path.ts";
import { classOf, quote } from "./reply.ts";
import type { Timeouts } from "./timeouts.ts";
import { type Command, Transaction, type TransactionResult } from "./transaction.ts";
import type { TlsEvidence } from "./wire.ts";

export interface Message {
  /** The reverse-path; "" for none. */
  readonly from: string;
  /** The forward-paths, one recipient each. */
  readonly to: readonly string[];
  /** The whole MIME document, its lines ending in CRLF. Sent as it is. */
  readonly content: Uint8Array;
  /** True if its headers are UTF-8 (RFC 6532). */
  readonly needsSmtpUtf8: boolean;
  /**
   * Called when the relay waits for the content, which is the last moment before its first byte is sent. If
   * it throws, the content is not sent, and `send` throws the same error; or, if a recipient was already
   * refused, `send` returns that result with the error as `lost`.
   */
  readonly beforeContent?: () => Promise<void> | undefined;
}

export interface SendResult extends TransactionResult {
  /** Milliseconds since the message was first in the queue. */
  readonly durationMs: number;
}

/** A message that is being sent, or waits for the messages before it. */
interface QueuedSend {
  readonly message: Message;
  readonly transaction: Transaction;
  readonly content: Buffer;
  /** Its first commands were sent together with the content of the message before it. */
  announced: boolean;
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface ClientDependencies {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: TlsEvidence | null;
  readonly capabilities: Capabilities;
  readonly conversation: Conversation;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
}

/** Large blocks need few passes through TLS and the operating system; the limit bounds what they buffer. */
const blockBytes = 256 * 1024;

/** The `Connection` that `connect` gives: transactions over an open session, one after the other. */
export class Client {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: TlsEvidence | null;
  readonly capabilities: Capabilities;
  readonly #conversation: Conversation;
  readonly #timeouts: Timeouts;
  readonly #clock: Clock;
  /** The message under way, then the messages that wait. */
  readonly #queue: QueuedSend[] = [];
  /** The relay may have a sender without a message: the next transaction must begin with RSET. */
  #resetDue = false;

  constructor(dependencies: ClientDependencies) {
    this.host = dependencies.host;
    this.address = dependencies.address;
    this.port = dependencies.port;
    this.tls = dependencies.tls;
    this.capabilities = dependencies.capabilities;
    this.#conversation = dependencies.conversation;
    this.#timeouts = dependencies.timeouts;
    this.#clock = dependencies.clock;
  }

  async sender(address: string, recipient?: string): Promise<SmtpReply> {
    const path = this.#supported(reversePath(address));
    const to = recipient === undefined ? path : this.#supported(forwardPath(recipient));
    if (this.#resetDue) await this.reset();
    this.#resetDue = true;
    // RFC 6531 §3.4: MAIL FROM announces SMTPUTF8 for all addresses of the transaction.
    const parameter = path.needsSmtpUtf8 || to.needsSmtpUtf8 ? " SMTPUTF8" : "";
    return this.#command("sender", `MAIL FROM:${path.text}${parameter}`);
  }

  async recipient(address: string): Promise<SmtpReply> {
    return this.#command("recipient", `RCPT TO:${this.#supported(forwardPath(address)).text}`);
  }

  async reset(): Promise<void> {
    const reply = await this.#command("sender", "RSET");
    if (classOf(reply) !== 2) throw this.#broken("sender", "RSET", reply);
    this.#resetDue = false;
  }

  send(message: Message): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const { size, wire } = prepareContent(message.content, message.needsSmtpUtf8);
      const transaction = new Transaction({ ...message, size }, this.capabilities);
      this.#queue.push({ message, transaction, content: wire, announced: false, resolve, reject });
      if (this.#queue.length === 1) void this.#sendQueued();
    });
  }

  get usable(): boolean {
    return this.#conversation.open;
  }

  withdraw(): void {
    const waiting = this.#queue.findIndex((queued, index) => index > 0 && !queued.announced);
    if (waiting === -1) return;
    for (const { reject } of this.#queue.splice(waiting)) {
      reject(withdrawn());
    }
  }

  quit(): Promise<void> {
    return this.#conversation.quit();
  }

  destroy(): void {
    this.#conversation.destroy();
  }

  /** Sends one message after the other. The failure of one does not stop the next. */
  async #sendQueued(): Promise<void> {
    for (let queued = this.#queue[0]; queued !== undefined; queued = this.#queue[0]) {
      await this.#sendOne(queued);
      this.#queue.shift();
    }
  }

  async #sendOne(queued: QueuedSend): Promise<void> {
    const startedAt = this.#clock.monotonic();
    const { transaction } = queued;
    const endDeadline = this.#conversation.deadline(this.#timeouts.overallMs);
    try {
      if (this.#resetDue && !queued.announced) await this.reset();
      await this.#transact(queued);
    } catch (error) {
      this.destroy();
      if (!transaction.lose(error)) return queued.reject(error);
    } finally {
      endDeadline();
    }
    this.#resetDue = transaction.open;
    if (transaction.closing) this.destroy();
    queued.resolve({ ...transaction.result(), durationMs: this.#clock.monotonic() - startedAt });
  }

  async #transact(queued: QueuedSend): Promise<void> {
    const { transaction } = queued;
    const conversation = this.#conversation;
    for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
      if (want.kind === "commands") {
        conversation.send(want.commands);
      } else if (want.kind === "reply") {
        transaction.take(await conversation.reply(want.to.stage, this.#patience(want.to)));
      } else {
        const allowed = queued.message.beforeContent?.();
        if (allowed !== undefined) await allowed;
        await this.#sendContent(queued);
      }
    }
  }

  async #sendContent({ transaction, content }: QueuedSend): Promise<void> {
    const conversation = this.#conversation;
    conversation.assertOpen("message");
    conversation.beginContent(content.length);
    transaction.contentStarted();
    for (let start = 0; start < content.length; start += blockBytes) {
      const block = content.subarray(start, start + blockBytes);
      if (start + blockBytes >= content.length) {
        transaction.contentComplete();
        return conversation.sendBlock(block, this.#timeouts.blockMs, this.#announce());
      }
      await conversation.sendBlock(block, this.#timeouts.blockMs);
      if (conversation.answered) {
        transaction.takeEarly(await conversation.reply("message", this.#timeouts.finalDotMs));
        return;
      }
      conversation.assertOpen("message");
    }
  }

  /**
   * The first commands of the next message, to be sent with the content of the one before it. RFC 2920 §3.1
   * lets a group begin with content and end with DATA, so that each message takes one round trip.
   */
  #announce(): readonly Command[] {
    const [, next] = this.#queue;
    if (next === undefined || !this.capabilities.pipelining) return [];
    const want = next.transaction.next();
    if (want.kind !== "commands") return [];
    next.announced = true;
    return want.commands;
  }

  #patience({ verb }: Command): number {
    const { commandMs, dataMs, finalDotMs } = this.#timeouts;
    if (verb === "final dot") return finalDotMs;
    return verb === "DATA" ? dataMs : commandMs;
  }

  /** A probe's command; the reply may refuse, but not be out of place. */
  async #command(stage: Stage, text: string): Promise<SmtpReply> {
    this.#conversation.send([{ stage, text }]);
    const reply = await this.#conversation.reply(stage, this.#timeouts.commandMs);
    if (classOf(reply) === 3) throw this.#broken(stage, text, reply);
    if (reply.code === 421) this.destroy();
    return reply;
  }

  #broken(stage: Stage, command: string, reply: SmtpReply): SendwrightError {
    this.destroy();
    const message = `${this.host}:${this.port} answered ${command} with ${quote(reply)}.`;
    // RFC 5321 §3.8: 421 may answer anything.
    const code = reply.code === 421 ? "smtp.closed" : "smtp.protocol";
    return new SendwrightError(code, message, { smtp: { stage, reply } });
  }

  #supported(path: Path): Path {
    if (!path.needsSmtpUtf8 || this.capabilities.smtpUtf8) return path;
    throw new SendwrightError(
      "smtp.smtputf8_missing",
      `The address ${path.text} is outside ASCII, and ${this.host}:${this.port} does not support SMTPUTF8. Use another address or relay.`,
      { smtp: { stage: "sender" } },
    );
  }
}

/** The error for a message that was withdrawn before any of it was sent. */
export function withdrawn(): SendwrightError {
  return new SendwrightError("smtp.withdrawn", "The message was taken back before it was sent.");
}
