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
   * Called when the relay waits for the content, before its first byte: the last moment at which nothing
   * has been sent. Where it throws, nothing is, and `send` throws the same; if a recipient was refused by
   * then, it returns that, with the error as `lost`.
   */
  readonly beforeContent?: () => Promise<void> | undefined;
}

export interface SendResult extends TransactionResult {
  /** From when the message had its turn, in milliseconds. */
  readonly durationMs: number;
}

/** A message that has its turn, or waits for it. */
interface Turn {
  readonly message: Message;
  readonly transaction: Transaction;
  readonly content: Buffer;
  /** Its first commands went out with the content of the message before it. */
  announced: boolean;
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: unknown) => void;
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
  /** The message under way, then those that wait for it. */
  readonly #turns: Turn[] = [];
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

  send(message: Message): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const { size, wire } = prepareContent(message.content, message.needsSmtpUtf8);
      const transaction = new Transaction({ ...message, size }, this.capabilities);
      this.#turns.push({ message, transaction, content: wire, announced: false, resolve, reject });
      if (this.#turns.length === 1) void this.#takeTurns();
    });
  }

  get usable(): boolean {
    return this.#conversation.open;
  }

  withdraw(): void {
    const waiting = this.#turns.findIndex((turn, index) => index > 0 && !turn.announced);
    if (waiting === -1) return;
    for (const { reject } of this.#turns.splice(waiting)) {
      reject(withdrawn());
    }
  }

  quit(): Promise<void> {
    return this.#conversation.quit();
  }

  destroy(): void {
    this.#conversation.destroy();
  }

  /** One message after the other; each one's outcome is its own. */
  async #takeTurns(): Promise<void> {
    for (let turn = this.#turns[0]; turn !== undefined; turn = this.#turns[0]) {
      await this.#takeTurn(turn);
      this.#turns.shift();
    }
  }

  async #takeTurn(turn: Turn): Promise<void> {
    const startedAt = this.#clock.now();
    const { transaction } = turn;
    const endDeadline = this.#conversation.deadline(this.#timeouts.overallMs);
    try {
      if (this.#resetDue && !turn.announced) await this.reset();
      await this.#transact(turn);
    } catch (error) {
      this.destroy();
      if (!transaction.lose(error)) return turn.reject(error);
    } finally {
      endDeadline();
    }
    this.#resetDue = transaction.open;
    if (transaction.closing) this.destroy();
    turn.resolve({ ...transaction.result(), durationMs: this.#clock.now() - startedAt });
  }

  async #transact(turn: Turn): Promise<void> {
    const { transaction } = turn;
    const conversation = this.#conversation;
    for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
      if (want.kind === "commands") {
        conversation.send(want.commands);
      } else if (want.kind === "reply") {
        transaction.take(await conversation.reply(want.to.stage, this.#patience(want.to)));
      } else {
        const allowed = turn.message.beforeContent?.();
        if (allowed !== undefined) await allowed;
        await this.#sendContent(turn);
      }
    }
  }

  async #sendContent({ transaction, content }: Turn): Promise<void> {
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
   * The first commands of the message that waits, to go out with the content of the one before it. RFC
   * 2920 §3.1 lets a group begin with content and end with DATA: so each message takes one round trip.
   */
  #announce(): readonly Command[] {
    const [, next] = this.#turns;
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

/** What a message is told that was taken back before anything of it was sent. */
export function withdrawn(): SendwrightError {
  return new SendwrightError("smtp.withdrawn", "The message was taken back before it was sent.");
}
