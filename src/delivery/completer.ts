/**
 * What follows an attempt: its outcome for the email and its evidence for the config are worked out, then stored.
 * `outcome.ts` and `evidence.ts` decide; `result-writer.ts` stores and never gives up.
 */
import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Connection } from "../smtp/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Store } from "../store/store.ts";
import { refusalOf } from "../store/tables/email-claims.ts";
import type { Settlement } from "../store/tables/email-settlements.ts";
import type {
  Attempt,
  AttemptCopy,
  AttemptFailure,
  AttemptRoute,
  Email,
  Recipient,
} from "../store/tables/emails.ts";
import type { VersionHealth } from "../store/tables/smtp-config-health.ts";
import type { CountedUsage } from "../store/tables/smtp-config-usage.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type Evidence, evidenceOf, isRefusedHereOnly } from "./evidence.ts";
import { failureIn } from "./failure.ts";
import { type AttemptEnd, attemptOf, handedBack, type SettleInput, settlementOf } from "./outcome.ts";
import { ResultWriter, type ResultWriterDependencies } from "./result-writer.ts";
import type { Route, Routes } from "./routes.ts";

/** One attempt to send an email, at its end. */
export interface AttemptResult {
  readonly email: Email;
  /** As they were before. */
  readonly recipients: readonly Recipient[];
  readonly route: Route;
  /** The one that carried it; null if there was none. */
  readonly connection: Connection | null;
  readonly end: AttemptEnd;
  /** What became of the archive copy, if there was one. */
  readonly copy?: AttemptCopy | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The same moment by the monotonic clock. */
  readonly startedAtMonotonic: number;
  /** What the claim counted towards the limits of the config. */
  readonly counted: CountedUsage | null;
  /** Why the email went through this config. */
  readonly why: AttemptRoute;
  /** As `ConfigBreakers.changes` was then. */
  readonly breakerChanges: number;
}

export interface CompleterDependencies {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** A version of a config has failed by its own fault, before any email was accepted through it. */
  readonly onFailing: (config: SmtpConfig) => void;
  readonly onUnblocked: ResultWriterDependencies["onUnblocked"];
  /** How a config reaches its relay. @throws SendwrightError if it cannot be decrypted */
  readonly resolve: (config: SmtpConfig) => ResolvedConfig;
  /** The address that an email through this config comes from. */
  readonly senderOf: (email: Email, config: SmtpConfig) => string;
  /**
   * A short title for a failed attempt, for the reason of a pause; null if no rule explains it. Delivery itself
   * explains nothing.
   */
  readonly explainTitle: (attempt: Attempt) => string | null;
}

/** Takes the ends of attempts until they are stored. */
export class Completer {
  readonly #dependencies: CompleterDependencies;
  readonly #writer: ResultWriter;
  /** Connections are cut: what attempts show is this node's doing. */
  #isEnding = false;
  /** What versions of configs have shown, by version, until it is stored. */
  readonly #versionHealths = new Map<string, readonly [SmtpConfig, VersionHealth]>();

