import { isSendwrightError } from "../../core/errors.ts";
import { withdrawn } from "../client.ts";
import type { Connection, Message, SendResult } from "../connection.ts";
import { isLarge } from "../content.ts";
import type { Connect, PoolSessions } from "./pool-sessions.ts";
import { type PooledSession, type SlotHolder, turnedAway } from "./pooled-session.ts";

/** How a session ends that the relay, or the network before it, has given up. */
const endings: ReadonlySet<string> = new Set(["smtp.closed", "smtp.timeout", "smtp.protocol"]);
/** A relay that ends session after session, and takes nothing, has a reason: at some point it is the outcome. */
const maxMoves = 3;

/** The slot of one message in a pool: at first reserved, then in a session. */
export class Slot implements SlotHolder {
  readonly isLarge: boolean;
  readonly #sessions: PoolSessions;
  readonly #onReservationEnd: () => void;
  #isReserved = true;
  #session: PooledSession | null = null;
  /** As the session has it; null before. */
  #message: Message | null = null;
  /** While the message waits for a session to be opened: tells that another one takes it. */
  #onMoved: ((to: PooledSession) => void) | null = null;
  #connect: Connect = () => Promise.reject(new TypeError("A slot is opened first."));

  constructor(sessions: PoolSessions, bytes: number, onReservationEnd: () => void) {
    this.isLarge = isLarge(bytes);
    this.#sessions = sessions;
    this.#onReservationEnd = onReservationEnd;
  }

  /** The connection that carries the message, or carried it last; null before there was one. */
  get connection(): Connection | null {
    return this.#session?.open ?? null;
  }

  /**
   * Resolves once there is an open session for the message: one that is there, or a new one.
   * @throws SendwrightError as `connect` does, if no session is open and none could be opened;
   * `smtp.withdrawn` once the pool is closed.
   */
  async open(connect: Connect): Promise<void> {
    this.#connect = connect;
    this.#endReservation();
    if (this.#sessions.isClosed) throw withdrawn();
    await this.#acquireAny();
  }

  /**
   * Sends, as `Connection.send`, after `open`. A session that has served may be over before the message
   * has its turn, or another one may be idle by then; then it goes through another one: nothing of it has been sent.
   */
  async send(message: Message): Promise<SendResult> {
    if (this.#sessions.isClosed) throw withdrawn();
    let current = this.#session ?? (await this.#acquireAny());
    for (let moves = 0; ; ) {
      const { served, finished } = current;
      const mayMove = served && moves < maxMoves;
      try {
        const result = await this.#sendThrough(current, message);
        if (!mayMove || this.#sessions.isClosed || !turnedAway(result)) return result;
      } catch (error) {
        if (this.#sessions.isClosed || !isSendwrightError(error)) throw error;
        if (this.#session !== null && this.#session !== current) {
          current = this.#session;
          continue;
        }
        if (!mayMove || !endings.has(error.code)) throw error;
      }
      // Behind others in a session that ended with them, this message has had no turn yet.
      if (current.finished === finished) moves++;
      current = await this.#acquireAny();
    }
  }

  moveTo(session: PooledSession): boolean {
    if (this.#onMoved !== null) {
      this.#acquire(session);
      this.#onMoved(session);
      return true;
    }
    if (this.#message === null || this.#session?.open?.withdraw(this.#message) !== true) return false;
    this.#acquire(session);
    return true;
  }

  /** Gives the slot to the next message; to be called in any case. */
  release(): void {
    this.#endReservation();
    this.#session?.release(this);
  }

  #endReservation(): void {
    if (this.#isReserved) this.#onReservationEnd();
    this.#isReserved = false;
  }

  #acquire(next: PooledSession): void {
    const previous = this.#session;
    this.#session = next;
    next.acquire(this);
    // In this order, what the release sets in motion sees where the message is.
    if (previous !== next) previous?.release(this);
  }

  async #sendThrough(session: PooledSession, message: Message): Promise<SendResult> {
    const { maxRecipients } = this.#sessions;
    // Its own object in any case, by which the session knows it.
    this.#message = maxRecipients === null ? { ...message } : { ...message, maxRecipients };
    const result = await session.send(this.#message);
    if (result.recipientLimit !== undefined) this.#sessions.limitRecipients(result.recipientLimit);
    return result;
  }

  /** A session that is being opened, once it is; or another one, if that has taken the message over meanwhile. */
  async #opened(session: PooledSession): Promise<PooledSession> {
    if (session.open !== null) return session;
    const { promise, resolve } = Promise.withResolvers<PooledSession>();
    this.#onMoved = resolve;
    try {
      return await Promise.race([session.connection.then(() => session), promise]);
    } finally {
      this.#onMoved = null;
    }
  }

  /** If no session can be added, one of those that are there will do. */
  async #acquireAny(): Promise<PooledSession> {
    for (let next = this.#sessions.any(this.#connect); ; ) {
      this.#acquire(next);
      try {
        const session = await this.#opened(next);
        if (this.#sessions.isClosed) throw withdrawn();
        return session;
      } catch (error) {
        const other = this.#sessions.existing();
        if (this.#sessions.isClosed || other === undefined) throw error;
        next = other;
      }
    }
  }
}
