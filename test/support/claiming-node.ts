import { createLog } from "../../src/core/log.ts";
import { ClaimLoop } from "../../src/delivery/claim-loop.ts";
import { ClockSteps } from "../../src/delivery/clock-steps.ts";
import type { Membership } from "../../src/delivery/cluster.ts";
import { Leases } from "../../src/delivery/leases.ts";
import { type Route, Routes } from "../../src/delivery/routes.ts";
import { ConfigSource } from "../../src/smtp-configs/repository.ts";
import type { Store } from "../../src/store/store.ts";
import type { ClaimedEmail } from "../../src/store/tables/email-claims.ts";
import type { FixedClock } from "../../src/testing/fixed-clock.ts";
import { idle } from "./idle.ts";
import { type UnsteadyStore, unsteadyStore } from "./unsteady-store.ts";

const configSource = new ConfigSource(null);

/** A node that claims emails and sends none: what it claims stays under way until a test ends that. */
export class ClaimingNode {
  readonly clock: FixedClock;
  readonly unsteady: UnsteadyStore;
  readonly routes: Routes;
  readonly leases: Leases;
  readonly loop: ClaimLoop;
  /** What was claimed, in this order, with its route. */
  readonly begun: { readonly claimed: ClaimedEmail; readonly route: Route }[] = [];
  isBlocked = false;
  /** How many ticks there were: each ends with a timer. */
  ticks = 0;
  /** How many heartbeats began, and until when the next one takes. */
  heartbeats = 0;
  heartbeatDone: Promise<void> = Promise.resolve();
  /** Its place among the nodes that share the limits of a config. */
  membership: Membership = { rank: 0, nodes: 1 };
  /** As when another node has announced something. */
  announced = () => {};

  /** @param real is shared with other nodes if `shared` says so. */
  constructor(real: Store, clock: FixedClock, { shared = true } = {}) {
    this.clock = clock;
    this.unsteady = unsteadyStore(real, { shared });
    const store: Store = {
      ...this.unsteady.store,
      onAnnounced: (callback) => {
        this.announced = callback;
      },
    };
    const membership = () => this.membership;
    const cluster = {
      get membership() {
        return membership();
      },
      heartbeat: async () => {
        this.heartbeats++;
        await this.heartbeatDone;
        return false;
      },
    };
    this.routes = new Routes({
      db: store.db,
      configSource,
      cluster,
      clock,
      canOpen: () => true,
      isSandbox: () => false,
      onCapacity() {},
    });
    this.leases = new Leases(store, clock);
    this.loop = new ClaimLoop({
      store,
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        after: (delayMs, callback) => {
          this.ticks++;
          return clock.after(delayMs, callback);
        },
      },
      log: createLog("silent"),
      steps: new ClockSteps(clock),
      cluster,
      routes: this.routes,
      leases: this.leases,
      isBlocked: () => this.isBlocked,
      onClaimed: (claimed, route) => {
        route.underWay++;
        this.begun.push({ claimed, route });
      },
    });
  }

  async start(): Promise<void> {
    await this.loop.start();
    await idle();
  }

  async close(): Promise<void> {
    await this.loop.stopClaiming();
    this.loop.end();
    await this.routes.close();
  }

  /** Asks for a tick, and waits until it is over. */
  async tick(): Promise<void> {
    this.loop.requestTick();
    await idle();
  }

  /** Has the configs read again, and waits until that is over. */
  async readConfigs(): Promise<void> {
    this.loop.configsChanged();
    await idle();
  }

  /** Lets time pass, second by second. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1_000);
      await idle();
    }
  }

  /** The ids of what was claimed. */
  get ids(): readonly string[] {
    return this.begun.map(({ claimed }) => claimed.email.id);
  }

  /** The ids of the configs through which it goes. */
  get through(): readonly string[] {
    return this.begun.map(({ route }) => route.config.id);
  }

  /** The heartbeats from now on take until the function returned is called. */
  holdHeartbeats(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.heartbeatDone = promise;
    return resolve;
  }
}
