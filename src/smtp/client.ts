import type { Clock } from "../clock.ts";
import { PosthornError } from "../errors.ts";
import type { SmtpReply, Stage } from "../model.ts";
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
}

export interface SendResult extends TransactionResult {
  readonly durationMs: number;
}

export interface ClientParts {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: TlsEvidence | null;
  readonly capabilities: Capabilities;
  readonly conversation: Conversation;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
}

/** Large writes keep the way through TLS and the system short; the rest waits its turn outside them. */
const blockBytes = 256 * 1024;

/** The `Connection` that `connect` gives: transactions over an open session. */
export class Client {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: TlsEvidence | null;
  readonly capabilities: Capabilities;
  readonly #conversation: Conversation;
  readonly #timeouts: Timeouts;
  readonly #clock: Clock;
  /** The relay may hold a sender that no message followed. */
  #resetDue = false;

  constructor(parts: ClientParts) {
    this.host = parts.host;
    this.address = parts.address;
    this.port = parts.port;
    this.tls = parts.tls;
    this.capabilities = parts.capabilities;
    this.#conversation = parts.conversation;
    this.#timeouts = parts.timeouts;
    this.#clock = parts.clock;
  }

  async sender(address: string, recipient?: string): Promise<SmtpReply> {
    const path = this.#supported(reversePath(address));
    const to = recipient === undefined ? path : this.#supported(forwardPath(recipient));
    if (this.#resetDue) await this.reset();
    this.#resetDue = true;
    // RFC 6531 §3.4: said here once for the addresses of the whole transaction.
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

  async send(message: Message): Promise<SendResult> {
    const startedAt = this.#clock.now();
    const content = prepareContent(message.content, message.needsSmtpUtf8);
    const transaction = new Transaction({ ...message, size: content.size }, this.capabilities);
    const endDeadline = this.#conversation.deadline(this.#timeouts.overallMs);
    try {
      if (this.#resetDue) await this.reset();
      await this.#transact(transaction, content.wire);
    } catch (error) {
      this.destroy();
      if (!transaction.lose(error)) throw error;
    } finally {
      endDeadline();
    }
    this.#resetDue = transaction.open;
    if (transaction.closing) this.destroy();
    return { ...transaction.result(), durationMs: this.#clock.now() - startedAt };
  }

  quit(): Promise<void> {
    return this.#conversation.quit();
  }

  destroy(): void {
    this.#conversation.destroy();
  }

  async #transact(transaction: Transaction, content: Buffer): Promise<void> {
    const conversation = this.#conversation;
    for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
      if (want.kind === "commands") {
        conversation.send(want.commands);
      } else if (want.kind === "reply") {
        transaction.take(await conversation.reply(want.to.stage, this.#patience(want.to)));
      } else {
        await this.#sendContent(transaction, content);
      }
    }
  }

  async #sendContent(transaction: Transaction, content: Buffer): Promise<void> {
    const conversation = this.#conversation;
    conversation.assertOpen("message");
    conversation.beginContent(content.length);
    transaction.contentStarted();
    for (let start = 0; start < content.length; start += blockBytes) {
      const isLast = start + blockBytes >= content.length;
      if (isLast) transaction.contentComplete();
      await conversation.sendBlock(content.subarray(start, start + blockBytes), this.#timeouts.blockMs);
      if (isLast) return;
      if (conversation.answered) {
        transaction.takeEarly(await conversation.reply("message", this.#timeouts.finalDotMs));
        return;
      }
      conversation.assertOpen("message");
    }
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

  #broken(stage: Stage, command: string, reply: SmtpReply): PosthornError {
    this.destroy();
    const message = `${this.host}:${this.port} answered ${command} with ${quote(reply)}.`;
    // RFC 5321 §3.8: 421 may answer anything.
    const code = reply.code === 421 ? "smtp.closed" : "smtp.protocol";
    return new PosthornError(code, message, { smtp: { stage, reply } });
  }

  #supported(path: Path): Path {
    if (!path.needsSmtpUtf8 || this.capabilities.smtpUtf8) return path;
    throw new PosthornError(
      "smtp.smtputf8_missing",
      `The address ${path.text} is outside ASCII, and ${this.host}:${this.port} does not support SMTPUTF8. Use another address or relay.`,
      { smtp: { stage: "sender" } },
    );
  }
}
