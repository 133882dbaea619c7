import type { Clock } from "../core/clock.ts";
import { Pool } from "../smtp/pool/pool.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Db } from "../store/schema.ts";
import type { Step } from "../store/step.ts";
import { refusalOf } from "../store/tables/email-claims.ts";
import type { RoutingRule } from "../store/tables/email-routing.ts";
import type { AttemptRoute } from "../store/tables/emails.ts";
import type { Breaker } from "../store/tables/smtp-config-health.ts";
import { noUsage, type Usage, usageLimits, usageStep } from "../store/tables/smtp-config-usage.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type Cluster, shareOf } from "./cluster.ts";
import { ConfigBreakers } from "./config-breakers.ts";
import { limitedUntil, recipientsLeft } from "./limits.ts";
import {
  type Availability,
  candidatesFor,
  homeOf,
  type RoutedConfig,
  type RoutedEmail,
  reasonFor,
  sendsAsItself,
} from "./router.ts";

/** The way through one config, for as long as its settings and this node's share of them stay as they are. */
export interface Route {
  /** As read last. */
  config: SmtpConfig;
  readonly pool: Pool;
  readonly breakers: ConfigBreakers;
  /** What the config has used, as read last, for limits over more than a second. */
  usage: Usage;
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
  /** Whether a config leads to the built-in sandbox. */
  readonly isSandbox: (config: SmtpConfig) => boolean;
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
  /** The same as the router sees them. */
  #configs: readonly RoutedConfig[] = [];
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

  /** The configs of `inOrder`, as the router sees them. */
  get configs(): readonly RoutedConfig[] {
    return this.#configs;
  }

  /** What emails are noted as refused by, if every config has that may send what others do not. */
  get refusals(): readonly string[] {
    return this.#configs.filter(({ isSandbox }) => !isSandbox).map(({ refusal }) => refusal);
  }

  /** Whether a config can be used now, for more than one email that tries it. */
  availabilityOf({ id }: Pick<RoutedConfig, "id">): Availability {
    const route = this.#inOrder.find(({ config }) => config.id === id);
    const now = this.#dependencies.clock.now();
    if (route?.breakers.permission !== "all") {
      const endsInMs = route?.breakers.endsInMs ?? null;
      return { state: "unavailable", because: "paused", until: endsInMs === null ? null : now + endsInMs };
    }
    const limits = usageLimits(route.config.settings);
    const until = limitedUntil(limits, route.usage, now);
    if (until !== null) return { state: "unavailable", because: "limit", until };
    const recipients = recipientsLeft(limits, route.usage);
    return recipients === null ? { state: "available" } : { state: "available", recipients };
  }

  /** Which emails go through a route now; null if it has ended. */
  ruleFor(route: Route): RoutingRule | null {
    const taker = this.#inOrder.indexOf(route);
    if (taker === -1) return null;
    const availabilities = this.#configs.map((config) => this.availabilityOf(config));
    const usable = availabilities.map(({ state }) => state === "available");
    const rooms = availabilities.map((each) =>
      each.state === "available" ? (each.recipients ?? null) : null,
    );
    return { configs: this.#configs, taker, usable, rooms };
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
    const { db, configSource, canOpen, clock } = this.#dependencies;
    const { queries, read } = configSource.listStep(db);
    // Until a limit is known of, the database keeps it: a claim takes no more than is allowed.
    const isLimited = this.#inOrder.some(({ config }) => usageLimits(config.settings).length > 0);
    const usage = isLimited ? [usageStep(db, clock.now())] : [];
    return {
      queries: [...queries, ...usage.flatMap((step) => step.queries)],
      read: (results) => {
        const configs = read(results).filter((config) => config.settings.enabled && canOpen(config));
        if (number < this.#newest) return;
        this.#newest = number;
        this.#adopt(configs, number);
        const used = usage[0]?.read(results.slice(queries.length));
        for (const route of this.#inOrder) route.usage = used?.get(route.config.id) ?? noUsage;
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
  hasFallback(email: RoutedEmail, { id }: SmtpConfig): boolean {
    const others = this.#othersFor(email, id);
    return this.#inOrder.some(
      ({ config, breakers }) => breakers.permission !== "none" && others.has(config.id),
    );
  }

  /** Whether another config may send an email, whatever its breaker says now. */
  hasCandidate(email: RoutedEmail, { id }: SmtpConfig): boolean {
    return this.#othersFor(email, id).size > 0;
  }

  /** Why an email goes through a config; what was claimed for a route that has ended is not sent. */
  reasonFor(email: RoutedEmail, { id }: SmtpConfig): AttemptRoute {
    const config = this.#configs.find((each) => each.id === id);
    if (config === undefined) return { by: "first" };
    return reasonFor(email, config, this.#configs, (each) => this.availabilityOf(each));
  }

  /** The config that an email belongs to, and whether another one stands in for that. */
  placeOf(email: RoutedEmail, config: SmtpConfig): { readonly home: SmtpConfig; readonly standsIn: boolean } {
    const home = homeOf(email, this.#configs);
    const homeConfig = this.#inOrder.find((route) => route.config.id === home?.id)?.config;
    const routed = this.#configs.find(({ id }) => id === config.id);
    if (homeConfig === undefined || routed === undefined) return { home: config, standsIn: false };
    return { home: homeConfig, standsIn: !sendsAsItself(email, routed, this.#configs) };
  }

  #othersFor(email: RoutedEmail, id: string): ReadonlySet<string> {
    const candidates = candidatesFor(email, this.#configs);
    const left = candidates.filter((each) => each.id !== id && !email.refusedBy.includes(each.refusal));
    return new Set(left.map((each) => each.id));
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
    this.#configs = configs.map((config) => routedConfig(config, this.#dependencies.isSandbox(config)));
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
    const route = { config, pool, breakers, usage: noUsage, underWay: 0, ended: false };
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

function routedConfig(config: SmtpConfig, isSandbox: boolean): RoutedConfig {
  const { name, fromEmail, senders } = config.settings;
  return {
    id: config.id,
    name,
    fromEmail: fromEmail.toLowerCase(),
    senders,
    isSandbox,
    refusal: refusalOf(config),
  };
}

/** The version is that of the settings; the seal also shows a change that was made in the database. */
function versionOf({ id, revision, secret }: SmtpConfig): string {
  return `${id} ${revision.version} ${secret.seal}`;
}
