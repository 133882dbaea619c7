import type { Clock } from "../../core/clock.ts";
import type { Connection, Message, SendResult } from "../connection.ts";

/**
 * Messages in a session: one that waits for its last reply, one whose first commands went with the
 * content of that, and one ready to follow. With fewer, the relay would wait for us between messages.
 */
const placesPerSession = 3;
/**
 * A fast session is handed what it sends in this time, so that it goes on while more is fetched; not more,
 * or what is urgent would wait behind it.
 */
const aheadMs = 20;
const maxAhead = 12;
/** Relays that count messages end a session at 100 or later; opening one costs some round trips. */
const maxMessages = 100;
/** Longer than a burst pauses, shorter than relays wait before they hang up. */
const maxIdleMs = 10_000;

/** One connection, shared by the messages that have a place in it. */
export class PooledSession {
  readonly connection: Promise<Connection>;
  /** Resolves when it has ended: retired, left by all, and closed. */
  readonly over: Promise<void>;
  /** Null while it is being opened, or if it could not be. */
  open: Connection | null = null;
  /** Places taken. */
  taken = 0;
  /** Whether a message was handed over: what ends the session from then on need not be the next one's fault. */
  served = false;
  /** Messages that had their turn: the relay said what becomes of them. */
  finished = 0;
  /** Takes no more messages. */
  retired = false;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #entered = 0;
  readonly #pace = new Pace();
  #settleOver = () => {};
  #ending = false;
  #cancelIdle = () => {};

  constructor(connection: Promise<Connection>, clock: Clock, onEnd: () => void) {
    this.connection = connection;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.over = new Promise((resolve) => {
      this.#settleOver = resolve;
    });
    connection.then(
      (opened) => {
        this.open = opened;
      },
      () => {
        this.retired = true;
      },
    );
  }

  /** The connection is over. */
  get dead(): boolean {
    return this.open?.usable === false;
  }

  /** Open, and takes messages. */
  get serves(): boolean {
    return this.open?.usable === true && !this.retired;
  }

  /** Places left. While it is being opened, there is one alone: should that fail, one message failed. */
  get room(): number {
    if (this.open === null || !this.serves) return 0;
    const places = this.open.capabilities.pipelining ? placesPerSession + this.#pace.ahead() : 1;
    return Math.max(0, Math.min(places - this.taken, maxMessages - this.#entered));
  }

  enter(): void {
    this.#cancelIdle();
    this.taken++;
    this.#entered++;
  }

  async send(message: Message): Promise<SendResult> {
    this.served = true;
    const connection = await this.connection;
    const result = await connection.send(message);
    this.#pace.note(this.#clock.now());
    if (!turnedAway(result)) this.finished++;
    return result;
  }

  leave(): void {
    this.taken--;
    if (this.taken > 0) return;
    if (!this.serves || this.#entered >= maxMessages) this.retire();
    else this.#cancelIdle = this.#clock.after(maxIdleMs, () => this.retire());
  }

  /** Hands back what has not begun, takes no more, and ends when the last message has left. */
  retire(): void {
    this.retired = true;
    this.#cancelIdle();
    this.open?.withdraw();
    if (this.taken > 0 || this.#ending) return;
    this.#ending = true;
    void this.#end();
  }

  async #end(): Promise<void> {
    const connection = this.open ?? (await this.connection.catch(() => null));
    await connection?.quit();
    this.#onEnd();
    this.#settleOver();
  }
}

/** 421 (RFC 5321 §3.8): the relay ends the session, and has taken nothing of this message. */
export function turnedAway({ recipients, bodyStarted }: SendResult): boolean {
  return !bodyStarted && recipients.every(({ reply }) => reply?.code === 421);
}

/** How fast messages follow each other. */
class Pace {
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds from one message to the next, as a moving average over some ten of them. */
  #intervalMs = Number.POSITIVE_INFINITY;

  note(now: number): void {
    const interval = now - this.#lastAt;
    this.#lastAt = now;
    this.#intervalMs = Number.isFinite(this.#intervalMs) ? this.#intervalMs * 0.9 + interval * 0.1 : interval;
  }

  /** How many messages are sent in `aheadMs`. */
  ahead(): number {
    return Math.min(maxAhead, Math.floor(aheadMs / Math.max(this.#intervalMs, 1)));
  }
}
