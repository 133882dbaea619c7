import type { Clock } from "../core/clock.ts";
import { Pool } from "../smtp/pool/pool.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Db } from "../store/schema.ts";
import type { Step } from "../store/step.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type Nodes, shareOf } from "./cluster.ts";

/** The way through one config, for as long as its settings and this node's share of them stay as they are. */
export interface Lane {
  /** As read last: its pause may have changed. */
  config: SmtpConfig;
  readonly pool: Pool;
  /** Emails on their way through it. */
  underWay: number;
  /** Attempts in a row that failed although the relay answered. */
  strikes: number;
  /** The config is gone, or it is another lane's now. */
  ended: boolean;
  /** A pause that was decided here, until the config is read again with it. */
  rest: Rest | null;
}

interface Rest {
  written: boolean;
}

/** Whether the config was paused and has yet to show that it is well again. */
export function isOnTrial({ config }: Lane): boolean {
  return config.health.breaker.state === "open";
}

export interface Lanes {
  /** The lane of a config as it is now; its pauses do not matter. */
  of(config: SmtpConfig): Lane;
  /**
   * Reads the configs that are on, in their order, as a part of a transaction, and ends the lanes of those
   * that are gone or were changed. What was read earlier but comes later changes nothing: the result is that of the
   * newest reading.
   */
  reading(): Step<readonly SmtpConfig[]>;
  /** Whether a config may be used now. */
  isUsable(config: SmtpConfig): boolean;
  /** How many more emails the lane takes now. A config that was paused is tried with one. */
  room(lane: Lane): number;
  /** Connections of all lanes, also of those that have ended and are not done yet. */
  sessions(): number;
  /** Ends all lanes. Resolves when the last session is over. */
  close(): Promise<void>;
}

export interface LanesParts {
  readonly db: Db;
  readonly configSource: ConfigSource;
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly onRoom: () => void;
}

export function createLanes({ db, configSource, nodes, clock, onRoom }: LanesParts): Lanes {
  const lanes = new Map<string, Lane>();
  /** Readings are numbered as they begin; of those that have come, the newest one counts. */
  let begun = 0;
  let newest = 0;
  let known: readonly SmtpConfig[] = [];
  /** Of lanes that have ended, each until its last session has. */
  const closing = new Map<Pool, Promise<void>>();
  /** The version is that of the settings; the seal shows a change by other hands too. */
  const keyOf = ({ id, revision, secret }: SmtpConfig) =>
    `${id} ${revision.version} ${secret.seal} ${nodes.standing.rank} ${nodes.standing.nodes}`;

  function end({ pool }: Lane): void {
    closing.set(
      pool,
      pool.close().finally(() => closing.delete(pool)),
    );
  }

  function of(config: SmtpConfig): Lane {
    const key = keyOf(config);
    const known = lanes.get(key);
    if (known !== undefined) {
      known.config = config;
      return known;
    }
    const lane = {
      config,
      pool: new Pool({ clock, limits: shareOf(config.settings, nodes.standing), onCapacity: onRoom }),
      underWay: 0,
      strikes: 0,
      ended: false,
      rest: null,
    };
    lanes.set(key, lane);
    return lane;
  }

  return {
    of,

    reading() {
      const number = ++begun;
      const written = [...lanes.values()].flatMap((lane) => {
        const { rest } = lane;
        return rest?.written ? [{ lane, rest }] : [];
      });
      const { queries, read } = configSource.listStep(db);
      return {
        queries,
        read(results) {
          if (number < newest) return known;
          newest = number;
          const configs = read(results).filter(({ settings }) => settings.enabled);
          known = configs;
          for (const { lane, rest } of written) if (lane.rest === rest) lane.rest = null;
          const keys = new Set(configs.map(keyOf));
          for (const [key, lane] of lanes) {
            if (keys.has(key)) continue;
            lane.ended = true;
            lanes.delete(key);
            end(lane);
          }
          for (const config of configs) of(config);
          return configs;
        },
      };
    },

    isUsable: (config) => openBreakerAt(config.health, clock.now()) === null && of(config).rest === null,

    room(lane) {
      const room = lane.pool.capacity();
      return isOnTrial(lane) ? Math.max(0, Math.min(room, 1 - lane.underWay)) : room;
    },

    sessions: () =>
      [...lanes.values()]
        .map(({ pool }) => pool)
        .concat(...closing.keys())
        .reduce((sum, { size }) => sum + size, 0),

    async close() {
      for (const lane of lanes.values()) end(lane);
      await Promise.all(closing.values());
    },
  };
}
