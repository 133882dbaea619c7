import type { AlertKind } from "../core/model.ts";
import type { SmtpConfigSummary } from "../smtp-configs/summary.ts";
import type { Alert } from "../store/tables/alerts.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";

/** Whether mail works now. `bad`: nothing is sent; `warn`: it may not be; `none`: it was never set up. */
export type VerdictLevel = "good" | "warn" | "bad" | "none";

export const verdictCodes = [
  "working",
  "sandbox",
  "untested",
  "test_failed",
  "change_failed",
  "waiting",
  "partly",
  "paused",
  "broken",
  "all_off",
  "key_mismatch",
  "no_config",
] as const;
export type VerdictCode = (typeof verdictCodes)[number];

export interface Verdict {
  readonly level: VerdictLevel;
  readonly code: VerdictCode;
  /** One sentence with the reason. */
  readonly sentence: string;
}

export const concernCodes = [
  "change_failed",
  "problem",
  "paused",
  "alert",
  "test_failed",
  "expiring",
] as const;

/** Why an admin should look at a config. */
export interface Concern {
  readonly configId: string;
  readonly name: string;
  readonly code: (typeof concernCodes)[number];
  readonly reason: string;
}

export interface MailFacts {
  readonly keyFits: boolean;
  /** In the order in which they are tried. */
  readonly configs: readonly SmtpConfigSummary[];
  /** When the email that waits longest was accepted. */
  readonly oldestWaitingAt: number | null;
  readonly lastSentAt: number | null;
  /** Where the sandbox listens; null while it is off. */
  readonly sandbox: { readonly host: string; readonly port: number } | null;
  readonly now: number;
}

/** The first try again comes after a minute: what waits longer than this has failed more than once. */
const longWaitMs = 5 * 60_000;

/** Says whether mail works now: the worst that is known, with its reason. */
export function judgeMail(facts: MailFacts): Verdict {
  const { keyFits, configs, oldestWaitingAt, lastSentAt, now } = facts;
  const managed = configs.find(({ managedBy, problem }) => managedBy !== null && problem === null);
  // The environment gives its password with each start: no key of the database is needed for it.
  if (!keyFits && managed === undefined) {
    return bad("key_mismatch", "No mail is sent: the secret is not the one this database was made with.");
  }
  if (configs.length === 0) {
    return verdict("none", "no_config", "Mail is not set up yet: there is no SMTP config.");
  }
  const enabled = configs.filter(({ settings }) => settings.enabled);
  if (enabled.length === 0) return bad("all_off", "No mail is sent: every SMTP config is switched off.");

  const usable = enabled.filter((config) => obstacle(config, now) === null);
  const [first] = usable;
  const obstacles = enabled.flatMap((config) => obstacle(config, now) ?? []);
  const [worst] = obstacles;
  if (worst !== undefined && first === undefined) {
    return bad(worst.code === "paused" ? "paused" : "broken", `No mail is sent: ${worst.reason}`);
  }
  if (first !== undefined && first.rollbackTo !== null) {
    return warn("change_failed", `Mail may not work: ${first.settings.name} fails since it was changed.`);
  }
  if (oldestWaitingAt !== null && now - oldestWaitingAt >= longWaitMs) {
    return warn("waiting", `Mail is late: an email has been waiting for ${inWords(now - oldestWaitingAt)}.`);
  }
  if (worst !== undefined && first !== undefined) {
    return warn("partly", `Mail is sent through ${first.settings.name}: ${worst.reason}`);
  }
  const lastTest = first?.health.lastTest ?? null;
  if (lastTest?.ok === false && lastTest.at > (lastSentAt ?? 0)) {
    return warn("test_failed", `Mail may not work: ${testWords(first?.settings.name ?? "", lastTest.title)}`);
  }
  if (lastSentAt === null && lastTest === null) {
    return warn("untested", "Mail is set up, but nothing was tested or sent yet.");
  }
  if (first !== undefined && isSandbox(first.settings, facts.sandbox)) {
    return warn("sandbox", "Mail stays on this machine: every email goes to the built-in sandbox.");
  }
  return verdict("good", "working", "Mail is working.");
}

/** Nobody should believe that mail reaches people when it does not. */
function isSandbox(
  { smtpServer, smtpPort }: SmtpConfigSummary["settings"],
  sandbox: MailFacts["sandbox"],
): boolean {
  return (
    sandbox !== null && smtpPort === sandbox.port && [sandbox.host, "localhost", "::1"].includes(smtpServer)
  );
}

