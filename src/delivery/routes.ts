import type { Clock } from "../core/clock.ts";
import { Pool } from "../smtp/pool/pool.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Db } from "../store/schema.ts";
import type { Step } from "../store/step.ts";
import type { Breaker } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type Cluster, shareOf } from "./cluster.ts";
import { ConfigBreakers } from "./config-breakers.ts";

/** The way through one config, for as long as its settings and this node's share of them stay as they are. */
export interface Route {
  /** As read last. */
  config: SmtpConfig;
  readonly pool: Pool;
  readonly breakers: ConfigBreakers;
  /** Emails that are being sent through it. */
  underWay: number;
  /** The config is gone, or belongs to another route now. */
  ended: boolean;
}

/** How many more emails a route accepts now. */
export function capacityOf({ breakers, pool, underWay }: Route): number {
  const { permission } = breakers;
  if (permission === "none" || permission === "trial") return 0;
  return permission === "all" ? pool.capacity() : Math.max(0, Math.min(pool.capacity(), 1 - underWay));
}

export interface RoutesDependencies {
  readonly db: Db;
  readonly configSource: ConfigSource;
  readonly cluster: Pick<Cluster, "membership">;
  readonly clock: Clock;
  /** Called when there may be more capacity than before. */
  readonly onCapacity: () => void;
  /** Whether this node has the key of a config; what it cannot open is left to the other nodes. */
  readonly canOpen: (config: SmtpConfig) => boolean;
}

/** A change of a breaker that is still to be stored. */
export interface UnstoredBreaker {
  readonly config: SmtpConfig;
  readonly breaker: Breaker;
  /** To be called once it is. */
  stored(): void;
}

/** What is wrong with this node, as a config shows it that others may well be able to use. */
export interface NodeFault {
  readonly configId: string;
  readonly reason: string;
}

/** The routes of the configs that are on. */
export class Routes {
  readonly #dependencies: RoutesDependencies;
  readonly #routes = new Map<string, Route>();
  /** Readings are numbered as they begin; of those that have come, the newest one counts. */
  #begun = 0;
  #newest = 0;
  #inOrder: readonly Route[] = [];
  #hasEnded = true;
  /** Of routes that have ended, each until its last session has. */
  readonly #closing = new Map<Pool, Promise<void>>();

  constructor(dependencies: RoutesDependencies) {
    this.#dependencies = dependencies;
  }

  /** In the order in which they are tried, as of the newest reading. */
  get inOrder(): readonly Route[] {
    return this.#inOrder;
  }

  /** Whether a version of a config has gone since `endSeen`, or may have before the start. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  endSeen(): void {
    this.#hasEnded = false;
  }

  /**
   * Reads the configs that are on, as a part of a transaction, and ends the routes of those that are gone or were
   * changed. What was read earlier but comes later changes nothing.
   */
  reading(): Step<void> {
    const number = ++this.#begun;
    const { db, configSource, canOpen } = this.#dependencies;
    const { queries, read } = configSource.listStep(db);
    return {
      queries,
      read: (results) => {
        const configs = read(results).filter((config) => config.settings.enabled && canOpen(config));
        if (number < this.#newest) return;
        this.#newest = number;
        this.#adopt(configs, number);
      },
    };
  }

  /**
   * Begins the trials that are due on a route. Of several nodes one tries a config.
   * @throws SendwrightError `store.unavailable`
   */
  async beginTrials({ config, breakers }: Route): Promise<void> {
    const { db, configSource } = this.#dependencies;
    const until = breakers.trialEnd();
    for (const owner of breakers.trialsDue()) {
      const { shared } = breakers;
      const isOurs =
        owner === "node" ||
        // A change that is not stored yet is known to this node alone.
        breakers.unstored !== null ||
        (shared.state !== "closed" && (await configSource.beginTrial(db, config, shared, until)));
      if (isOurs) breakers.trialBegan(owner, until);
    }
  }

  /** Whether an email that this config does not send may go through another one now. */
  hasFallback({ id }: SmtpConfig): boolean {
    return this.#inOrder.some(({ config, breakers }) => config.id !== id && breakers.permission !== "none");
  }

  unstoredBreakers(): readonly UnstoredBreaker[] {
    return this.#inOrder.flatMap(({ config, breakers }) => {
      const breaker = breakers.unstored;
      if (breaker === null) return [];
      return [{ config, breaker, stored: () => breakers.stored(breaker, this.#begun + 1) }];
    });
  }

  nodeFaults(): readonly NodeFault[] {
    return this.#inOrder.flatMap(({ config, breakers }) => {
      const reason = breakers.nodeFault;
      return reason === null ? [] : [{ configId: config.id, reason }];
    });
  }

  /** Connections of all routes, also of those that have ended and are not done yet. */
  sessions(): number {
    const pools = [...this.#routes.values()].map(({ pool }) => pool);
    return [...pools, ...this.#closing.keys()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Ends all routes. Resolves when the last session is over. */
  async close(): Promise<void> {
    for (const route of this.#routes.values()) this.#end(route);
    await Promise.all(this.#closing.values());
  }

  #adopt(configs: readonly SmtpConfig[], reading: number): void {
    const before = new Map(this.#inOrder.map(({ config, breakers }) => [versionOf(config), breakers]));
    const inOrder = configs.map((config) => {
      const breakers = before.get(versionOf(config)) ?? new ConfigBreakers(this.#dependencies.clock);
      breakers.adopt(config.health.breaker, reading);
      return this.#routeOf(config, breakers);
    });
    const versions = new Set(configs.map(versionOf));
    if ([...before.keys()].some((version) => !versions.has(version))) this.#hasEnded = true;
    for (const [key, route] of this.#routes) {
      if (inOrder.includes(route)) continue;
      this.#routes.delete(key);
      this.#end(route);
    }
    this.#inOrder = inOrder;
  }

  #routeOf(config: SmtpConfig, breakers: ConfigBreakers): Route {
    const { clock, cluster, onCapacity } = this.#dependencies;
    const { rank, nodes } = cluster.membership;
    const key = `${versionOf(config)} ${rank} ${nodes}`;
    const known = this.#routes.get(key);
    if (known !== undefined) {
      known.config = config;
      return known;
    }
    const limits = shareOf(config.settings, cluster.membership);
    const pool = new Pool({ clock, limits, onCapacity });
    const route = { config, pool, breakers, underWay: 0, ended: false };
    this.#routes.set(key, route);
    return route;
  }

  #end(route: Route): void {
    const { pool } = route;
    route.ended = true;
    this.#closing.set(
      pool,
      pool.close().finally(() => this.#closing.delete(pool)),
    );
  }
}

/** The version is that of the settings; the seal also shows a change that was made in the database. */
function versionOf({ id, revision, secret }: SmtpConfig): string {
  return `${id} ${revision.version} ${secret.seal}`;
}
