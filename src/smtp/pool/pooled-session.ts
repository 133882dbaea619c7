import type { Clock } from "../../core/clock.ts";
import type { Connection, Message, SendResult } from "../connection.ts";

/**
 * Messages in a session: one that waits for its last reply, one whose first commands went with the
 * content of that, and one ready to follow. With fewer, the relay would wait for us between messages.
 */
const slotsPerSession = 3;
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

export interface SessionEvents {
  /** It has capacity: it was opened, or a slot was released. */
  onCapacity(session: PooledSession): void;
  onEnd(session: PooledSession): void;
}

/** Who holds a slot in a session. */
export interface SlotHolder {
  /** Its message takes so long that nothing is to wait behind it. */
  readonly isLarge: boolean;
  /** Moves to another session if its message waits here, and nothing of it was sent. @returns whether it did. */
  moveTo(session: PooledSession): boolean;
}

/** One connection, shared by the messages that hold a slot in it. */
export class PooledSession {
  readonly connection: Promise<Connection>;
  /** Resolves when it has ended: retired, every slot released, and closed. */
  readonly over: Promise<void>;
  /** Null while it is being opened, or if it could not be. */
  open: Connection | null = null;
  /** Whether a message was handed over: what ends the session from then on need not be the next one's fault. */
  served = false;
  /** Messages that had their turn: the relay said what becomes of them. */
  finished = 0;
  /** Accepts no more messages. */
  retired = false;
  readonly #clock: Clock;
  readonly #events: SessionEvents;
  /** In the order in which they came. */
  readonly #holders = new Set<SlotHolder>();
  #largeHeld = 0;
  /** Slots acquired since it was opened. */
  #acquired = 0;
  readonly #throughput = new ThroughputEstimate();
  #settleOver = () => {};
  #ending = false;
  #cancelIdle = () => {};

  constructor(connection: Promise<Connection>, clock: Clock, events: SessionEvents) {
    this.connection = connection;
    this.#clock = clock;
    this.#events = events;
    this.over = new Promise((resolve) => {
      this.#settleOver = resolve;
    });
    connection.then(
      (opened) => {
        this.open = opened;
        events.onCapacity(this);
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

  /** Open, and accepts messages. */
  get serves(): boolean {
    return this.open?.usable === true && !this.retired;
  }

  /** Slots held. */
  get held(): number {
    return this.#holders.size;
  }

  /** Whether what comes now would wait behind a large message. */
  get holdsLarge(): boolean {
    return this.#largeHeld > 0;
  }

  /**
   * Free slots: none behind a large message. While it is being opened, there is one alone: should that fail, one
   * message failed.
   */
  get capacity(): number {
    if (this.open === null || !this.serves || this.holdsLarge) return 0;
    const slots = this.open.capabilities.pipelining ? slotsPerSession + this.#throughput.ahead() : 1;
    return Math.max(0, Math.min(slots - this.held, maxMessages - this.#acquired));
  }

  acquire(holder: SlotHolder): void {
    this.#cancelIdle();
    if (holder.isLarge && !this.#holders.has(holder)) this.#largeHeld++;
    this.#holders.add(holder);
    this.#acquired++;
  }

  /**
   * Hands one message that waits here over to a session with capacity: the first one; but a large one only if that
   * session is idle, or it would hold up what is there. @returns whether there was one.
   */
  handOver(to: PooledSession): boolean {
    return [...this.#holders].some((holder) => !(holder.isLarge && to.held > 0) && holder.moveTo(to));
  }

  async send(message: Message): Promise<SendResult> {
    this.served = true;
    const connection = await this.connection;
    const result = await connection.send(message);
    this.#throughput.record(this.#clock.monotonic());
    if (!turnedAway(result)) this.finished++;
    return result;
  }

  release(holder: SlotHolder): void {
    this.#holders.delete(holder);
    if (holder.isLarge) this.#largeHeld--;
    if (this.capacity > 0) this.#events.onCapacity(this);
    if (this.held > 0) return;
    if (!this.serves || this.#acquired >= maxMessages) this.retire();
    else this.#cancelIdle = this.#clock.after(maxIdleMs, () => this.retire());
  }

  /** Hands back what has not begun, accepts no more, and ends when the last slot is released. */
  retire(): void {
    this.retired = true;
    this.#cancelIdle();
    this.open?.withdraw();
    if (this.held > 0 || this.#ending) return;
    this.#ending = true;
    void this.#end();
  }

  async #end(): Promise<void> {
    const connection = this.open ?? (await this.connection.catch(() => null));
    await connection?.quit();
    this.#events.onEnd(this);
    this.#settleOver();
  }
}

/** 421 (RFC 5321 §3.8): the relay ends the session, and has taken nothing of this message. */
export function turnedAway({ recipients, bodyStarted }: SendResult): boolean {
  return !bodyStarted && recipients.every(({ reply, error }) => error !== undefined || reply?.code === 421);
}

/** How fast messages follow each other. */
class ThroughputEstimate {
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds from one message to the next, as a moving average over some ten of them. */
  #intervalMs = Number.POSITIVE_INFINITY;

  record(now: number): void {
    const interval = now - this.#lastAt;
    this.#lastAt = now;
    this.#intervalMs = Number.isFinite(this.#intervalMs) ? this.#intervalMs * 0.9 + interval * 0.1 : interval;
  }

  /** How many messages are sent in `aheadMs`. */
  ahead(): number {
    return Math.min(maxAhead, Math.floor(aheadMs / Math.max(this.#intervalMs, 1)));
  }
}
