import type { SendwrightError } from "../core/errors.ts";
import type { Capabilities } from "./capabilities.ts";
import { forwardPath, reversePath } from "./path.ts";
import {
  type Envelope,
  lossOf,
  type RecipientResult,
  smtpUtf8Missing,
  Transaction,
  type TransactionResult,
} from "./transaction.ts";

export interface SendingEnvelope extends Envelope {
  /** Recipients of one transaction at the most, as far as it is known; null for no limit. */
  readonly maxRecipients: number | null;
}

/** What became of a message in all its transactions. */
export interface SendingResult extends TransactionResult {
  /** Recipients that the relay takes in one transaction, if this message showed it. */
  readonly recipientLimit?: number;
}

/**
 * One message in as many transactions as its recipients need (RFC 5321 §4.5.3.1.10), one after the other, without a
 * socket: it gives transactions, and makes one result of theirs.
 */
export class Sending {
  readonly #envelope: SendingEnvelope;
  readonly #capabilities: Capabilities;
  /** In the order of the envelope; null until there is one. */
  readonly #results: (RecipientResult | null)[];
  /** Places in the envelope of those who still need a transaction, in order. */
  #waiting: number[];
  /** Those of the current transaction. */
  #batch: readonly number[] = [];
  #current: Transaction;
  #maxRecipients: number;
  #finished = 0;
  #bodyStarted = false;
  /** What the previous transaction said of the limit, until the current one proves it. */
  #presumedLimit: number | null = null;
  #provenLimit: number | null = null;
  #lost: SendwrightError | null = null;

  /** @throws SendwrightError as `Transaction` does, if none of the recipients can be sent to. */
  constructor(envelope: SendingEnvelope, capabilities: Capabilities) {
    this.#envelope = envelope;
    this.#capabilities = capabilities;
    this.#maxRecipients = envelope.maxRecipients ?? Number.POSITIVE_INFINITY;
    this.#results = leftOut(envelope, capabilities);
    this.#waiting = this.#results.flatMap((result, position) => (result === null ? [position] : []));
    this.#current = this.#begin();
  }

  /** The transaction under way. */
  get transaction(): Transaction {
    return this.#current;
  }

  /** Whether the transaction under way is the last one. Known once its content is due. */
  get isLast(): boolean {
    return this.#waiting.length === 0 && this.#current.overflow.length === 0;
  }

  /** To be called when the transaction under way is over. @returns the next one, or null if there is none. */
  next(): Transaction | null {
    this.#finish();
    if (this.#waiting.length === 0) return null;
    const { stage, reply, recipients } = this.#current.result();
    if (stage === "sender") {
      // The sender is that of all transactions.
      const outcome = recipients[0]?.outcome ?? "temporary";
      for (const position of this.#waiting) this.#set(position, { outcome, reply });
      return null;
    }
    if (this.#current.closing) {
      for (const position of this.#untried()) this.#set(position, { outcome: "temporary", reply });
      return null;
    }
    this.#current = this.#begin();
    return this.#current;
  }

  /**
   * Tells that no more replies will come, and why. What other transactions, or replies before, have decided stays so.
   * @returns false if there is no outcome: then `why` is all there is to say.
   */
  lose(why: unknown): boolean {
    const isFirst = this.#finished === 0;
    const isDecided = this.#current.lose(why);
    if (isFirst && !isDecided) return false;
    this.#finish();
    const untold = !isDecided || this.#waiting.length > 0;
    this.#lost = this.#current.result().lost ?? (untold ? lossOf(why) : null);
    return true;
  }

  result(): SendingResult {
    const { reply, stage } = this.#current.result();
    return {
      recipients: this.#results.map(
        (result, position) =>
          result ?? { address: this.#addressOf(position), outcome: "temporary", reply: null },
      ),
      reply: this.#lost === null ? reply : null,
      stage: this.#lost?.smtp?.stage ?? stage,
      bodyStarted: this.#bodyStarted,
      lost: this.#lost,
      ...(this.#provenLimit === null ? {} : { recipientLimit: this.#provenLimit }),
    };
  }

  #begin(): Transaction {
    this.#batch = this.#waiting.splice(0, this.#maxRecipients);
    const to = this.#batch.map((position) => this.#addressOf(position));
    return new Transaction({ ...this.#envelope, to }, this.#capabilities);
  }

  /** Takes what the current transaction has decided. */
  #finish(): void {
    const { overflow, acceptedRecipients, recipientLimit } = this.#current;
    const { recipients, bodyStarted } = this.#current.result();
    this.#finished++;
    this.#bodyStarted ||= bodyStarted;
    recipients.forEach((result, index) => {
      const position = this.#batch[index];
      if (position !== undefined) this.#results[position] = result;
    });
    // That they were too many is proven once the next transaction has accepted one: 452 may also mean a full mailbox.
    if (acceptedRecipients > 0) this.#provenLimit ??= this.#presumedLimit;
    this.#presumedLimit = recipientLimit;
    this.#maxRecipients = Math.min(this.#maxRecipients, recipientLimit ?? Number.POSITIVE_INFINITY);
    this.#waiting = [...overflow.flatMap((index) => this.#batch[index] ?? []), ...this.#waiting];
  }

  #untried(): readonly number[] {
    return this.#waiting.filter((position) => this.#results[position] === null);
  }

  #set(position: number, result: Pick<RecipientResult, "outcome" | "reply">): void {
    this.#results[position] = { address: this.#addressOf(position), ...result };
  }

  #addressOf(position: number): string {
    return this.#envelope.to[position] ?? "";
  }
}

/**
 * Recipients outside ASCII whom a relay without SMTPUTF8 cannot get, if the message itself and others do without it
 * (RFC 6531 §3.1): they have their outcome, the others are sent. All addresses are checked, also those of later
 * transactions.
 * @throws SendwrightError `address.invalid`
 */
function leftOut(
  { from, to, needsSmtpUtf8 }: Envelope,
  { smtpUtf8 }: Capabilities,
): (RecipientResult | null)[] {
  const none = to.map(() => null);
  if (to.length < 2) return none;
  const paths = to.map(forwardPath);
  if (smtpUtf8 || needsSmtpUtf8 || reversePath(from).needsSmtpUtf8) return none;
  if (paths.every((path) => path.needsSmtpUtf8)) return none;
  return to.map((address, position) =>
    paths[position]?.needsSmtpUtf8 === true
      ? { address, outcome: "permanent", reply: null, error: smtpUtf8Missing() }
      : null,
  );
}
