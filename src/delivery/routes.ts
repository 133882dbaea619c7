import type { Clock } from "../core/clock.ts";
import { Pool } from "../smtp/pool/pool.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Db } from "../store/schema.ts";
import type { Step } from "../store/step.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type Cluster, shareOf } from "./cluster.ts";

/** The route through one config, for as long as its settings and this node's share of them stay as they are. */
export interface Route {
  /** As read last: its breaker may have changed. */
  config: SmtpConfig;
  readonly pool: Pool;
  /** Emails that are being sent through it. */
  underWay: number;
  /** Attempts in a row that failed although the relay answered. */
  consecutiveFailures: number;
  /** The config is gone, or belongs to another route now. */
  ended: boolean;
  /** A cooldown that was decided here, until the config is read again with it; else null. */
  cooldown: LocalCooldown | null;
}

interface LocalCooldown {
  written: boolean;
}

/** Whether the breaker was open and the config has yet to show that it has recovered. */
export function isHalfOpen({ config }: Route): boolean {
  return config.health.breaker.state === "open";
}

export interface RoutesDependencies {
  readonly db: Db;
  readonly configSource: ConfigSource;
  readonly cluster: Pick<Cluster, "membership">;
  readonly clock: Clock;
  /** Called when there may be more capacity than before. */
  readonly onCapacity: () => void;
}

/** The routes of the configs that are on. */
export class Routes {
  readonly #dependencies: RoutesDependencies;
  readonly #routes = new Map<string, Route>();
  /** Readings are numbered as they begin; of those that have come, the newest one counts. */
  #begun = 0;
  #newest = 0;
  #known: readonly SmtpConfig[] = [];
  /** Of routes that have ended, each until its last session has. */
  readonly #closing = new Map<Pool, Promise<void>>();

  constructor(dependencies: RoutesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The route of a config as it is now, whatever its breaker says. */
  of(config: SmtpConfig): Route {
    const key = this.#keyOf(config);
    const known = this.#routes.get(key);
    if (known !== undefined) {
      known.config = config;
      return known;
    }
    const { clock, cluster, onCapacity } = this.#dependencies;
    const route = {
      config,
      pool: new Pool({ clock, limits: shareOf(config.settings, cluster.membership), onCapacity }),
      underWay: 0,
      consecutiveFailures: 0,
      ended: false,
      cooldown: null,
    };
    this.#routes.set(key, route);
    return route;
  }

  /**
   * Reads the configs that are on, in their order, as a part of a transaction, and ends the routes of those
   * that are gone or were changed. What was read earlier but comes later changes nothing: the result is that of the
   * newest reading.
   */
  reading(): Step<readonly SmtpConfig[]> {
    const number = ++this.#begun;
    const written = [...this.#routes.values()].flatMap((route) => {
      const { cooldown } = route;
      return cooldown?.written ? [{ route, cooldown }] : [];
    });
    const { db, configSource } = this.#dependencies;
    const { queries, read } = configSource.listStep(db);
    return {
      queries,
      read: (results) => {
        if (number < this.#newest) return this.#known;
        this.#newest = number;
        const configs = read(results).filter(({ settings }) => settings.enabled);
        this.#known = configs;
        for (const { route, cooldown } of written) {
          if (route.cooldown === cooldown) route.cooldown = null;
        }
        this.#endAllBut(configs);
        for (const config of configs) this.of(config);
        return configs;
      },
    };
  }

  /** Whether a config may be used now. */
  isUsable(config: SmtpConfig): boolean {
    const breaker = openBreakerAt(config.health, this.#dependencies.clock.now());
    return breaker === null && this.of(config).cooldown === null;
  }

  /** How many more emails the route accepts now. One that is half-open is tried with one. */
  capacity(route: Route): number {
    const capacity = route.pool.capacity();
    return isHalfOpen(route) ? Math.max(0, Math.min(capacity, 1 - route.underWay)) : capacity;
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

  /** The version is that of the settings; the seal also shows a change that was made in the database. */
  #keyOf({ id, revision, secret }: SmtpConfig): string {
    const { rank, nodes } = this.#dependencies.cluster.membership;
    return `${id} ${revision.version} ${secret.seal} ${rank} ${nodes}`;
  }

  #endAllBut(configs: readonly SmtpConfig[]): void {
    const keys = new Set(configs.map((config) => this.#keyOf(config)));
    for (const [key, route] of this.#routes) {
      if (keys.has(key)) continue;
      route.ended = true;
      this.#routes.delete(key);
      this.#end(route);
    }
  }

  #end({ pool }: Route): void {
    this.#closing.set(
      pool,
      pool.close().finally(() => this.#closing.delete(pool)),
    );
  }
}