/** The configs that an admin should look at, in their order. Those that are switched off rest. */
export function concernsOf(
  configs: readonly SmtpConfigSummary[],
  now: number,
  alerts: readonly Alert[] = [],
): Concern[] {
  return configs
    .filter(({ settings }) => settings.enabled)
    .flatMap((config) => {
      const changes = changeFailed(config, now);
      const concern = obstacle(config, now);
      const found = alerts.filter((alert) => alert.configId === config.id);
      // Why it cannot be used is said once.
      const told = found
        .filter(({ kind }) => concern === null || !isBlocking(kind))
        .map((alert) => alertConcern(config, alert));
      if (concern !== null) return [...changes, concern, ...told];
      const { id: configId, settings, health } = config;
      const { name } = settings;
      const { lastTest } = health;
      const failed = { configId, name, code: "test_failed" as const };
      const concerns: Concern[] =
        lastTest?.ok === false ? [{ ...failed, reason: testWords(name, lastTest.title) }] : [];
      const isTold = found.some(({ kind }) => kind === "consent_expiring");
      return [...changes, ...told, ...concerns, ...(isTold ? [] : expiring(config, now))];
    });
}

/** What an earlier version would mend: which change it was, and whose. */
function changeFailed({ id: configId, settings, rollbackTo, revision }: SmtpConfigSummary, now: number) {
  if (rollbackTo === null) return [];
  const { name } = settings;
  const { updatedAt, updatedBy } = revision;
  const ageMs = now - updatedAt;
  const when = ageMs < 2 * 60_000 ? "just now" : `${inWords(ageMs)} ago`;
  const reason = `${name}: sending fails since the change by ${updatedBy} ${when}.`;
  return [{ configId, name, code: "change_failed" as const, reason }];
}

/** Trouble that is why a config is paused, or cannot be used. */
function isBlocking(kind: AlertKind): boolean {
  return ["unusable", "unreachable", "tls_failed", "sign_in_failed"].includes(kind);
}

function alertConcern({ id: configId, settings }: SmtpConfigSummary, { title, remedy }: Alert): Concern {
  const { name } = settings;
  const reason = [`${name}: ${sentence(title)}`, remedy].filter((part) => part !== "").join(" ");
  return { configId, name, code: "alert", reason };
}

/** So long before a consent or a client's secret ends, an admin is told. */
const noticeMs = 7 * 24 * 60 * 60_000;

/** What ends soon and takes an admin to renew. */
function expiring({ id: configId, settings, oauth }: SmtpConfigSummary, now: number): Concern[] {
  const { name } = settings;
  const ends = [
    { at: oauth?.expiresAt ?? null, what: "the consent of the provider", remedy: "connect it again before" },
    {
      at: oauth?.clientSecretExpiresAt ?? null,
      what: "the client secret",
      remedy: "create a new one at the provider and enter it before",
    },
  ];
  return ends.flatMap(({ at, what, remedy }) => {
    if (at === null || at - now > noticeMs) return [];
    const day = new Date(at).toISOString().slice(0, 10);
    const verb = at <= now ? "has ended" : "ends";
    const reason = `${name}: ${what} ${verb} on ${day}; ${remedy}.`;
    return [{ configId, name, code: "expiring" as const, reason }];
  });
}

/** What keeps a config from being used now. */
function obstacle(config: SmtpConfigSummary, now: number): Concern | null {
  const { id: configId, settings, problem, health } = config;
  const { name } = settings;
  if (problem !== null) {
    return { configId, name, code: "problem", reason: `${name} cannot be used: ${problem.detail}` };
  }
  const breaker = openBreakerAt(health, now);
  if (breaker === null) return null;
  const why = sentence(breaker.reason ?? "it failed");
  return { configId, name, code: "paused", reason: `${name} is paused: ${why}` };
}

function testWords(name: string, title: string | null): string {
  return title === null
    ? `the last test of ${name} failed.`
    : `the last test of ${name} failed: ${sentence(title)}`;
}

/** Reasons come from many places, with a full stop or without. */
function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function inWords(durationMs: number): string {
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes < 90) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}

function verdict(level: VerdictLevel, code: VerdictCode, words: string): Verdict {
  return { level, code, sentence: words };
}

function bad(code: VerdictCode, words: string): Verdict {
  return verdict("bad", code, words);
}

function warn(code: VerdictCode, words: string): Verdict {
  return verdict("warn", code, words);
}
