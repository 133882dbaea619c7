/**
 * The delivery worker: claims emails that are due, sends each through the config that the router gives it, and stores
 * the outcome (RFC 5321 §4.5.4 for retries). It does not compose emails, and explains no failure.
 */
import type { ByteBudget } from "../core/byte-budget.ts";
import type { Clock } from "../core/clock.ts";
import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import { inTime } from "../core/time-limit.ts";
import { retryUntilStored } from "../core/until-answered.ts";
import { revealContent } from "../emails/content-encryption.ts";
import type { DeliveryResolver } from "../guard/capture.ts";
import type { RecipientGuard } from "../guard/recipient-guard.ts";
import { parseAddress } from "../message/address.ts";
import { senderHeaders } from "../message/mime.ts";
import type { Egress } from "../net/egress.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Connection } from "../smtp/connection.ts";
import type { Slot } from "../smtp/pool/slot.ts";
import type { Dial } from "../smtp/wire.ts";
import { environmentConfigId } from "../smtp-configs/environment-config.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Store } from "../store/store.ts";
import type { ClaimedEmail } from "../store/tables/email-claims.ts";
import { findContent } from "../store/tables/email-content.ts";
import { markBodyStarted, releaseLeases } from "../store/tables/email-leases.ts";
import {
  type Attempt,
  type AttemptCopy,
  type Email,
  listAttempts,
  type Recipient,
} from "../store/tables/emails.ts";
import { endCooldowns } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig, SmtpSettings } from "../store/tables/smtp-configs.ts";
import { archiveAddress, sendWithCopy } from "./archive-copy.ts";
import { ClaimLoop } from "./claim-loop.ts";
import { ClockSteps } from "./clock-steps.ts";
import { Cluster } from "./cluster.ts";
import { type AttemptResult, Completer, type CompleterDependencies } from "./completer.ts";
import { LargeContent } from "./large-content.ts";
import { Leases, leaseLost } from "./leases.ts";
import type { AttemptEnd } from "./outcome.ts";
import { type NodeFault, type Route, Routes } from "./routes.ts";
import { type Sender, senderFor } from "./sender.ts";

export interface DeliveryWorkerDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configSource: ConfigSource;
  readonly resolver: DeliveryResolver;
  /** Opens the connections, and says who may get mail. */
  readonly guard: RecipientGuard;
  readonly egress: Egress;
  /** Whether settings lead to the built-in sandbox. Default: none do. */
  readonly isSandbox?: (settings: SmtpSettings) => boolean;
  /** Opens connections to relays. Default: over TCP. */
  readonly dial?: Dial;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** Bounds the large contents in memory. Default: no limit. */
  readonly contentBudget?: ByteBudget;
  readonly onFailing: CompleterDependencies["onFailing"];
  readonly explainTitle: CompleterDependencies["explainTitle"];
}

/** So long before the deadline of a stop the connections are cut, so that their outcomes can still be stored. */
const maxGraceMs = 1_000;

/** A token so young was refused for what it is, not for its age. */
const freshMs = 60_000;

/** Why nothing was attempted: the email goes back to the queue as it was. */
const notAttempted: ReadonlySet<ErrorCode> = new Set([
  "smtp.withdrawn",
  "email.lease_lost",
  "email.expired",
  "config.version_conflict",
  "config.none_usable",
]);

/** The worker that delivers. */
export class DeliveryWorker {
  readonly #dependencies: DeliveryWorkerDependencies;
  readonly #steps: ClockSteps;
  readonly #cluster: Cluster;
  readonly #routes: Routes;
  readonly #leases: Leases;
  readonly #completer: Completer;
  readonly #claimLoop: ClaimLoop;
  readonly #underWay = new Set<Promise<void>>();
  readonly #cut = new AbortController();
  #isStopped = false;

