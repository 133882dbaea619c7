import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import type { RecipientGuard } from "../guard/recipient-guard.ts";
import type { Egress } from "../net/egress.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import type { Endpoint } from "./alternatives.ts";
import { probe } from "./probe.ts";
import { failedStage, type TestReport, type TestStage, type TestWatcher } from "./report.ts";
import { logTestEmail, type TestEmailResult } from "./test-email-log.ts";
import {
  type ResolvedTarget,
  resolveTarget,
  type TargetDependencies,
  type TestTarget,
} from "./test-target.ts";
import { nameOf, relayOf } from "./try-alternatives.ts";

/** A request for a test, as it comes from the page, the API or the command line. */
export interface ConnectionTest extends TestWatcher {
  readonly target: TestTarget;
  /** The recipient of a real email; a form may name it instead. */
  readonly sendTo?: string | null;
  /** The address of the admin who tests: RCPT TO names it if there is no `sendTo`. No email goes there. */
  readonly ownAddress?: string;
  readonly actor: Actor;
  /** The client went away: the connection is cut, and the test rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ConnectionTestsDependencies extends TargetDependencies {
  readonly templates: LoadedTemplates;
  readonly guard: RecipientGuard;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts?: Partial<Timeouts>;
  /** The endpoints that a failed test tries instead; the usual ones by default. */
  readonly usualEndpoints?: readonly Endpoint[];
  /** Called when a saved config works that may have been paused: email that waited for it can be sent. */
  readonly onRecovered?: () => void;
}

/** An access token older than this says nothing about whether the consent still holds. */
const provenMs = 60_000;

/** Test Connection: runs a test, stores its result with what was tested, and writes it to the audit log. */
export class ConnectionTests {
  readonly #dependencies: ConnectionTestsDependencies;
  readonly #rateLimit: UserRateLimit;

  constructor(dependencies: ConnectionTestsDependencies) {
    this.#dependencies = dependencies;
    this.#rateLimit = new UserRateLimit(dependencies.clock, { name: "connection test", perMinute: 20 });
  }

  /**
   * Tests a connection. What the relay refuses is in the report; an error is thrown only for what was never
   * dialed.
   * @throws SendwrightError `input.invalid`, `config.not_found`, `config.password_required`, `seal.broken`,
   * `secret.mismatch`; `test.busy` while this actor's last test still runs, or after 20 in a minute.
   */
  async run(test: ConnectionTest): Promise<TestReport> {
    const target = await resolveTarget(test.target, test.sendTo ?? null, this.#dependencies);
    const release = this.#rateLimit.acquire(test.actor.id);
    const progress: Progress = { report: null, tried: new Map() };
    try {
      progress.report = await this.#probe(test, target, progress.tried);
      await this.#storeResult(progress.report, target);
      return progress.report;
    } finally {
      release();
      await this.#audit(test, target, progress);
    }
  }

  #probe(
    { target: _, actor, ownAddress, ...watcher }: ConnectionTest,
    { config, sendTo, stored }: ResolvedTarget,
    tried: Progress["tried"],
  ): Promise<TestReport> {
    const { guard, egress, clock, templates, resolver, timeouts, usualEndpoints } = this.#dependencies;
    const { host } = config.relay;
    return probe(config, {
      ...watcher,
      guard,
      egress,
      clock,
      templates,
      withToken: (config) => resolver.withToken(config, provenMs),
      sendTo,
      recipient: ownAddress ?? null,
      onAlternativesFound(alternatives) {
        for (const alternative of alternatives) tried.set(nameOf(alternative, host), "cut off");
      },
      onLoginTried: (works) => tried.set("authentication method LOGIN", works ? "works" : "does not work"),
      onAlternativeTried(alternative) {
        tried.set(nameOf(relayOf(alternative), host), alternative.works ? "works" : "does not work");
        watcher.onAlternativeTried?.(alternative);
      },
      ...(usualEndpoints === undefined ? {} : { usualEndpoints }),
      ...(timeouts === undefined ? {} : { timeouts }),
      ...(stored?.kind === "config"
        ? { logEmail: (result) => this.#logEmail(result, stored.config, actor) }
        : {}),
    });
  }

  /** The result belongs to the settings that were tested, not to those that an admin saved during the test. */
  async #storeResult(report: TestReport, { stored }: ResolvedTarget): Promise<void> {
    const { store, configSource, drafts, clock, onRecovered } = this.#dependencies;
    if (stored === null) return;
    const failed = failedStage(report);
    const at = clock.now();
    // An address that gets no mail says nothing against the settings: all before it has worked.
    const ok = report.ok || (failed !== undefined && isOfRecipient(failed));
    const result = ok
      ? { at, ok, stage: null, title: null }
      : { at, ok, stage: failed?.stage ?? null, title: failed?.problem?.title ?? null };
    if (stored.kind === "draft") return drafts.recordTest(stored.draft, result);
    const { id, revision } = stored.config;
    const hasRecovered = await store.transaction(async (db) => {
      if ((await configSource.find(db, id))?.revision.version !== revision.version) return false;
      await configSource.recordTest(db, id, result);
      // The cause of the pause is gone, whether it was here or at the relay.
      if (ok) await configSource.resume(db, id);
      return ok;
    });
    if (hasRecovered) onRecovered?.();
  }

  /**
   * A test of a saved config sends an email like any other: it is in the email log. A log that cannot be
   * written does not change the test.
   * @returns the id of the email; null if it is not in the log.
   */
  async #logEmail(result: TestEmailResult, config: SmtpConfig, actor: Actor): Promise<string | null> {
    const { store, log } = this.#dependencies;
    try {
      await logTestEmail(store, result, { config, actor });
      return result.email.id;
    } catch (error) {
      log.warn({ err: error, configId: config.id }, "test email not logged");
      return null;
    }
  }

  async #audit(
    { target, actor }: ConnectionTest,
    { config, sendTo }: ResolvedTarget,
    { report, tried }: Progress,
  ): Promise<void> {
    const { store, clock, log } = this.#dependencies;
    const configId = target.kind === "unsaved" ? null : target.id;
    const detail = {
      host: config.relay.host,
      port: config.relay.port,
      sendTo,
      ok: report?.ok ?? false,
      stage: report === null ? null : (failedStage(report)?.stage ?? null),
      finished: report !== null,
      tried: [...tried].map(([endpoint, result]) => `${endpoint}: ${result}`),
    };
    log.info({ configId, ...detail }, "connection tested");
    const action = "smtp_config.tested";
    await writeAudit(store.db, { at: clock.now(), actor, action, target: configId, detail });
  }
}

/** What is known of a test under way. */
interface Progress {
  /** Null until the test has ended. */
  report: TestReport | null;
  /** The result of each alternative by its name; `cut off` until it has one. */
  readonly tried: Map<string, string>;
}

/** Explanations of an address that gets no mail, whoever sends it. */
const ofRecipient: ReadonlySet<string> = new Set([
  "recipient.withheld",
  "recipient.unknown",
  "recipient.disabled",
  "recipient.mailbox_full",
  "recipient.busy",
]);

function isOfRecipient({ problem }: TestStage): boolean {
  return ofRecipient.has(problem?.code ?? "");
}
