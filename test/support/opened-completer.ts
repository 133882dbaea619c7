import { createLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { Completer } from "../../src/delivery/completer.ts";
import type { AttemptEnd } from "../../src/delivery/outcome.ts";
import { type Route, Routes } from "../../src/delivery/routes.ts";
import { senderFor } from "../../src/delivery/sender.ts";
import { resolveSettings } from "../../src/smtp-configs/open.ts";
import { ConfigSource } from "../../src/smtp-configs/repository.ts";
import { openSqliteStore, type Store } from "../../src/store/store.ts";
import type { ClaimedEmail } from "../../src/store/tables/email-claims.ts";
import { type Email, findEmail } from "../../src/store/tables/emails.ts";
import { findSmtpConfig, insertSmtpConfig, type SmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/fixed-clock.ts";
import { claimNew } from "./claim.ts";
import type { GivenEmail } from "./new-email.ts";
import { type GivenConfig, smtpConfig } from "./smtp-config.ts";
import { type UnsteadyStore, unsteadyStore } from "./unsteady-store.ts";

const configSource = new ConfigSource(null);

export interface Settling {
  /** By the monotonic clock. Default: now. */
  readonly startedAtMonotonic?: number;
  /** As it was when the attempt began. Default: as it is now. */
  readonly breakerChanges?: number;
  /** Default: that of the first config. */
  readonly through?: Route;
}

/** A completer with one config on a database in memory, and what a test does with it. */
export class OpenedCompleter {
  readonly clock: FixedClock = createFixedClock();
  readonly store: Store;
  readonly unsteady: UnsteadyStore;
  readonly routes: Routes;
  readonly completer: Completer;
  /** Versions that were reported as failing. */
  readonly failing: number[] = [];

  private constructor(store: Store, shared: boolean) {
    this.store = store;
    this.unsteady = unsteadyStore(store, { shared });
    const { clock } = this;
    const cluster = { membership: { rank: 0, nodes: 1 } };
    this.routes = new Routes({
      db: store.db,
      configSource,
      cluster,
      clock,
      canOpen: () => true,
      isSandbox: () => false,
      onCapacity() {},
    });
    this.completer = new Completer({
      store: this.unsteady.store,
      configSource,
      routes: this.routes,
      clock,
      log: createLog("silent"),
      metrics: new Metrics(),
      random: () => 0.5,
      onFailing: ({ revision }) => this.failing.push(revision.version),
      onUnblocked() {},
      resolve: (config) => resolveSettings(config.settings, null),
      senderOf: (email, config) => senderFor(email, config, this.routes.placeOf(email, config)).from.address,
      explainTitle: ({ errorCode }) => (errorCode === "smtp.auth_rejected" ? "The password is wrong" : null),
    });
  }

  /** @param options `shared`: other nodes may work on the same database. */
  static async open({ shared = false } = {}): Promise<OpenedCompleter> {
    const opened = new OpenedCompleter(await openSqliteStore(":memory:"), shared);
    await opened.save();
    return opened;
  }

  async close(): Promise<void> {
    await this.routes.close();
    await this.store.close();
  }

  /** That of the first config. */
  get route(): Route {
    const [first] = this.routes.inOrder;
    if (first === undefined) throw new Error("there is a config");
    return first;
  }

  /** Reads the configs anew, as each tick may. */
  async refresh(): Promise<void> {
    await this.store.transact([this.routes.reading()]);
  }

  async save(given: GivenConfig = {}): Promise<void> {
    await insertSmtpConfig(this.store.db, smtpConfig(given));
    await this.refresh();
  }

  saveSecond(given: GivenConfig = {}): Promise<void> {
    return this.save({ id: "config-2", settings: { name: "spare", position: 1 }, ...given });
  }

  /** Emails were accepted through the configs before. */
  async knowGood(): Promise<void> {
    await this.store.db.updateTable("smtp_config").set({ proven_version: 1 }).execute();
    await this.refresh();
  }

  /** The first one, as it is stored. */
  async config(): Promise<SmtpConfig> {
    const found = await findSmtpConfig(this.store.db, "config-1");
    if (found === undefined) throw new Error("there is a config");
    return found;
  }

  claim(count: number, given: GivenEmail = {}): Promise<ClaimedEmail[]> {
    return claimNew(this.store, this.clock.now(), count, given);
  }

  async claimOne(given: GivenEmail = {}): Promise<ClaimedEmail> {
    const [claimed] = await this.claim(1, given);
    if (claimed === undefined) throw new Error("nothing to claim");
    return claimed;
  }

  /** Settles a result. @returns once it is stored. */
  settle(
    { email, recipients, counted }: ClaimedEmail,
    end: AttemptEnd,
    { through: route = this.route, ...given }: Settling = {},
  ): Promise<void> {
    const { clock } = this;
    const { startedAtMonotonic = clock.monotonic(), breakerChanges = route.breakers.changes } = given;
    const why = this.routes.reasonFor(email, route.config);
    const started = { startedAt: clock.now(), startedAtMonotonic, breakerChanges, why };
    return this.completer.settle({ email, recipients, counted, route, connection: null, end, ...started });
  }

  async settleOne(end: AttemptEnd, given: GivenEmail = {}): Promise<ClaimedEmail> {
    const claimed = await this.claimOne(given);
    await this.settle(claimed, end);
    return claimed;
  }

  stored({ email }: ClaimedEmail): Promise<Email | undefined> {
    return findEmail(this.store.db, email.id);
  }
}