  constructor(dependencies: DeliveryWorkerDependencies) {
    const { store, secrets, configSource, resolver, clock, log, metrics, random } = dependencies;
    const { onFailing, explainTitle, isSandbox = () => false } = dependencies;
    const wake = () => this.wake();
    this.#dependencies = dependencies;
    this.#steps = new ClockSteps(clock);
    this.#cluster = new Cluster(store, () => secrets.fits);
    this.#leases = new Leases(store, clock);
    const cluster = this.#cluster;
    this.#routes = new Routes({
      db: store.db,
      configSource,
      cluster,
      clock,
      onCapacity: wake,
      canOpen: ({ id }) => secrets.fits || id === environmentConfigId,
      isSandbox: ({ settings }) => isSandbox(settings),
    });
    this.#completer = new Completer({
      store,
      configSource,
      routes: this.#routes,
      clock,
      log,
      metrics,
      random,
      onFailing,
      explainTitle,
      onUnblocked: wake,
      resolve: (config) => resolver.resolve(config),
      senderOf: (email, config) => this.#senderThrough(email, config).from.address,
    });
    this.#claimLoop = new ClaimLoop({
      store,
      clock,
      log,
      steps: this.#steps,
      cluster,
      routes: this.#routes,
      leases: this.#leases,
      isBlocked: () => this.#completer.isBlocked,
      onClaimed: (claimed, route) => this.#begin(claimed, route),
    });
  }

  /** Frees what an earlier process left under way, then delivers whatever is due. */
  async start(): Promise<void> {
    const { store, clock, log } = this.#dependencies;
    const now = clock.now();
    // Alone on its database, a node knows that the others are dead; else their leases run out.
    if (!store.shared) {
      const freed = await store.transaction((db) => releaseLeases(db, Number.MAX_SAFE_INTEGER, now));
      if (freed > 0) {
        log.info({ emails: freed }, "emails interrupted by shutdown requeued");
      }
    }
    // Another secret, a file of certificates, a cable: what was corrected may have needed the restart.
    await endCooldowns(store.db, now);
    await this.#claimLoop.start();
  }

  /** Asks for work now: something was queued. */
  wake(): void {
    this.#claimLoop.requestTick();
  }

  /** Reads the configs again, and asks for work: one was changed, tested or paused. */
  configsChanged(): void {
    this.#claimLoop.configsChanged();
  }

  /** Connections to relays, open or being opened. */
  sessions(): number {
    return this.#routes.sessions();
  }

  /** Configs that this node cannot use, by a fault of its own. That its key does not fit is not among them. */
  faults(): readonly NodeFault[] {
    return this.#routes.nodeFaults();
  }

  /**
   * Claims no new email, hands back those of which nothing was sent, and waits for those between MAIL and
   * the last reply. A moment before the deadline their connections are cut, and what became of them is stored, if the
   * database takes it by then.
   */
  async stop(deadlineMs: number): Promise<void> {
    const { clock, log } = this.#dependencies;
    this.#isStopped = true;
    const graceMs = Math.min(maxGraceMs, deadlineMs / 2);
    const cancelCut = clock.after(deadlineMs - graceMs, () => {
      this.#cut.abort();
      this.#completer.end(graceMs);
    });
    const closing = this.#routes.close();
    await inTime(clock, deadlineMs, this.#claimLoop.stopClaiming());
    // What they had begun is cut by then; a database that does not answer may still hold one of them up.
    await inTime(clock, Math.max(deadlineMs, maxGraceMs), Promise.all([closing, ...this.#underWay]));
    cancelCut();
    this.#claimLoop.end();
    const leaving = this.#cluster.leave().catch((error: unknown) => {
      log.warn({ err: error }, "departure announcement failed; other nodes notice soon");
    });
    await inTime(clock, maxGraceMs, leaving);
  }

  #begin(claimed: ClaimedEmail, route: Route): void {
    const { log } = this.#dependencies;
    const { email } = claimed;
    route.underWay++;
    const delivery = this.#deliver(claimed, route, route.pool.acquire(claimed.contentBytes))
      .catch((error: unknown) => log.error({ err: error, email: email.id }, "delivery failed unexpectedly"))
      .finally(() => {
        route.underWay--;
        this.#leases.release(email);
        this.#underWay.delete(delivery);
        this.wake();
      });
    this.#underWay.add(delivery);
  }

  /**
   * One email in five steps: load the SMTP configuration, decrypt the password, connect, send over TLS,
   * log the result.
   */
  async #deliver(claimed: ClaimedEmail, route: Route, slot: Slot): Promise<void> {
    const { clock, resolver, guard } = this.#dependencies;
    const { email, recipients, counted } = claimed;
    const started = {
      startedAt: clock.now(),
      startedAtMonotonic: clock.monotonic(),
      breakerChanges: route.breakers.changes,
      why: this.#routes.reasonFor({ ...email, recipients: openRecipients(recipients).length }, route.config),
    };
    let end: AttemptEnd;
    let content: Uint8Array | LargeContent | null = null;
    let copy: AttemptCopy | null = null;
    try {
      this.#refuseLate(email);
      guard.assertAny(openRecipients(recipients));
      const config = this.#loadConfig(route);
      const relay = await resolver.withToken(resolver.resolve(config));
      const copyTo = await archiveAddress(claimed, config, () => this.#attemptsOf(email));
      const message = this.#messageOf(claimed, config, copyTo);
      content = message.content;
      // Before it has a session: there it would hold up the others.
      if (content instanceof LargeContent) await content.reserve();
      await slot.open(() => this.#connect(relay));
      const sent = await sendWithCopy((given) => slot.send(given), message, copyTo);
      end = { kind: "answered", result: sent.result };
      copy = sent.copy;
    } catch (error) {
      end = { kind: "failed", error: asFailure(error) };
    }
    if (content instanceof LargeContent) content.release();
    const logged = this.#logResult({
      email,
      recipients,
      counted,
      route,
      connection: slot.connection,
      end,
      copy,
      ...started,
    });
    slot.release();
    this.wake();
    await logged;
  }

  /** If a session could not be had in time, the email is not sent late. */
  #refuseLate({ expiresAt }: Email): void {
    if (expiresAt > this.#steps.expiryNow()) return;
    throw new SendwrightError("email.expired", "This email expired before it could be sent.");
  }

  /** The config as the latest tick read it, if it is still to be used. */
  #loadConfig({ config, ended, breakers }: Route): SmtpConfig {
    if (this.#isStopped) throw new SendwrightError("smtp.withdrawn", "Sendwright is stopping.");
    if (ended) throw new SendwrightError("config.version_conflict", `${config.settings.name} was changed.`);
    if (breakers.permission === "none") {
      throw new SendwrightError("config.none_usable", `${config.settings.name} is paused.`);
    }
    return config;
  }

  /**
   * A relay may refuse an access token before its end, as after a change of the account: then a new one has
   * one try.
   */
  async #connect(relay: ResolvedConfig): Promise<Connection> {
    const { egress, dial, clock, resolver, guard } = this.#dependencies;
    const given = { egress, clock, signal: this.#cut.signal, ...(dial && { dial }) };
    try {
      return await guard.connect({ ...relay, ...given });
    } catch (error) {
      if (relay.needsToken === null || !isSendwrightError(error, "smtp.auth_rejected")) throw error;
      const renewed = await resolver.withToken(relay, freshMs);
      if (renewed.credentials?.password === relay.credentials?.password) throw error;
      return await guard.connect({ ...renewed, ...given });
    }
  }

  #messageOf(claimed: ClaimedEmail, config: SmtpConfig, copyTo: string | null) {
    const { email, recipients } = claimed;
    const { from, replyTo } = this.#senderThrough(email, config);
    const isBeyondAscii = [from, ...replyTo].some(({ address }) => parseAddress(address).needsSmtpUtf8);
    return {
      from: from.address,
      to: copyTo === null ? openRecipients(recipients) : [...openRecipients(recipients), copyTo],
      content: this.#contentOf(claimed, senderHeaders({ from, replyTo })),
      needsSmtpUtf8: email.needsSmtpUtf8 || isBeyondAscii,
      beforeContent: () => this.#beforeContent(email),
    };
  }

  /** What came with the claim; a large content is read just before it is sent. */
  #contentOf({ email, content, contentBytes }: ClaimedEmail, headers: Uint8Array): Uint8Array | LargeContent {
    const { store, secrets, contentBudget = null } = this.#dependencies;
    if (content !== undefined) return Buffer.concat([headers, revealContent(secrets, email.id, content)]);
    const read = async () => {
      const stored = await this.#untilStored(() => findContent(store.db, email.id));
      return stored && revealContent(secrets, email.id, stored);
    };
    const { signal } = this.#cut;
    return new LargeContent({ headers, storedBytes: contentBytes, read, budget: contentBudget, signal });
  }

  /** What was claimed for a route that has ended, or for a delivery worker that stops, is not to blame for that. */
  #logResult(result: AttemptResult): Promise<void> {
    const { route, end } = result;
    const wasAttempted =
      end.kind === "answered" || !(this.#isStopped || route.ended || notAttempted.has(end.error.code));
    return wasAttempted ? this.#completer.settle(result) : this.#completer.handBack(result);
  }

  /** No body is begun by a node that may have lost the email; and some must not begin without a note. */
  #beforeContent(email: Email): Promise<void> | undefined {
    this.#leases.assertHeld(email);
    this.#refuseLate(email);
    return email.onUnknown === "hold" ? this.#noteBody(email) : undefined;
  }

  async #noteBody(email: Email): Promise<void> {
    const { store, clock } = this.#dependencies;
    if (!(await this.#untilStored(() => markBodyStarted(store.db, email, clock.now())))) throw leaseLost();
    // Writing may have taken its time.
    this.#leases.assertHeld(email);
  }

  #untilStored<T>(work: () => Promise<T>): Promise<T> {
    const { clock, log } = this.#dependencies;
    return retryUntilStored(work, { clock, log, signal: this.#cut.signal });
  }

  #attemptsOf({ id }: Email): Promise<readonly Attempt[]> {
    return this.#untilStored(() => listAttempts(this.#dependencies.store.db, id));
  }

  #senderThrough(email: Email, config: SmtpConfig): Sender {
    return senderFor(email, config, this.#routes.placeOf(email, config));
  }
}

function openRecipients(recipients: readonly Recipient[]): readonly string[] {
  return recipients.filter(({ state }) => state === "queued").map(({ address }) => address);
}

function asFailure(error: unknown): SendwrightError {
  if (error instanceof SendwrightError) return error;
  return new SendwrightError("internal", "Sendwright failed unexpectedly. Check its log.", {
    cause: error,
  });
}
