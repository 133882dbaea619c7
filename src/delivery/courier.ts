import type { Clock } from "../clock.ts";
import type { SmtpConfigs } from "../config/smtp-configs.ts";
import { type ErrorCode, PosthornError } from "../errors.ts";
import type { Log } from "../log.ts";
import { parseAddress } from "../message/address.ts";
import { senderHeaders } from "../message/mime.ts";
import type { Metrics } from "../metrics.ts";
import type { Secrets } from "../secret/secrets.ts";
import { connect, type SendResult } from "../smtp/connection.ts";
import type { Egress } from "../smtp/egress.ts";
import type { Place } from "../smtp/pool.ts";
import {
  type ClaimedEmail,
  claimEmails,
  markBodyStarted,
  nextDueAt,
  releaseLeases,
} from "../store/email-claims.ts";
import { findContent } from "../store/email-content.ts";
import { expireEmails } from "../store/email-queue.ts";
import type { Email } from "../store/emails.ts";
import { endPauses, type SmtpConfig } from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { revealContent } from "./contents.ts";
import { createLanes, type Lane } from "./lanes.ts";
import { createLeases, leaseLost } from "./leases.ts";
import { createLedger, type Tried } from "./ledger.ts";
import { createNodes } from "./nodes.ts";
import type { Ending } from "./outcome.ts";
import { createPersist, databaseRetryMs } from "./persist.ts";
import { senderFor } from "./sender.ts";

/** The courier looks around at least this often. */
const roundMs = 60_000;
/** Looking for emails whose time is over is not the business of every round. */
const expireEveryMs = 1_000;
/** Leases and the list of nodes are kept up this often: three times while a lease lasts. */
const upkeepEveryMs = 10_000;
/** So often at the most where others announce something. */
const announcedUpkeepMs = 1_000;
/** How old what is known of the configs may be, unless it is known to have changed. */
const refreshEveryMs = 100;
/** Emails that are ended in one transaction because their time is over. */
const maxExpired = 200;

/** The worker that delivers. */
export interface Courier {
  /** Frees what an earlier process left under way, then delivers whatever is due. */
  start(): Promise<void>;
  /** Looks for work now: something was queued. */
  wake(): void;
  /** Looks at the configs again, and for work: one was changed, tested or paused. */
  configsChanged(): void;
  /** Connections to relays, open or being opened. */
  sessions(): number;
  /**
   * Takes no new email, hands back those of which nothing was sent, and waits for those between MAIL and
   * the last reply; past the deadline their connections are cut.
   */
  stop(deadlineMs: number): Promise<void>;
}

export interface CourierParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configs: SmtpConfigs;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
}

/** Why nothing was tried: the email goes back to the queue as it was. */
const notTried: ReadonlySet<ErrorCode> = new Set([
  "email.lease_lost",
  "email.expired",
  "config.version_conflict",
  "config.none_usable",
]);

