import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { SmtpReply, Stage } from "../core/model.ts";
import type { Capabilities } from "./capabilities.ts";
import { Content, type MessageContent, maxSizeOf } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { forwardPath, type Path, reversePath } from "./path.ts";
import { classOf, quote } from "./reply.ts";
import { Sending, type SendingResult } from "./sending.ts";
import { contentMs, type Timeouts } from "./timeouts.ts";
import type { Command, Transaction } from "./transaction.ts";
import type { TlsEvidence } from "./wire.ts";

export interface Message {
  /** The reverse-path; "" for none. */
  readonly from: string;
  /** The forward-paths, one recipient each. */
  readonly to: readonly string[];
  /** If reading it fails, `send` throws that error, nothing of the message was sent, and the session goes on. */
  readonly content: MessageContent;
  /** True if its headers are UTF-8 (RFC 6532). */
  readonly needsSmtpUtf8: boolean;
  /** Recipients of one transaction at the most; more of them take several. Default: no limit is known. */
  readonly maxRecipients?: number;
  /**
   * Called when the relay waits for the content, which is the last moment before its first byte is sent, in each
   * transaction. If it throws, the content is not sent, and `send` throws the same error; or, if a recipient has an
   * outcome already, `send` returns that result with the error as `lost`.
   */
  readonly beforeContent?: () => Promise<void> | undefined;
}

export interface SendResult extends SendingResult {
  /** Milliseconds since the message was first in the queue. */
  readonly durationMs: number;
  /** Recipients who were not asked, because the recipient rule of this machine forbids it: none of `recipients`. */
  readonly withheld?: readonly string[];
  /** The built-in sandbox has the message: nobody else got it. */
  readonly captured?: boolean;
}

/** A message that is being sent, or waits for the messages before it. */
interface QueuedSend {
  readonly message: Message;
  /** Null until a content that is deferred was read. */
  prepared: Prepared | null;
  /** Its first commands were sent together with the content of the message before it. */
  announced: boolean;
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What is to be sent of a message whose content is in memory. */
interface Prepared {
  readonly sending: Sending;
  readonly content: Content;
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
      const { content } = message;
      const prepared = content instanceof Uint8Array ? this.#prepare(message, [content]) : null;
      this.#queue.push({ message, prepared, announced: false, resolve, reject });
      if (this.#queue.length === 1) void this.#sendQueued();
    });
  }

  get usable(): boolean {
    return this.#conversation.open;
  }

  withdraw(message?: Message): boolean {
    const waiting = this.#queue.filter(
      (queued, index) =>
        index > 0 && !queued.announced && (message === undefined || queued.message === message),
    );
    for (const queued of waiting) {
      this.#queue.splice(this.#queue.indexOf(queued), 1);
      queued.reject(withdrawn());
    }
    return waiting.length > 0;
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
    const { message, resolve, reject } = queued;
    try {
      queued.prepared ??= await this.#read(message);
    } catch (error) {
      // Nothing of it was sent: the session is as good as before.
      return reject(error);
    }
    const { sending } = queued.prepared;
    try {
      await this.#transactAll(queued, queued.prepared);
    } catch (error) {
      this.destroy();
      if (!sending.lose(error)) return reject(error);
    }
    resolve({ ...sending.result(), durationMs: this.#clock.monotonic() - startedAt });
  }

  /** @throws SendwrightError `internal` if it is larger than announced, and what `read` throws. */
  async #read(message: Message): Promise<Prepared> {
    const { content } = message;
    this.#conversation.assertOpen("sender");
    const parts = content instanceof Uint8Array ? [content] : await content.read();
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maxSizeOf(content)) {
      throw new SendwrightError(
        "internal",
        `The content has ${bytes} bytes, but at most ${maxSizeOf(content)} were announced.`,
      );
    }
    return this.#prepare(message, parts);
  }

  #prepare(message: Message, parts: readonly Uint8Array[]): Prepared {
    const { from, to, needsSmtpUtf8, maxRecipients = null } = message;
    const content = new Content(parts, needsSmtpUtf8);
    const envelope = { from, to, size: content.size, needsSmtpUtf8, maxRecipients };
    return { content, sending: new Sending(envelope, this.capabilities) };
  }

  /** Runs the transactions of a message, each with a time limit of its own. */
  async #transactAll(queued: QueuedSend, { sending, content }: Prepared): Promise<void> {
    const limitMs = this.#timeouts.overallMs + contentMs(content.size);
    let isAnnounced = queued.announced;
    for (let next: Transaction | null = sending.transaction; next !== null; next = sending.next()) {
      const endDeadline = this.#conversation.deadline(limitMs);
      try {
        if (this.#resetDue && !isAnnounced) await this.reset();
        isAnnounced = false;
        await this.#transact(next, queued.message, { sending, content });
      } finally {
        endDeadline();
      }
      this.#resetDue = next.open;
      if (next.closing) this.destroy();
    }
  }

  async #transact(transaction: Transaction, message: Message, prepared: Prepared): Promise<void> {
    const conversation = this.#conversation;
    for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
      if (want.kind === "commands") {
        conversation.send(want.commands);
      } else if (want.kind === "reply") {
        transaction.take(await conversation.reply(want.to.stage, this.#patience(want.to)));
      } else {
        const allowed = message.beforeContent?.();
        if (allowed !== undefined) await allowed;
        await this.#sendContent(transaction, prepared);
      }
    }
  }

  async #sendContent(transaction: Transaction, { sending, content }: Prepared): Promise<void> {
    const conversation = this.#conversation;
    conversation.assertOpen("message");
    conversation.beginContent(content.wireBytes);
    transaction.contentStarted();
    for (const { bytes, isLast } of content.blocks()) {
      if (isLast) {
        transaction.contentComplete();
        const commands = sending.isLast ? this.#announce() : [];
        return conversation.sendBlock(bytes, this.#timeouts.blockMs, commands);
      }
      await conversation.sendBlock(bytes, this.#timeouts.blockMs);
      if (conversation.answered) {
        transaction.takeEarly(await conversation.reply("message", this.#timeouts.finalDotMs));
        return;
      }
      conversation.assertOpen("message");
    }
  }

  /**
   * The first commands of the next message, to be sent with the content of the one before it. RFC 2920 §3.1
   * lets a group begin with content and end with DATA, so that each message takes one round trip. A message whose
   * content is not in memory is not announced: to read it, the relay would have to wait for the one before it.
   */
  #announce(): readonly Command[] {
    const [, next] = this.#queue;
    if (next === undefined || next.prepared === null || !this.capabilities.pipelining) return [];
    const want = next.prepared.sending.transaction.next();
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
    const message = `${this.host}:${this.port} replied to ${command} with ${quote(reply)}.`;
    // RFC 5321 §3.8: 421 may answer anything.
    const code = reply.code === 421 ? "smtp.closed" : "smtp.protocol";
    return new SendwrightError(code, message, { smtp: { stage, reply } });
  }

  #supported(path: Path): Path {
    if (!path.needsSmtpUtf8 || this.capabilities.smtpUtf8) return path;
    throw new SendwrightError(
      "smtp.smtputf8_missing",
      `The address ${path.text} isn't ASCII, but ${this.host}:${this.port} doesn't support SMTPUTF8. Use another address or SMTP server.`,
      { smtp: { stage: "sender" } },
    );
  }
}

/** The error for a message that was withdrawn before any of it was sent. */
export function withdrawn(): SendwrightError {
  return new SendwrightError("smtp.withdrawn", "The message was withdrawn before it was sent.");
}
