import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../clock.ts";
import type { OpenedConfig } from "../config/open.ts";
import { smtpConfigDraft, smtpConfigEdited, smtpConfigTest } from "../config/smtp-config.ts";
import type { SmtpConfigs } from "../config/smtp-configs.ts";
import { isPosthornError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Actor } from "../model.ts";
import { parse } from "../parse.ts";
import type { Egress } from "../smtp/egress.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import { writeAudit } from "../store/audit-log.ts";
import {
  findSmtpConfig,
  pauseSmtpConfig,
  recordSmtpConfigTest,
  type SmtpConfig,
} from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { probe } from "./probe.ts";
import { failedStage, type TestReport, type TestStage } from "./report.ts";
import { createTurns } from "./turns.ts";

/** A request for a test, as it comes from the page, the API or the command line. */
export interface ConnectionTest {
  /** A saved config; without it, `body` is a draft that stands alone and may not hold the mask. */
  readonly id?: string;
  /** The form as edited; left out, or nothing but `sendTo`: the saved config as it is. */
  readonly body?: unknown;
  /** Who gets a real email; also taken from `body`. */
  readonly sendTo?: string;
  /** The address of the admin who tests: RCPT TO names it where there is no `sendTo`. No email goes there. */
  readonly ownAddress?: string;
  readonly actor: Actor;
  /** The client went away: the connection is cut, and the test rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Each stage as it ends; one that comes again replaces the earlier. */
  readonly onStage?: (stage: TestStage) => void;
}

export interface ConnectionTests {
  /**
   * Tests a connection. What the relay refuses is in the report; what is thrown was never dialled.
   * @throws PosthornError `input.invalid`, `config.not_found`, `config.password_required`, `seal.broken`,
   * `secret.mismatch`; `test.busy` where this actor's last test still runs, or there were 20 in a minute.
   */
  run(test: ConnectionTest): Promise<TestReport>;
}

export interface ConnectionTestsParts {
  readonly store: Store;
  readonly configs: SmtpConfigs;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts?: Partial<Timeouts>;
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
}

export function createConnectionTests(parts: ConnectionTestsParts): ConnectionTests {
  const { store, configs, egress, clock, log, timeouts, onMended } = parts;
  const turns = createTurns(clock);

  /** Under the same guard as saving: a saved password goes to its own destination only. */
  async function targetOf({ id, body, sendTo }: ConnectionTest): Promise<Target> {
    const input = sendTo === undefined ? body : withSendTo(body, sendTo);
    if (id === undefined) {
      const { sendTo, ...form } = parse(smtpConfigDraft, input);
      return { config: configs.draft(form), sendTo, saved: null };
    }
    const row = (await findSmtpConfig(store.db, id)) ?? null;
    if (isFormless(input)) {
      const { sendTo } = parse(smtpConfigTest, input ?? {});
      return { config: await configs.openSaved(id), sendTo, saved: row };
    }
    const { sendTo: to, ...form } = parse(smtpConfigEdited, input);
    const config = await configs.draftFor(id, form);
    return { config, sendTo: to, saved: row !== null && isSavedAs(row, config) ? row : null };
  }

  function isSavedAs(row: SmtpConfig, config: OpenedConfig): boolean {
    try {
      return isDeepStrictEqual(configs.openFor(row), config);
    } catch (error) {
      // A row that cannot be opened is not what was tested.
      if (isPosthornError(error)) return false;
      throw error;
    }
  }

  /** The result belongs to the settings that were tested: not to those that somebody saved meanwhile. */
  async function record(report: TestReport, { saved }: Target): Promise<void> {
    if (saved === null) return;
    const failed = failedStage(report);
    const mended = await store.transaction(async (db) => {
      if ((await findSmtpConfig(db, saved.id))?.version !== saved.version) return false;
      await recordSmtpConfigTest(db, saved.id, {
        at: clock.now(),
        ok: report.ok,
        stage: failed?.stage ?? null,
        title: failed?.problem?.title ?? null,
      });
      // What the pause waited for has been mended, wherever that was.
      if (report.ok) await pauseSmtpConfig(db, saved, null);
      return report.ok;
    });
    if (mended) onMended?.();
  }

  return {
    async run(test) {
      const { id, ownAddress, actor, signal, onStage } = test;
      const target = await targetOf(test);
      const endTurn = turns.begin(actor.id);
      const { relay } = target.config;
      let report: TestReport | null = null;
      try {
        report = await probe(target.config, {
          egress,
          clock,
          withToken: (config) => configs.withToken(config, provenMs),
          sendTo: target.sendTo,
          recipient: ownAddress ?? null,
          signal,
          onStage,
          ...(timeouts === undefined ? {} : { timeouts }),
        });
        await record(report, target);
        return report;
      } finally {
        endTurn();
        const stage = report === null ? null : (failedStage(report)?.stage ?? null);
        const outcome = { ok: report?.ok ?? false, stage, finished: report !== null };
        const detail = { host: relay.host, port: relay.port, sendTo: target.sendTo, ...outcome };
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