  constructor(dependencies: CompleterDependencies) {
    const { store, clock, log, onUnblocked } = dependencies;
    this.#dependencies = dependencies;
    const news = { isDue: () => this.#hasNews(), store: () => this.#storeNews() };
    this.#writer = new ResultWriter({ store, clock, log, news, onUnblocked });
  }

  /** Whether no more emails should be claimed: what is sent now could not be noted. */
  get isBlocked(): boolean {
    return this.#writer.isBlocked;
  }

  /** Resolves when the outcome is stored. */
  async settle(result: AttemptResult): Promise<void> {
    const { clock, log, metrics, onFailing } = this.#dependencies;
    const { email, route } = result;
    const { attempt, settlement, versionHealth } = this.#assess(result, clock.now());
    if (versionHealth !== null) this.#noteVersionHealth(route.config, versionHealth);
    const written = await this.#writer.write(email, settlement, false);
    if (versionHealth === "failing") onFailing(route.config);
    metrics.attempted({ ...attempt, isRetry: email.attemptCount > 0 });
    if (written === "lease-lost") {
      log.warn({ email: email.id }, "email lease lost; another node continues");
    } else if (written === "abandoned") {
      log.error({ email: email.id, state: settlement.state }, "outcome not stored; retrying after restart");
    } else {
      if (settlement.finishedAt !== null) {
        metrics.finished(settlement.state, settlement.finishedAt - email.createdAt);
      }
      logResult(log, email, attempt, settlement);
    }
  }

  /** Queues an email again of which nothing was attempted. */
  async handBack({ email, counted }: Pick<AttemptResult, "email" | "counted">): Promise<void> {
    await this.#writer.write(email, handedBack(email, counted, this.#dependencies.clock.now()), true);
  }

  /** Stores what is there, and gives up what the database does not take within the grace, in milliseconds. */
  end(graceMs: number): void {
    this.#isEnding = true;
    this.#writer.end(graceMs);
  }

  #assess(result: AttemptResult, now: number) {
    const { random } = this.#dependencies;
    const { email, recipients, route, end, counted } = result;
    const { config } = route;
    const seen = attemptOf({ ...result, config, durationMs: this.#durationOf(result) });
    const attempt = seen.outcome === "sent" ? seen : { ...seen, failure: this.#failureIn(result, seen) };
    const isKnownGood = config.health.knownGoodVersion === config.revision.version;
    const from = this.#dependencies.senderOf(email, config);
    const isOwnSender = from.toLowerCase() === config.settings.fromEmail.toLowerCase();
    const evidence = evidenceOf({ end, attempt, from, isOwnSender, isKnownGood, now });
    this.#record(evidence, result, attempt, isKnownGood);
    const next = this.#nextAttempt(result, attempt, evidence, from);
    const refusal = refusalOf(config);
    const settlement = settlementOf({
      email,
      from,
      recipients,
      end,
      attempt,
      now,
      random: random(),
      next,
      refusal,
      counted,
    });
    return { attempt, settlement, versionHealth: versionHealthAfter(config, attempt, evidence) };
  }

  /** Tells the breakers. From this moment on they are in force, not only once they are stored. */
  #record(
    evidence: Evidence,
    { route, end, breakerChanges }: AttemptResult,
    attempt: Attempt,
    isKnownGood: boolean,
  ): void {
    const { breakers, pool } = route;
    if (evidence === "none" || this.#isEnding) return;
    if (evidence === "works") {
      breakers.succeeded(breakerChanges);
      return;
    }
    const isOfNode = evidence === "node-fails" && this.#dependencies.store.shared;
    const cause =
      evidence === "node-fails" ? (isOfNode ? "unreachable" : causeAlone(attempt)) : evidence.fails;
    const reason = this.#reasonOf(end, attempt);
    const event = { kind: "failed", cause, reason, isKnownGood } as const;
    const changed = breakers.record(isOfNode ? "node" : "config", event, breakerChanges);
    if (changed?.state === "open") pool.withdraw();
  }

  #nextAttempt(
    { route, end, email }: AttemptResult,
    attempt: Attempt,
    evidence: Evidence,
    from: string,
  ): SettleInput["next"] {
    const { routes } = this.#dependencies;
    const failure = typeof evidence === "object" ? evidence.fails : null;
    // The breaker is open: the router gives the email to another config, or it waits for this one.
    if (failure === "config" || failure === "quota") return "uncounted";
    if (isRefusedHereOnly(end, from) && routes.hasCandidate(email, route.config)) return "elsewhere";
    if (evidence === "node-fails" || attempt.outcome === "config") return "uncounted";
    // A config that takes over takes this email too, unless that might make two of it.
    const isOpen = failure !== null && route.breakers.permission === "none";
    const isTakenOver = isOpen && attempt.outcome === "temporary" && routes.hasFallback(email, route.config);
    return isTakenOver ? "taken-over" : "counted";
  }

  #durationOf({ startedAtMonotonic }: AttemptResult): number {
    return Math.round(this.#dependencies.clock.monotonic() - startedAtMonotonic);
  }

  /** Why a config is paused: what that means, then the words of the relay or of the error. */
  #reasonOf(end: AttemptEnd, attempt: Attempt): string | null {
    const words = end.kind === "failed" ? end.error.message : attempt.reply;
    const title = this.#dependencies.explainTitle(attempt);
    return [title, words].filter((part) => part !== null).join(". ") || null;
  }

  /** Null for an attempt that failed before any relay was asked: there the config itself could not be decrypted. */
  #failureIn({ email, route, end }: AttemptResult, { stage }: Attempt): AttemptFailure | null {
    if (stage === null) return null;
    const { resolve, senderOf } = this.#dependencies;
    try {
      return failureIn(end, { resolved: resolve(route.config), from: senderOf(email, route.config) });
    } catch (error) {
      // The outcome is worth more than its explanation.
      if (isSendwrightError(error)) return null;
      throw error;
    }
  }

