import type { Clock } from "../../core/clock.ts";
import { isSendwrightError } from "../../core/errors.ts";
import { withdrawn } from "../client.ts";
import type { Connection, Message, SendResult } from "../connection.ts";
import { PooledSession, turnedAway } from "./pooled-session.ts";
import { createQuota } from "./rate-limit.ts";

/** How much one relay may be asked to bear. With a limit of 0 there is never room. */
export interface PoolLimits {
  readonly maxConnections: number;
  /** Messages that begin in any one second; null is unlimited. */
  readonly maxPerSecond: number | null;
}

export interface PoolParts {
  readonly clock: Clock;
  readonly limits: PoolLimits;
  /** Called when there may be more room than before. */
  readonly onRoom: () => void;
}

export type Connect = () => Promise<Connection>;

/** The place of one message in a pool: at first kept free, then in a session. */
export interface Place {
  /**
   * Resolves once there is an open session for it: one that is there, or a new one.
   * @throws SendwrightError as `connect` does, where no session is open and none could be opened;
   * `smtp.withdrawn` once the pool is closed.
   */
  open(connect: Connect): Promise<void>;
  /**
   * Sends, as `Connection.send`, after `open`. A session that has served may be over before the message
   * has its turn; then it goes through another one: nothing of it has been sent.
   */
  send(message: Message): Promise<SendResult>;
  /** The connection that carries it, or carried it last; null before there was one. */
  readonly connection: Connection | null;
  /** Makes room for the next message; to be called in any case. */
  release(): void;
}

/** Sessions with one relay, kept open between messages. */
export interface Pool {
  /** How many places may be taken now. */
  room(): number;
  /** When there will be room, where time alone is in the way; else null. */
  roomAt(): number | null;
  take(): Place;
  /** Connections that are open or being opened, also those that are saying goodbye. */
  readonly size: number;
  /** Hands back every message that has not begun: its `send` throws `smtp.withdrawn`. */
  withdraw(): void;
  /**
   * Hands back every message that has not begun, and says goodbye on each
   * session as soon as what has begun is done.
   */
  close(): Promise<void>;
}

/** Relays that limit the connections of a client refuse those beyond: so long we try no more of them. */
const ceilingMs = 60_000;

/** How a session ends that the relay, or the way to it, has given up. */
const endings: ReadonlySet<string> = new Set(["smtp.closed", "smtp.timeout", "smtp.protocol"]);
/** A relay that ends session after session, and takes nothing, has a reason: at some point it is the outcome. */
const maxMoves = 3;

export function createPool({ clock, limits, onRoom }: PoolParts): Pool {
  const quota = createQuota(limits.maxPerSecond);
  const sessions = new Set<PooledSession>();
  let ceiling = limits.maxConnections;
  let liftCeiling = () => {};
  /** Whether the relay was reached lately: until it is, one message goes ahead alone. */
  let proven = false;
  let closed = false;
  /** Places that were taken and have no session yet. */
  let reserved = 0;

  /** The dead are waited for only by their last messages. */
  const live = () => [...sessions].filter((session) => !session.dead);
  const least = (some: readonly PooledSession[]) => [...some].sort((a, b) => a.taken - b.taken)[0];

  function begin(connect: Connect): PooledSession {
    const session = new PooledSession(connect(), clock, () => {
      sessions.delete(session);
      onRoom();
    });
    sessions.add(session);
    session.connection.then(
      () => {
        proven = true;
        onRoom();
      },
      () => {
        const others = live().filter((other) => !other.retired).length;
        proven = others > 0;
        if (proven) lower(others);
      },
    );
    return session;
  }

  /** What is open works; one more did not. */
  function lower(to: number): void {
    ceiling = to;
    liftCeiling();
    liftCeiling = clock.after(ceilingMs, () => {
      ceiling = limits.maxConnections;
      onRoom();
    });
  }

  /**
   * A session that is free, a new one, or the least busy one: in this order messages wait least. Where
   * none has room, as when another one was just lost, the message waits behind others.
   */
  function anySession(connect: Connect): PooledSession {
    const open = live();
    const free = least(open.filter((session) => session.room > 0));
    if (free?.taken === 0) return free;
    if (open.length < ceiling) return begin(connect);
    const busy = free ?? least(open.filter((session) => !session.retired));
    // For the relay a session is there until its goodbye is over.
    return busy ?? begin(() => Promise.race(open.map(({ over }) => over)).then(connect));
  }

  function places(): number {
    if (closed || limits.maxConnections === 0 || limits.maxPerSecond === 0) return 0;
    const open = live();
    const free = open.reduce((sum, session) => sum + session.room, 0);
    if (proven) return free + Math.max(0, ceiling - open.length) - reserved;
    return (open.length === 0 ? 1 : free) - reserved;
  }

  return {
    room: () => Math.max(0, Math.min(places(), quota.left(clock.now()))),

    roomAt() {
      const now = clock.now();
      return places() > 0 && quota.left(now) === 0 ? quota.nextAt(now) : null;
    },

    take() {
      quota.take(clock.now());
      reserved++;
      let isReserved = true;
      let session: PooledSession | null = null;
      let connect: Connect = () => Promise.reject(new TypeError("A place is opened first."));

      function endReservation(): void {
        if (isReserved) reserved--;
        isReserved = false;
      }

      function enter(next: PooledSession): void {
        session?.leave();
        session = next;
        next.enter();
      }

      /** Where no session can be added, one of those that are there will do, also one that is being opened. */
      async function enterAny(): Promise<PooledSession> {
        for (let next = anySession(connect); ; ) {
          enter(next);
          try {
            await next.connection;
            if (closed) throw withdrawn();
            return next;
          } catch (error) {
            const others = live().filter((other) => !other.retired);
            const other = least(others.filter(({ serves }) => serves)) ?? least(others);
            if (closed || other === undefined) throw error;
            next = other;
          }
        }
      }

      return {
        async open(how) {
          connect = how;
          endReservation();
          if (closed) throw withdrawn();
          await enterAny();
        },
        async send(message) {
          if (closed) throw withdrawn();
          let current = session ?? (await enterAny());
          for (let moves = 0; ; ) {
            const { served, finished } = current;
            const mayMove = served && moves < maxMoves;
            try {
              const result = await current.send(message);
              if (!mayMove || closed || !turnedAway(result)) return result;
            } catch (error) {
              if (!mayMove || closed || !isSendwrightError(error) || !endings.has(error.code)) throw error;
            }
            // Behind others in a session that ended with them, this message has had no turn yet.
            if (current.finished === finished) moves++;
            current = await enterAny();
          }
        },
        get connection() {
          return session?.open ?? null;
        },
        release() {
          endReservation();
          session?.leave();
        },
      };
    },

    get size() {
      return live().length;
    },

    withdraw() {
      for (const session of sessions) session.open?.withdraw();
    },

    async close() {
      closed = true;
      liftCeiling();
      const ending = [...sessions];
      for (const session of ending) session.retire();
      await Promise.all(ending.map((session) => session.over));
    },
  };
}
