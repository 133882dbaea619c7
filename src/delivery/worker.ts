import type { Clock } from "../core/clock.ts";
import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import { retryUntilStored } from "../core/until-answered.ts";
import { revealContent } from "../emails/content-encryption.ts";
import { parseAddress } from "../message/address.ts";
import { senderHeaders } from "../message/mime.ts";
import type { Egress } from "../net/egress.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Connection, connect, type SendResult } from "../smtp/connection.ts";
import type { Slot } from "../smtp/pool/slot.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import type { Store } from "../store/store.ts";
import { type ClaimedEmail, markBodyStarted, releaseLeases } from "../store/tables/email-claims.ts";
import { findContent } from "../store/tables/email-content.ts";
import type { Email } from "../store/tables/emails.ts";
import { endCooldowns } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { createRounds } from "./claim-loop.ts";
import { createNodes } from "./cluster.ts";
import { createLedger, type LedgerParts, type Tried } from "./completer.ts";
import { createLeases, leaseLost } from "./leases.ts";
import type { Ending } from "./outcome.ts";
import { createLanes, isOnTrial, type Lane } from "./routes.ts";
import { type Sender, senderFor } from "./sender.ts";

/** The worker that delivers. */
export interface DeliveryWorker {
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

export interface DeliveryWorkerParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configSource: ConfigSource;
  readonly resolver: ConfigResolver;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** A version of a config has failed by its own fault, before any email was taken through it. */
  readonly onFaulty: (config: SmtpConfig) => void;
  /** As a ledger wants it. */
  readonly titleOf: LedgerParts["titleOf"];
}

/** A token so young was refused for what it is, not for its age. */
const freshMs = 60_000;

/** Why nothing was tried: the email goes back to the queue as it was. */
const notTried: ReadonlySet<ErrorCode> = new Set([
  "smtp.withdrawn",
  "email.lease_lost",
  "email.expired",
  "config.version_conflict",
  "config.none_usable",
]);