  /** A version through which an email is accepted is known to be good, whatever else failed with it. */
  #noteVersionHealth(config: SmtpConfig, health: VersionHealth): void {
    const version = refusalOf(config);
    if (health === "failing" && this.#versionHealths.has(version)) return;
    this.#versionHealths.set(version, [config, health]);
  }

  #hasNews(): boolean {
    return this.#versionHealths.size > 0 || this.#dependencies.routes.unstoredBreakers().length > 0;
  }

  async #storeNews(): Promise<void> {
    const { store, configSource, routes } = this.#dependencies;
    const { db } = store;
    const breakers = routes.unstoredBreakers();
    const healths = [...this.#versionHealths];
    await store.transact([
      ...breakers.map(({ config, breaker }) => configSource.breakerStep(db, config, breaker)),
      ...healths.map(([, [config, health]]) => configSource.versionHealthStep(db, config, health)),
      store.announcement(),
    ]);
    for (const { stored } of breakers) stored();
    for (const [version, stored] of healths) {
      if (this.#versionHealths.get(version) === stored) this.#versionHealths.delete(version);
    }
  }
}

/** On a database of its own, a node's fault is the config's: nobody else could use it. */
function causeAlone({ outcome }: Attempt): "config" | "unreachable" {
  return outcome === "config" ? "config" : "unreachable";
}

/** What an attempt says of a version of the config of which nothing was known yet. */
function versionHealthAfter(
  config: SmtpConfig,
  { outcome }: Attempt,
  evidence: Evidence,
): VersionHealth | null {
  const { version } = config.revision;
  const { knownGoodVersion, failingVersion } = config.health;
  if (knownGoodVersion === version) return null;
  if (outcome === "sent" || outcome === "partial") return "known-good";
  const isItsFault = typeof evidence === "object" && evidence.fails === "config";
  return isItsFault && failingVersion !== version ? "failing" : null;
}

function logResult(log: Log, email: Email, attempt: Attempt, { state }: Settlement): void {
  const fields = {
    email: email.id,
    state,
    outcome: attempt.outcome,
    config: attempt.configName,
    relay: attempt.relayHost,
    stage: attempt.stage,
    code: attempt.code,
    durationMs: attempt.durationMs,
  };
  const { copy = null } = attempt;
  if (copy !== null && copy.outcome !== "sent") {
    const { code, reply } = copy;
    log.warn(
      { email: email.id, config: attempt.configName, code, reply },
      "archive copy failed; email unaffected",
    );
  }
  if (attempt.outcome === "sent")
    log.info(attempt.captured ? { ...fields, captured: true } : fields, "email sent");
  else if (attempt.outcome === "withheld") log.info(fields, "email withheld");
  else log.warn({ ...fields, reply: attempt.reply }, "email not sent to all recipients");
}
