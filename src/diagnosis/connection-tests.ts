import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import type { Egress } from "../net/egress.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { OpenedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import { smtpConfigDraft, smtpConfigEdited, smtpConfigTest } from "../smtp-configs/settings.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { StagedChanges } from "../smtp-configs/versions/drafts.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { SmtpConfigVersion } from "../store/tables/smtp-config-versions.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import type { Way } from "./alternatives.ts";
import { probe } from "./probe.ts";
import type { Correction } from "./report.ts";
import { failedStage, type TestProgress, type TestReport, type TestStage } from "./report.ts";
import { logTestEmail, type TriedTestEmail } from "./test-email-log.ts";
import { nameOf, relayOf } from "./try-alternatives.ts";

/** A request for a test, as it comes from the page, the API or the command line. */
export interface ConnectionTest {
  /** A saved config; without it, `body` is a draft that stands alone and may not hold the mask. */
  readonly id?: string;
  /** The draft of that config, as it is kept; then there is no form. */
  readonly isDraft?: boolean;
  /** The form as edited; left out, or nothing but `sendTo`: the saved config as it is. */
  readonly body?: unknown;
  /** Who gets a real email; also taken from `body`. */
  readonly sendTo?: string;
  /** The address of the admin who tests: RCPT TO names it where there is no `sendTo`. No email goes there. */
  readonly ownAddress?: string;
  readonly actor: Actor;
  /** The client went away: the connection is cut, and the test rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Each stage as it begins, and what it finds before its end. */
  readonly onProgress?: (progress: TestProgress) => void;
  /** Each stage as it ends; one that comes again replaces the earlier. */
  readonly onStage?: (stage: TestStage) => void;
  /** Each other way that is tried, as it ends. */
  readonly onCorrection?: (correction: Correction) => void;
}

export interface ConnectionTests {
  /**
   * Tests a connection. What the relay refuses is in the report; what is thrown was never dialled.
   * @throws SendwrightError `input.invalid`, `config.not_found`, `config.password_required`, `seal.broken`,
   * `secret.mismatch`; `test.busy` where this actor's last test still runs, or there were 20 in a minute.
   */
  run(test: ConnectionTest): Promise<TestReport>;
}

export interface ConnectionTestsParts {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly configs: SmtpConfigs;
  readonly stagedChanges: StagedChanges;
  readonly templates: LoadedTemplates;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts?: Partial<Timeouts>;
  /** The ports that a failed test tries instead; the usual ones by default. */
  readonly usualWays?: readonly Way[];
  /** A saved config works that may have been paused: email that waited for it can go. */
  readonly onMended?: () => void;
}

/** So old an access token may be: an older one says nothing of whether the consent still holds. */
const provenMs = 60_000;

interface Target {
  readonly config: OpenedConfig;
  readonly sendTo: string | null;
  /** The row, if what is tested is what is saved there. */
  readonly saved: SmtpConfig | null;
  /** The draft that is tested. */
  readonly draft: SmtpConfigVersion | null;
}

