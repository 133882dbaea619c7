import { newId } from "../core/id.ts";
import type { PoolLimits } from "../smtp/pool/pool.ts";
import type { Store } from "../store/store.ts";
import { listNodes, removeNode, touchNode } from "../store/tables/nodes.ts";

/** A node without a heartbeat for so long counts no more. */
const silenceMs = 30_000;

/** A node's membership among those that work on the same database. */
export interface Membership {
  /** From 0 on, in an order that all nodes see alike. */
  readonly rank: number;
  readonly nodes: number;
}

/** The nodes on a shared database, which share what a relay allows. */
export class Cluster {
  readonly #store: Store;
  readonly #maySend: () => boolean;
  readonly #id = newId(0);
  #membership: Membership = { rank: 0, nodes: 1 };

  /** @param maySend whether this node may send: one whose key does not fit takes no share from the others. */
  constructor(store: Store, maySend = () => true) {
    this.#store = store;
    this.#maySend = maySend;
  }

  /** As of the latest heartbeat. */
  get membership(): Membership {
    return this.#membership;
  }

  /** Shows that this node lives, and reads which others do. @returns whether the membership has changed. */
  async heartbeat(now: number): Promise<boolean> {
    if (!this.#store.shared) return false;
    if (this.#maySend()) await touchNode(this.#store.db, this.#id, now);
    const ids = await listNodes(this.#store.db, now - silenceMs);
    const { rank, nodes } = this.#membership;
    this.#membership = { rank: Math.max(0, ids.indexOf(this.#id)), nodes: Math.max(1, ids.length) };
    return this.#membership.rank !== rank || this.#membership.nodes !== nodes;
  }

  async leave(): Promise<void> {
    if (!this.#store.shared) return;
    await removeNode(this.#store.db, this.#id);
    await this.#store.transact([this.#store.announcement()]);
  }
}

/**
 * A node's share of the limits of a config. The shares of all nodes add up to the limit: if it is
 * smaller than the number of nodes, some of them do not use this config.
 */
export function shareOf(
  { maxConnections, maxPerSecond }: PoolLimits,
  { rank, nodes }: Membership,
): PoolLimits {
  const share = (whole: number) => Math.floor((whole + rank) / nodes);
  return {
    maxConnections: share(maxConnections),
    maxPerSecond: maxPerSecond === null ? null : share(maxPerSecond),
  };
}
