import { systemClock } from "../../core/clock.ts";
import type { ServerOptions } from "../../core/environment.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { createLog } from "../../core/log.ts";
import { parse } from "../../core/parse.ts";
import { ConnectionTests } from "../../diagnosis/connection-tests.ts";
import type { TestReport, TestWatcher } from "../../diagnosis/report.ts";
import { createEgress } from "../../net/egress.ts";
import { type OpenConfigs, openConfigs } from "../../services.ts";
import { tlsFor } from "../../smtp/relay.ts";
import { smtpConfigCreate } from "../../smtp-configs/settings.ts";
import { openStoreBeside, type Store } from "../../store/store.ts";
import type { SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { LoadedTemplates } from "../../templates/engine/templates.ts";
import { TemplateCache } from "../../templates/library/cache.ts";
import { environmentSmtp } from "../environment-smtp.ts";
import { type GivenSettings, optionOf, testGiven } from "../given-settings.ts";
import { interruptibly } from "../interrupt.ts";
import { guardOf } from "../recipient-guard.ts";
import { databaseOf, unlockBeside } from "../secret-source.ts";
import { oneLine, standardOutput } from "../terminal.ts";
import { type TestedRelay, TestPrinter } from "../test-printer.ts";

export interface TestFlags extends GivenSettings {
  readonly all?: boolean;
  readonly sendTo?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Whoever can run commands on the server; the audit log names the command. */
const actor = { id: "system", name: "sendwright test" };

/** What ran to its end, as `--json` prints it for `--all`. */
interface Tested {
  readonly id: string;
  readonly name: string;
  /** Null where nothing was dialled: `problem` says why. */
  readonly report: TestReport | null;
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

/**
 * Test Connection on the command line: the code of the settings page, beside a server that may be running.
 * @returns the exit code: 0 passed, 1 failed, 2 for wrong use, 130 after Ctrl-C.
 */
export async function testCommand(
  options: ServerOptions,
  nameOrId: string | undefined,
  flags: TestFlags,
): Promise<number> {
  try {
    refuseContradictions(nameOrId, flags);
    return await interruptibly((signal) =>
      flags.server === undefined
        ? testSaved(options, nameOrId, flags, signal)
        : testSettings(options, flags, signal),
    );
  } catch (error) {
    if (!isSendwrightError(error) || !(error.code === "input.invalid" || error.code === "config.not_found")) {
      throw error;
    }
    const issues = error.issues.map(({ pointer, detail }) => `${optionOf(pointer)} ${detail}`);
    console.error(`sendwright: ${issues.length === 0 ? error.message : issues.join("\n")}`);
    return 2;
  }
}

/** Settings that are not saved anywhere: no database is opened. */
async function testSettings(options: ServerOptions, flags: TestFlags, signal: AbortSignal): Promise<number> {
  const test = await testGiven(
    flags,
    { egress: createEgress(options.egress), guard: guardOf(options) },
    signal,
  );
  const report = await watched(flags, test.relay, signal, (watcher) => test.run(watcher));
  if (flags.json) printJson(report);
  return report.ok ? 0 : 1;
}

async function testSaved(
  options: ServerOptions,
  nameOrId: string | undefined,
  flags: TestFlags,
  signal: AbortSignal,
): Promise<number> {
  const store = await openStoreBeside(databaseOf(options));
  try {
    const secrets = await unlockBeside(store, options);
    const given = environmentSmtp(options);
    const smtp = given === undefined ? null : parse(smtpConfigCreate, given);
    const configs = openConfigs({ store, secrets, clock: systemClock, smtp });
    const chosen = choose(await configs.configSource.list(store.db), nameOrId, flags);
    if (!flags.all) {
      const [config] = chosen;
      if (config === undefined) throw noConfig();
      const report = await testOne(store, configs, config, options, flags, signal);
      if (flags.json) printJson(report);
      return report.ok ? 0 : 1;
    }
    const tested: Tested[] = [];
    for (const config of chosen) {
      if (tested.length > 0 && !flags.json) console.log();
      tested.push(await testOneOfAll(store, configs, config, options, flags, signal));
    }
    if (flags.json) printJson(tested);
    return tested.every(({ report }) => report?.ok === true) ? 0 : 1;
  } finally {
    await store.close();
  }
}

/** One that cannot be opened must not keep the others from being tested. */
async function testOneOfAll(
  store: Store,
  configs: OpenConfigs,
  config: SmtpConfig,
  options: ServerOptions,
  flags: TestFlags,
  signal: AbortSignal,
): Promise<Tested> {
  const { id } = config;
  const { name } = config.settings;
  try {
    const report = await testOne(store, configs, config, options, flags, signal);
    return { id, name, report, problem: null };
  } catch (error) {
    if (!isSendwrightError(error) || error.code === "input.invalid") throw error;
    if (!flags.json) console.error(`sendwright: ${oneLine(error.message)}`);
    return { id, name, report: null, problem: { code: error.code, detail: error.message } };
  }
}

async function testOne(
  store: Store,
  configs: OpenConfigs,
  config: SmtpConfig,
  options: ServerOptions,
  { sendTo, ...flags }: TestFlags,
  signal: AbortSignal,
): Promise<TestReport> {
  const announced: Promise<unknown>[] = [];
  // The limit of tests a minute keeps a form from scanning ports. Whoever is on the machine needs no form for that,
  // and may have many configs.
  // Standard output is for the report; the audit log has the rest.
  const log = createLog("silent");
  const templates = new LoadedTemplates();
  await new TemplateCache({ store, templates, clock: systemClock, log }).reload();
  const tests = new ConnectionTests({
    store,
    ...configs,
    templates,
    guard: guardOf(options),
    egress: createEgress(options.egress),
    clock: systemClock,
    log,
    // A server on SQLite looks for itself within seconds.
    onRecovered: () => {
      if (store.shared) announced.push(store.transact([store.announcement()]));
    },
  });
  // What cannot be opened is refused before its heading.
  configs.resolver.resolve(config);
  const { id, settings } = config;
  const { name, smtpServer: host, smtpPort: port } = settings;
  const tls = tlsFor(settings.useTls, settings.tlsMode, port);
  const relay = { name, host, port, tls, sendTo: sendTo ?? null };
  const report = await watched(flags, relay, signal, (watcher) =>
    tests.run({ target: { kind: "saved", id }, sendTo: sendTo ?? null, actor, signal, ...watcher }),
  );
  await Promise.all(announced);
  return report;
}

/** Runs a test before everybody's eyes, unless a program reads along. */
async function watched(
  { json = false, verbose = false }: TestFlags,
  relay: TestedRelay,
  signal: AbortSignal,
  run: (watcher: TestWatcher) => Promise<TestReport>,
): Promise<TestReport> {
  if (json) return run({});
  const printer = new TestPrinter(relay, standardOutput(), { verbose });
  try {
    const report = await run({
      onProgress: (progress) => printer.progress(progress),
      onStage(stage) {
        // What ends because it was broken off is no fault of the relay.
        if (!signal.aborted) printer.stage(stage);
      },
    });
    printer.report(report);
    return report;
  } catch (error) {
    printer.stopped();
    throw error;
  }
}

function choose(
  configs: readonly SmtpConfig[],
  nameOrId: string | undefined,
  { all = false }: TestFlags,
): readonly SmtpConfig[] {
  if (configs.length === 0) throw noConfig();
  if (all) return configs;
  if (nameOrId === undefined) {
    const first = configs.find(({ settings }) => settings.enabled);
    if (first === undefined) {
      throw new SendwrightError(
        "config.none_usable",
        `All SMTP configs are turned off. Name the one to test: ${configs.map(quoted).join(", ")}.`,
      );
    }
    return [first];
  }
  const byId = configs.find(({ id }) => id === nameOrId);
  if (byId !== undefined) return [byId];
  const named = configs.filter(({ settings }) => settings.name.toLowerCase() === nameOrId.toLowerCase());
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(", ");
    throw new SendwrightError(
      "input.invalid",
      `Several SMTP configs are named ${JSON.stringify(nameOrId)}. Use an ID instead: ${ids}.`,
    );
  }
  if (named.length === 0) {
    throw new SendwrightError(
      "config.not_found",
      `SMTP config ${JSON.stringify(nameOrId)} not found. Use one of: ${configs.map(quoted).join(", ")}.`,
    );
  }
  return named;
}

function quoted({ settings }: SmtpConfig): string {
  return JSON.stringify(settings.name);
}

function noConfig(): SendwrightError {
  return new SendwrightError(
    "config.none_usable",
    "No SMTP config is saved yet. Save one on the settings page, or test settings with --server.",
  );
}

function refuseContradictions(nameOrId: string | undefined, flags: TestFlags): void {
  const { server, all = false } = flags;
  if ([nameOrId !== undefined, all, server !== undefined].filter(Boolean).length > 1) {
    throw new SendwrightError("input.invalid", "Use only one of: a saved config, --all or --server.");
  }
  const alone = (
    ["port", "tls", "username", "from", "passwordStdin", "allowCleartextAuth", "caFile"] as const
  )
    .filter((name) => flags[name] !== undefined)
    .map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (server === undefined && alone.length > 0) {
    throw new SendwrightError(
      "input.invalid",
      `${alone.join(", ")} can only be used with --server. A saved config is tested as saved.`,
    );
  }
}

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