export function createConnectionTests(parts: ConnectionTestsParts): ConnectionTests {
  const { store, configSource, configs, stagedChanges, templates, egress, clock, log } = parts;
  const { timeouts, usualWays, onMended } = parts;
  const rateLimit = new UserRateLimit(clock, { name: "connection test", perMinute: 20 });

  /** Under the same guard as saving: a saved password goes to its own destination only. */
  async function targetOf({ id, isDraft = false, body, sendTo }: ConnectionTest): Promise<Target> {
    const input = sendTo === undefined ? body : withSendTo(body, sendTo);
    if (id === undefined) {
      const { sendTo, ...form } = parse(smtpConfigDraft, input);
      return { config: configs.draft(form), sendTo, saved: null, draft: null };
    }
    if (isDraft) {
      const { sendTo } = parse(smtpConfigTest, input ?? {});
      return { ...(await stagedChanges.openDraft(id)), sendTo, saved: null };
    }
    const row = (await configSource.find(store.db, id)) ?? null;
    if (isFormless(input)) {
      const { sendTo } = parse(smtpConfigTest, input ?? {});
      return { config: await configs.openSaved(id), sendTo, saved: row, draft: null };
    }
    const { sendTo: to, ...form } = parse(smtpConfigEdited, input);
    const config = await configs.draftFor(id, form);
    return { config, sendTo: to, saved: row !== null && isSavedAs(row, config) ? row : null, draft: null };
  }

  function isSavedAs(row: SmtpConfig, config: OpenedConfig): boolean {
    try {
      return isDeepStrictEqual(configs.openFor(row), config);
    } catch (error) {
      // A row that cannot be opened is not what was tested.
      if (isSendwrightError(error)) return false;
      throw error;
    }
  }

  /** The result belongs to the settings that were tested: not to those that somebody saved meanwhile. */
  async function record(report: TestReport, { saved, draft }: Target): Promise<void> {
    const failed = failedStage(report);
    const result = {
      at: clock.now(),
      ok: report.ok,
      stage: failed?.stage ?? null,
      title: failed?.problem?.title ?? null,
    };
    if (draft !== null) await stagedChanges.recordDraftTest(draft, result);
    if (saved === null) return;
    const mended = await store.transaction(async (db) => {
      if ((await configSource.find(db, saved.id))?.version !== saved.version) return false;
      await configSource.recordTest(db, saved.id, result);
      // What the pause waited for has been mended, wherever that was.
      if (report.ok) await configSource.resume(db, saved.id);
      return report.ok;
    });
    if (mended) onMended?.();
  }

  /** A test of what is saved is an email like others: it is in the log. What the log does not take changes no test. */
  async function keep(tried: TriedTestEmail, saved: SmtpConfig, actor: Actor): Promise<string | null> {
    try {
      await logTestEmail(store, tried, { config: saved, actor });
      return tried.email.id;
    } catch (error) {
      log.warn({ err: error, configId: saved.id }, "a test email could not be written to the email log");
      return null;
    }
  }

  return {
    async run(test) {
      const { id, ownAddress, actor, signal, onProgress, onStage, onCorrection } = test;
      const target = await targetOf(test);
      const release = rateLimit.acquire(actor.id);
      const { config, saved } = target;
      const { relay } = config;
      let report: TestReport | null = null;
      /** What became of each other way, by its name; of one that was cut off, that. */
      const tried = new Map<string, string>();
      try {
        report = await probe(config, {
          egress,
          clock,
          withToken: (config) => configs.withToken(config, provenMs),
          templates,
          sendTo: target.sendTo,
          recipient: ownAddress ?? null,
          signal,
          onProgress,
          onStage,
          onTry(candidates) {
            for (const candidate of candidates) tried.set(nameOf(candidate, relay.host), "cut off");
          },
          onCorrection(correction) {
            tried.set(nameOf(relayOf(correction), relay.host), correction.works ? "works" : "does not work");
            onCorrection?.(correction);
          },
          ...(usualWays === undefined ? {} : { usualWays }),
          keep: saved === null ? undefined : (tried) => keep(tried, saved, actor),
          ...(timeouts === undefined ? {} : { timeouts }),
        });
        await record(report, target);
        return report;
      } finally {
        release();
        const stage = report === null ? null : (failedStage(report)?.stage ?? null);
        const outcome = { ok: report?.ok ?? false, stage, finished: report !== null };
        const detail = {
          host: relay.host,
          port: relay.port,
          sendTo: target.sendTo,
          ...outcome,
          tried: [...tried].map(([way, became]) => `${way}: ${became}`),
        };
        log.info({ configId: id ?? null, ...detail }, "connection tested");
        await writeAudit(store.db, {
          at: clock.now(),
          actor,
          action: "smtp_config.tested",
          target: id ?? null,
          detail,
        });
      }
    },
  };
}

/** What is no form stays as wrong as it is. */
function withSendTo(body: unknown, sendTo: string): unknown {
  return body === undefined || isObject(body) ? { ...body, sendTo } : body;
}

/** Nothing of the form is there. */
function isFormless(body: unknown): boolean {
  return body === undefined || (isObject(body) && Object.keys(body).every((key) => key === "sendTo"));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