export function createCourier(parts: CourierParts): Courier {
  const { store, secrets, configs, egress, clock, log, metrics, random } = parts;
  const underWay = new Set<Promise<void>>();
  const cut = new AbortController();
  let stopped = false;
  let round: Promise<void> | null = null;
  let roundWanted = false;
  let cancelTimer = () => {};
  let expiredAt = Number.NEGATIVE_INFINITY;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let keptUpAt = Number.NEGATIVE_INFINITY;
  let upkeepDueAt = Number.NEGATIVE_INFINITY;
  let changed = true;
  /** Those that are on, in the order in which they are tried, as they were in the latest round. */
  let enabled: readonly SmtpConfig[] = [];

  const nodes = createNodes(store);
  const lanes = createLanes(store, nodes, clock, goOn);
  const leases = createLeases(store, clock);
  const persist = createPersist(clock, log, cut.signal);
  const ledger = createLedger({
    ...{ db: store.db, clock, log, metrics, random },
    hasOther: (config) => enabled.some((other) => other.id !== config.id && lanes.isUsable(other)),
  });

  /**
   * One email's way, in five steps: load the SMTP configuration, decrypt the password, connect, send
   * over TLS, log the result.
   */
  async function deliver(claimed: ClaimedEmail, lane: Lane, place: Place): Promise<void> {
    const { email, recipients } = claimed;
    const startedAt = clock.now();
    let ending: Ending;
    try {
      refuseLate(email);
      const config = loadConfig(lane);
      const relay = configs.openFor(config);
      await place.open(() => connect({ ...relay, egress, clock, signal: cut.signal }));
      ending = { kind: "answered", result: await send(place, config, claimed) };
    } catch (error) {
      ending = { kind: "failed", error: asFailure(error) };
    }
    const logged = logResult({ email, recipients, lane, connection: place.connection, ending, startedAt });
    place.release();
    goOn();
    await logged;
  }

  function logResult(tried: Tried): Promise<void> {
    const { email, ending } = tried;
    const wasTried = ending.kind === "answered" || !(stopped || notTried.has(ending.error.code));
    return wasTried ? ledger.settle(tried) : ledger.handBack(email);
  }

  /** Where a session could not be had in time, the email is not sent late. */
  function refuseLate({ expiresAt }: Email): void {
    if (expiresAt > clock.now()) return;
    throw new PosthornError("email.expired", "The time in which this email was to be sent is over.");
  }

  /** The config as the latest round read it, if it is still to be used. */
  function loadConfig({ config, ended }: Lane): SmtpConfig {
    if (ended) throw new PosthornError("config.version_conflict", `${config.name} was changed.`);
    if (!lanes.isUsable(config)) {
      throw new PosthornError("config.none_usable", `${config.name} is paused.`);
    }
    return config;
  }

  async function send(
    place: Place,
    config: SmtpConfig,
    { email, recipients, content }: ClaimedEmail,
  ): Promise<SendResult> {
    const stored = content ?? (await persist(() => findContent(store.db, email.id)));
    if (stored === undefined) {
      throw new PosthornError("email.content_gone", "The contents of this email have been deleted.");
    }
    const { from, replyTo } = senderFor(email, config, enabled[0] ?? config);
    return place.send({
      from: from.address,
      to: recipients.filter(({ state }) => state === "queued").map(({ address }) => address),
      content: Buffer.concat([senderHeaders({ from, replyTo }), revealContent(secrets, email.id, stored)]),
      needsSmtpUtf8:
        email.needsSmtpUtf8 || [from, ...replyTo].some(({ address }) => parseAddress(address).needsSmtpUtf8),
      beforeContent: () => beforeContent(email),
    });
  }

  /** No body is begun by a node that may have lost the email; and some must not begin without a note. */
  function beforeContent(email: Email): Promise<void> | undefined {
    leases.assertHeld(email);
    refuseLate(email);
    return email.onUnknown === "hold" ? noteBody(email) : undefined;
  }

  async function noteBody(email: Email): Promise<void> {
    if (!(await persist(() => markBodyStarted(store.db, email, clock.now())))) throw leaseLost();
    // Writing may have taken its time.
    leases.assertHeld(email);
  }

  /**
   * Writes what became of emails, claims what is due and there is room for, both in one transaction, and
   * sets the alarm for what is due later.
   */
  async function runRound(): Promise<void> {
    cancelTimer();
    const now = clock.now();
    if (now >= upkeepDueAt) await keepUp(now);
    await expire(now);
    if (changed || now >= refreshedAt + refreshEveryMs) {
      changed = false;
      enabled = await lanes.refresh();
      refreshedAt = now;
    }
    const usable = stopped ? undefined : enabled.find(lanes.isUsable);
    const lane = usable === undefined ? null : lanes.of(usable);
    const room = lane === null ? 0 : lanes.room(lane);
    const claimed = await writeAndClaim(room);
    if (lane !== null) for (const one of claimed) begin(one, lane);

    // Alone on its database and with nothing under way, a node has nothing to keep up.
    const upkeepAt = store.shared || leases.size > 0 ? upkeepDueAt : null;
    const alarms = [now + roundMs, upkeepAt, ...enabled.map(({ pausedUntil }) => pausedUntil)].filter(
      (at) => at !== null && at > now,
    );
    if (lane !== null) alarms.push(claimed.length < room ? await nextLook(now) : lane.pool.roomAt());
    const at = Math.min(...alarms.filter((alarm) => alarm !== null));
    cancelTimer = clock.after(Math.max(0, at - clock.now()), goOn);
  }

  /** What must be done now and then, if one is to be believed alive. */
  async function keepUp(now: number): Promise<void> {
    await leases.upkeep(now);
    if (await nodes.meet(now)) changed = true;
    keptUpAt = now;
    upkeepDueAt = now + upkeepEveryMs;
  }

  async function writeAndClaim(limit: number): Promise<readonly ClaimedEmail[]> {
    const page = ledger.nextPage();
    if (page.size === 0 && limit === 0) return [];
    const now = clock.now();
    const leaseUntil = leases.until(now);
    try {
      const claim = claimEmails(store.db, { now, leaseUntil, limit });
      const [claimed, written] = await store.transact([claim, ...page.steps]);
      page.written(written);
      for (const { email } of claimed) leases.hold(email, leaseUntil);
      return claimed;
    } catch (error) {
      page.failed();
      throw error;
    }
  }

  /** What is due and was not claimed is over, or another node's: it is looked at again soon, not at once. */
  async function nextLook(now: number): Promise<number | null> {
    const dueAt = await nextDueAt(store.db);
    return dueAt === null || dueAt > now ? dueAt : now + expireEveryMs;
  }

  async function expire(now: number): Promise<void> {
    if (now < expiredAt + expireEveryMs) return;
    await store.transaction((db) => expireEmails(db, now, maxExpired));
    expiredAt = now;
  }

  function begin(claimed: ClaimedEmail, lane: Lane): void {
    const { email } = claimed;
    lane.underWay++;
    const delivery = deliver(claimed, lane, lane.pool.take())
      .catch((error: unknown) => log.error({ err: error, email: email.id }, "a delivery ended unexpectedly"))
      .finally(() => {
        lane.underWay--;
        leases.release(email);
        underWay.delete(delivery);
        // A pause that was decided here is in the database now.
        if (lane.rest !== null) changed = true;
        goOn();
      });
    underWay.add(delivery);
  }

  function configsChanged(): void {
    changed = true;
    goOn();
  }

  /** There is work or room, or it is time. */
  function goOn(): void {
    roundWanted = true;
    if (round !== null) return;
    round = (async () => {
      while (roundWanted) {
        roundWanted = false;
        try {
          await runRound();
        } catch (error) {
          log.error({ err: error }, "the courier cannot reach the database");
          cancelTimer = clock.after(databaseRetryMs, goOn);
        }
      }
      round = null;
    })();
  }

  return {
    async start() {
      const now = clock.now();
      // Alone on its database, a node knows that the others are dead; else their leases run out.
      if (!store.shared) {
        const freed = await store.transaction((db) => releaseLeases(db, Number.MAX_SAFE_INTEGER, now));
        if (freed > 0) {
          log.info({ emails: freed }, "emails under way when the last process ended are queued again");
        }
      }
      // Another secret, a file of certificates, a cable: what was mended may have needed the restart.
      await endPauses(store.db, now);
      store.onAnnounced(() => {
        // It may be a node that has come or gone: limits are shared with it.
        upkeepDueAt = Math.min(upkeepDueAt, keptUpAt + announcedUpkeepMs);
        configsChanged();
      });
      await keepUp(now);
      if (store.shared) await store.transact([store.announcement()]);
      goOn();
    },
    wake: goOn,
    configsChanged,
    sessions: lanes.sessions,
    async stop(deadlineMs) {
      stopped = true;
      const cancelCut = clock.after(deadlineMs, () => {
        cut.abort();
        ledger.abandon(new Error("The database did not answer in time."));
      });
      // What was claimed just now is under way when the round is over.
      await round;
      await Promise.all([lanes.close(), ...underWay]);
      cancelCut();
      cancelTimer();
      await nodes.leave().catch((error: unknown) => {
        log.warn(
          { err: error },
          "the other nodes were not told that this one leaves: they notice within seconds",
        );
      });
    },
  };
}

function asFailure(error: unknown): PosthornError {
  if (error instanceof PosthornError) return error;
  return new PosthornError("internal", "Posthorn failed unexpectedly; its log says more.", { cause: error });
}
