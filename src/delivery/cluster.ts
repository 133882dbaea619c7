import { newId } from "../core/id.ts";
import type { PoolLimits } from "../smtp/pool/pool.ts";
import type { Store } from "../store/store.ts";
import { listNodes, removeNode, touchNode } from "../store/tables/nodes.ts";

/** A node that was not heard of for so long counts no more. */
const silenceMs = 30_000;

/** A node's standing among those that work on the same database. */
export interface Standing {
  /** From 0 on, in an order that all nodes see alike. */
  readonly rank: number;
  readonly nodes: number;
}

/** The nodes on a shared database, which share what a relay allows. */
export interface Nodes {
  readonly standing: Standing;
  /** Tells that this node lives, and looks for the others. @returns whether its standing has changed. */
  meet(now: number): Promise<boolean>;
  leave(): Promise<void>;
}

export function createNodes(store: Store): Nodes {
  const id = newId(0);
  let standing: Standing = { rank: 0, nodes: 1 };
  return {
    get standing() {
      return standing;
    },
    async meet(now) {
      if (!store.shared) return false;
      await touchNode(store.db, id, now);
      const ids = await listNodes(store.db, now - silenceMs);
      const next = { rank: Math.max(0, ids.indexOf(id)), nodes: Math.max(1, ids.length) };
      const changed = next.rank !== standing.rank || next.nodes !== standing.nodes;
      standing = next;
      return changed;
    },
    async leave() {
      if (!store.shared) return;
      await removeNode(store.db, id);
      await store.transact([store.announcement()]);
    },
  };
}

/**
 * A node's share of the limits of a config. The shares of all nodes add up to the limit: where it is
 * smaller than the number of nodes, some of them do not use this config.
 */
export function shareOf({ maxConnections, maxPerSecond }: PoolLimits, { rank, nodes }: Standing): PoolLimits {
  const share = (whole: number) => Math.floor((whole + rank) / nodes);
  return {
    maxConnections: share(maxConnections),
    maxPerSecond: maxPerSecond === null ? null : share(maxPerSecond),
  };
}