export function createDeliveryWorker(parts: DeliveryWorkerParts): DeliveryWorker {
  const { store, secrets, configSource, resolver, egress, clock, log, metrics, random } = parts;
  const { onFaulty, titleOf } = parts;
  const underWay = new Set<Promise<void>>();
  const cut = new AbortController();
  let stopped = false;

  const nodes = createNodes(store);
  const lanes = createLanes({ db: store.db, configSource, nodes, clock, onRoom: () => rounds.want() });
  const leases = createLeases(store, clock);
  const untilStored = { clock, log, signal: cut.signal };
  const ledger = createLedger({
    ...{ db: store.db, configSource, clock, log, metrics, random, onFaulty, titleOf },
    hasOther: (config) => rounds.enabled.some((other) => other.id !== config.id && lanes.isUsable(other)),
    open: (config) => resolver.resolve(config),
    senderOf: (email, config) => senderThrough(email, config).from.address,
  });
  const rounds = createRounds({ store, clock, log, nodes, lanes, leases, ledger, begin });

  /**
   * One email's way, in five steps: load the SMTP configuration, decrypt the password, connect, send
   * over TLS, log the result.
   */
  async function deliver(claimed: ClaimedEmail, lane: Lane, slot: Slot): Promise<void> {
    const { email, recipients } = claimed;
    const startedAt = clock.now();
    let ending: Ending;
    try {
      refuseLate(email);
      const config = loadConfig(lane);
      const relay = await resolver.withToken(resolver.resolve(config));
      await slot.open(() => reach(relay));
      ending = { kind: "answered", result: await send(slot, config, claimed) };
    } catch (error) {
      ending = { kind: "failed", error: asFailure(error) };
    }
    const logged = logResult({ email, recipients, lane, connection: slot.connection, ending, startedAt });
    slot.release();
    rounds.want();
    await logged;
  }

  /**
   * A relay may refuse an access token before its end, as after a change of the account: then a new one has
   * one try.
   */
  async function reach(relay: ResolvedConfig): Promise<Connection> {
    const parts = { egress, clock, signal: cut.signal };
    try {
      return await connect({ ...relay, ...parts });
    } catch (error) {
      if (relay.needsToken === null || !isSendwrightError(error, "smtp.auth_rejected")) throw error;
      const renewed = await resolver.withToken(relay, freshMs);
      if (renewed.credentials?.password === relay.credentials?.password) throw error;
      return await connect({ ...renewed, ...parts });
    }
  }

  /** What was claimed for a lane that has ended, or for a delivery worker that stops, is not to blame for that. */
  function logResult(tried: Tried): Promise<void> {
    const { email, lane, ending } = tried;
    const wasTried =
      ending.kind === "answered" || !(stopped || lane.ended || notTried.has(ending.error.code));
    return wasTried ? ledger.settle(tried) : ledger.handBack(email);
  }

  /** Where a session could not be had in time, the email is not sent late. */
  function refuseLate({ expiresAt }: Email): void {
    if (expiresAt > clock.now()) return;
    throw new SendwrightError("email.expired", "The time in which this email was to be sent is over.");
  }

  /** The config as the latest round read it, if it is still to be used. */
  function loadConfig({ config, ended }: Lane): SmtpConfig {
    if (stopped) throw new SendwrightError("smtp.withdrawn", "Sendwright is stopping.");
    if (ended) throw new SendwrightError("config.version_conflict", `${config.settings.name} was changed.`);
    if (!lanes.isUsable(config)) {
      throw new SendwrightError("config.none_usable", `${config.settings.name} is paused.`);
    }
    return config;
  }

  function senderThrough(email: Email, config: SmtpConfig): Sender {
    return senderFor(email, config, rounds.enabled[0] ?? config);
  }

  async function send(
    slot: Slot,
    config: SmtpConfig,
    { email, recipients, content }: ClaimedEmail,
  ): Promise<SendResult> {
    const stored = content ?? (await retryUntilStored(() => findContent(store.db, email.id), untilStored));
    if (stored === undefined) {
      throw new SendwrightError("email.content_gone", "The contents of this email have been deleted.");
    }
    const { from, replyTo } = senderThrough(email, config);
    return slot.send({
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
    if (!(await retryUntilStored(() => markBodyStarted(store.db, email, clock.now()), untilStored)))
      throw leaseLost();
    // Writing may have taken its time.
    leases.assertHeld(email);
  }

  function begin(claimed: ClaimedEmail, lane: Lane): void {
    const { email } = claimed;
    lane.underWay++;
    const delivery = deliver(claimed, lane, lane.pool.acquire())
      .catch((error: unknown) => log.error({ err: error, email: email.id }, "a delivery ended unexpectedly"))
      .finally(() => {
        lane.underWay--;
        leases.release(email);
        underWay.delete(delivery);
        // A pause that was decided here, or ended, is in the database now.
        if (lane.rest !== null || isOnTrial(lane)) rounds.configsChanged();
        else rounds.want();
      });
    underWay.add(delivery);
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
      await endCooldowns(store.db, now);
      await rounds.start();
    },
    wake: rounds.want,
    configsChanged: rounds.configsChanged,
    sessions: lanes.sessions,
    async stop(deadlineMs) {
      stopped = true;
      const cancelCut = clock.after(deadlineMs, () => {
        cut.abort();
        ledger.abandon(new Error("The database did not answer in time."));
      });
      const closing = lanes.close();
      await rounds.stopClaiming();
      await Promise.all([closing, ...underWay]);
      cancelCut();
      rounds.end();
      await nodes.leave().catch((error: unknown) => {
        log.warn(
          { err: error },
          "the other nodes were not told that this one leaves: they notice within seconds",
        );
      });
    },
  };
}

function asFailure(error: unknown): SendwrightError {
  if (error instanceof SendwrightError) return error;
  return new SendwrightError("internal", "Sendwright failed unexpectedly; its log says more.", {
    cause: error,
  });
}
