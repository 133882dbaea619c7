import type { Clock } from "../../core/clock.ts";
import type { Connection } from "../connection.ts";
import { PooledSession } from "./pooled-session.ts";

/** Relays that limit the connections of a client refuse those beyond: so long no more of them are tried. */
const ceilingMs = 60_000;

export type Connect = () => Promise<Connection>;

export interface PoolSessionsDependencies {
  readonly clock: Clock;
  readonly maxConnections: number;
  /** Called when there may be more capacity than before. */
  readonly onCapacity: () => void;
}

/** The sessions of a pool: which one a message gets, and how many the relay bears. */
export class PoolSessions {
  readonly #dependencies: PoolSessionsDependencies;
  readonly #sessions = new Set<PooledSession>();
  #ceiling: number;
  #cancelCeiling = () => {};
  /** Whether the relay was reached lately: until it is, one message goes ahead alone. */
  #isReachable = false;
  #isClosed = false;
  #maxRecipients: number | null = null;

  constructor(dependencies: PoolSessionsDependencies) {
    this.#dependencies = dependencies;
    this.#ceiling = dependencies.maxConnections;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many recipients the relay takes in one transaction, as far as messages have shown it; else null. */
  get maxRecipients(): number | null {
    return this.#maxRecipients;
  }

  /** Notes that the relay takes no more recipients in one transaction. */
  limitRecipients(to: number): void {
    this.#maxRecipients = Math.min(to, this.#maxRecipients ?? to);
  }

  /** Connections that are open or being opened, also those that are saying goodbye. */
  get size(): number {
    return this.#live().length;
  }

  /** How many messages there is a slot for, in these sessions and in those that may be opened. */
  get capacity(): number {
    if (this.#isClosed || this.#dependencies.maxConnections === 0) return 0;
    const open = this.#live();
    const free = open.reduce((sum, session) => sum + session.capacity, 0);
    if (this.#isReachable) return free + Math.max(0, this.#ceiling - open.length);
    return open.length === 0 ? 1 : free;
  }

  /**
   * A session that is free, a new one, or the least busy one: in this order messages wait least. If none has
   * capacity, as when another one was just lost, the message waits behind others.
   */
  any(connect: Connect): PooledSession {
    const open = this.#live();
    const free = leastBusy(open.filter((session) => session.capacity > 0));
    if (free?.held === 0) return free;
    if (open.length < this.#ceiling) return this.#open(connect);
    const busy = free ?? leastBusy(open.filter((session) => !session.retired));
    // For the relay a session is there until its goodbye is over.
    return busy ?? this.#open(() => Promise.race(open.map(({ over }) => over)).then(connect));
  }

  /** The session to use when none can be added: the least busy one, also one that is being opened. */
  existing(): PooledSession | undefined {
    const others = this.#live().filter((session) => !session.retired);
    return leastBusy(others.filter(({ serves }) => serves)) ?? leastBusy(others);
  }

  /** Hands back every message that has not begun. */
  withdraw(): void {
    for (const session of this.#sessions) session.open?.withdraw();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCeiling();
    const ending = [...this.#sessions];
    for (const session of ending) session.retire();
    await Promise.all(ending.map((session) => session.over));
  }

  /** Without the dead ones: only their last messages wait for those. */
  #live(): readonly PooledSession[] {
    return [...this.#sessions].filter((session) => !session.dead);
  }

  #open(connect: Connect): PooledSession {
    const { clock, onCapacity } = this.#dependencies;
    const session = new PooledSession(connect(), clock, {
      onCapacity: (free) => this.#takeOver(free),
      onEnd: (ended) => {
        this.#sessions.delete(ended);
        onCapacity();
      },
    });
    this.#sessions.add(session);
    session.connection.then(
      () => {
        this.#isReachable = true;
        onCapacity();
      },
      () => {
        const others = this.#live().filter((other) => !other.retired).length;
        this.#isReachable = others > 0;
        if (this.#isReachable) this.#lowerCeiling(others);
      },
    );
    return session;
  }

  /**
   * A session with capacity takes over what waits in others, also for them to be opened: if it is idle, whatever it is;
   * else what waits behind a large message.
   */
  #takeOver(free: PooledSession): void {
    if (this.#isClosed) return;
    const waitsIn = (other: PooledSession) => other !== free && other.held > (other.open === null ? 0 : 1);
    for (const other of this.#live().filter(waitsIn)) {
      while (free.capacity > 0 && (free.held === 0 || other.holdsLarge) && other.handOver(free));
    }
  }

  /** What is open works; one more did not. */
  #lowerCeiling(to: number): void {
    const { clock, maxConnections, onCapacity } = this.#dependencies;
    this.#ceiling = to;
    this.#cancelCeiling();
    this.#cancelCeiling = clock.after(ceilingMs, () => {
      this.#ceiling = maxConnections;
      onCapacity();
    });
  }
}

/** By the messages in it; a large one is more than any number of others. */
function leastBusy(sessions: readonly PooledSession[]): PooledSession | undefined {
  return [...sessions].sort((a, b) => Number(a.holdsLarge) - Number(b.holdsLarge) || a.held - b.held)[0];
}
