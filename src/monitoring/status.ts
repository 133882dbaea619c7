import { ageInWords } from "../core/format.ts";
import type { NodeFault } from "../delivery/routes.ts";
import type { IntakeStop } from "../emails/intake.ts";
import { isSandboxConfig } from "../smtp-configs/sandbox-config.ts";
import type { SmtpConfigSummary } from "../smtp-configs/summary.ts";
import { reachedLimits, useInWords } from "../smtp-configs/usage.ts";
import type { Alert } from "../store/tables/alerts.ts";
import { openBreakerAt, triedBreakerAt } from "../store/tables/smtp-config-health.ts";
import { blockingKinds } from "./assess.ts";
import { expiriesOf } from "./expiry.ts";

/** Whether mail works now. `bad`: nothing is sent; `warn`: it may not be; `none`: it was never set up. */
export type MailLevel = "good" | "warn" | "bad" | "none";

export const mailStatusCodes = [
  "working",
  "sandbox",
  "untested",
  "test_failed",
  "change_failed",
  "waiting",
  "limit",
  "partly",
  "paused",
  "tried",
  "node_fault",
  "broken",
  "all_off",
  "key_mismatch",
  "no_config",
  "queue_full",
  "disk_full",
] as const;
export type MailStatusCode = (typeof mailStatusCodes)[number];

export interface MailStatus {
  readonly level: MailLevel;
  readonly code: MailStatusCode;
  /** One or two sentences with the reason. */
  readonly sentence: string;
}

export const configIssueCodes = [
  "change_failed",
  "problem",
  "paused",
  "tried",
  "node_fault",
  "limit",
  "alert",
  "test_failed",
  "expiring",
] as const;

/** Why an admin should look at a config. */
export interface ConfigIssue {
  readonly configId: string;
  readonly name: string;
  readonly code: (typeof configIssueCodes)[number];
  readonly reason: string;
}

export interface MailFacts {
  readonly keyFits: boolean;
  readonly nodeFaults: readonly NodeFault[];
  /** Why no email is accepted; null while they are. */
  readonly intakeStop: IntakeStop | null;
  /** In the order in which they are tried. */
  readonly configs: readonly SmtpConfigSummary[];
  /** When the oldest queued email was accepted; null if none is queued. */
  readonly oldestWaitingAt: number | null;
  readonly lastSentAt: number | null;
  /** Null while the sandbox is off. */
  readonly sandboxPort: number | null;
  /** Everything goes to the sandbox, whatever the configs are. */
  readonly isCaptured: boolean;
  readonly now: number;
}

/** Why no email is accepted. */
export const intakeSentences: Readonly<Record<IntakeStop, string>> = {
  "disk.full": "Sendwright rejects new emails because the disk is nearly full.",
  "queue.full": "Sendwright rejects new emails because the queue is full.",
};
const stopCodes = { "disk.full": "disk_full", "queue.full": "queue_full" } as const;

/** Milliseconds. The first retry comes after a minute, so an email that is older has failed more than once. */
const longWaitMs = 5 * 60_000;

const inSandbox = "Every email goes to the built-in sandbox and stays on this machine.";

/** Whether mail works now: the worst that is known, with its reason. */
export function mailStatus(facts: MailFacts): MailStatus {
  const { keyFits, nodeFaults, intakeStop, configs, oldestWaitingAt, lastSentAt, now } = facts;
  const managed = configs.find(({ managedBy, problem }) => managedBy !== null && problem === null);
  // The environment gives its password with each start: it needs no key of the database.
  if (!keyFits && managed === undefined) {
    return bad("key_mismatch", "This node can't send mail because its secret doesn't match the database.");
  }
  if (intakeStop !== null) return bad(stopCodes[intakeStop], intakeSentences[intakeStop]);
  if (facts.isCaptured) return warn("sandbox", inSandbox);
  if (configs.length === 0) {
    return status("none", "no_config", "Mail isn't set up yet. Add an SMTP config to start sending.");
  }
  const enabled = configs.filter(({ settings }) => settings.enabled);
  if (enabled.length === 0)
    return bad("all_off", "Sendwright can't send mail because every SMTP config is turned off.");

  const first = configs.find((config) => isUsable(config, now));
  const [blocker] = enabled.flatMap((config) => blockerOf(config, now) ?? []);
  if (blocker !== undefined && first === undefined) {
    return bad(
      blocker.code === "paused" ? "paused" : "broken",
      `Sendwright can't send mail. ${blocker.reason}`,
    );
  }
  const [fault] = enabled.flatMap((config) => nodeFaultOf(config, nodeFaults));
  if (fault !== undefined) return warn("node_fault", fault.reason);
  const [tried] = first === undefined ? [] : triedOf(first, now);
  if (tried !== undefined) return warn("tried", tried.reason);
  if (first !== undefined && first.rollbackTo !== null) {
    return warn(
      "change_failed",
      `Mail may not work. ${first.settings.name} has failed since it was changed.`,
    );
  }
  const usable = enabled.filter((config) => isUsable(config, now));
  const limits = usable.map(limitOf);
  const [limit] = limits;
  if (limit != null && limits.every((each) => each !== null)) {
    return warn("limit", `Emails stay queued. ${limit.reason}`);
  }
  if (oldestWaitingAt !== null && now - oldestWaitingAt >= longWaitMs) {
    const age = ageInWords(now - oldestWaitingAt);
    return warn("waiting", `Mail is late. An email has been queued for ${age}.`);
  }
  if (blocker !== undefined && first !== undefined) {
    return warn("partly", `Mail is sent through ${first.settings.name}. ${blocker.reason}`);
  }
  const lastTest = first?.health.lastTest ?? null;
  if (lastTest?.ok === false && lastTest.at > (lastSentAt ?? 0)) {
    return warn("test_failed", `Mail may not work. ${testWords(first?.settings.name ?? "", lastTest.title)}`);
  }
  if (lastSentAt === null && lastTest === null) {
    return warn("untested", "Mail is set up, but you haven't tested or sent anything yet.");
  }
  // Mail that goes to the sandbox reaches no one, so its status must not be good.
  if (first !== undefined && isSandboxConfig(first.settings, facts.sandboxPort)) {
    return warn("sandbox", inSandbox);
  }
  return status("good", "working", "Mail is working.");
}

/** Whether emails go through a config now: it is turned on and nothing blocks it. */
export function isUsable(config: SmtpConfigSummary, now: number): boolean {
  return config.settings.enabled && blockerOf(config, now) === null;
}

/** What an admin should look at, in the order of the configs. A config that is turned off has no issues. */
export function configIssues(
  configs: readonly SmtpConfigSummary[],
  { now, nodeFaults }: Pick<MailFacts, "now" | "nodeFaults">,
  alerts: readonly Alert[] = [],
): ConfigIssue[] {
  return configs
    .filter(({ settings }) => settings.enabled)
    .flatMap((config) => [
      ...issuesOf(
        config,
        now,
        alerts.filter(({ configId }) => configId === config.id),
      ),
      ...nodeFaultOf(config, nodeFaults),
    ]);
}

function issuesOf(config: SmtpConfigSummary, now: number, alerts: readonly Alert[]): ConfigIssue[] {
  const changes = changeFailed(config, now);
  const blocker = blockerOf(config, now);
  if (blocker !== null) {
    // An alert of these kinds would give the reason of the blocker once more.
    const others = alerts.filter(({ kind }) => !blockingKinds.has(kind));
    return [...changes, blocker, ...others.map((alert) => alertIssue(config, alert))];
  }
  const { lastTest } = config.health;
  const tests =
    lastTest?.ok === false
      ? [issue(config, "test_failed", testWords(config.settings.name, lastTest.title))]
      : [];
  const hasExpiryAlert = alerts.some(({ kind }) => kind === "consent_expiring");
  return [
    ...changes,
    ...triedOf(config, now),
    ...[limitOf(config)].filter((limit) => limit !== null),
    ...alerts.map((alert) => alertIssue(config, alert)),
    ...tests,
    ...(hasExpiryAlert ? [] : expiring(config, now)),
  ];
}

/** The change that an earlier version would undo, and who made it. */
function changeFailed(config: SmtpConfigSummary, now: number): ConfigIssue[] {
  const { settings, rollbackTo, revision } = config;
  if (rollbackTo === null) return [];
  const { updatedAt, updatedBy } = revision;
  const ageMs = now - updatedAt;
  const when = ageMs < 2 * 60_000 ? "a moment ago" : `${ageInWords(ageMs)} ago`;
  const reason = `${settings.name} has failed since ${updatedBy} changed it ${when}.`;
  return [issue(config, "change_failed", reason)];
}

function alertIssue(config: SmtpConfigSummary, { title, remedy }: Alert): ConfigIssue {
  const words = [`${config.settings.name}: ${sentence(title)}`, remedy];
  return issue(config, "alert", words.filter((part) => part !== "").join(" "));
}

function expiring(config: SmtpConfigSummary, now: number): ConfigIssue[] {
  return expiriesOf(config.oauth, now).map(({ what, day, hasExpired, remedy }) => {
    const verb = hasExpired ? "expired" : "expires";
    return issue(config, "expiring", `${config.settings.name}: ${what} ${verb} on ${day}. ${remedy}`);
  });
}

/** Why a config that is turned on can't be used now; null if it can. */
function blockerOf(config: SmtpConfigSummary, now: number): ConfigIssue | null {
  const { settings, problem, health } = config;
  const { name } = settings;
  if (problem !== null) return issue(config, "problem", `${name} can't be used: ${problem.detail}`);
  const breaker = openBreakerAt(health, now);
  if (breaker === null) return null;
  const reason = sentence(breaker.reason ?? "the last attempt failed");
  const words = breaker.needsAdmin ? "needs an admin" : "is paused";
  return issue(config, "paused", `${name} ${words}: ${reason}`);
}

/** A config whose pause has ended, until an email has shown that it works. */
function triedOf(config: SmtpConfigSummary, now: number): readonly ConfigIssue[] {
  const breaker = triedBreakerAt(config.health, now);
  if (breaker === null) return [];
  const { name } = config.settings;
  const reason = sentence(breaker.reason ?? "the last attempt failed");
  return [
    issue(config, "tried", `${name} was paused: ${reason} Sendwright tries it again with the next email.`),
  ];
}

/** The limit that a config has reached; null if it has reached none. One per minute is not reported: it passes before anyone reads it. */
function limitOf(config: SmtpConfigSummary): ConfigIssue | null {
  const [reached] = reachedLimits(config.usage).filter(({ windowSeconds }) => windowSeconds > 60);
  if (reached === undefined) return null;
  return issue(config, "limit", `${config.settings.name} has reached a limit: ${useInWords(reached)}.`);
}

function nodeFaultOf(config: SmtpConfigSummary, faults: readonly NodeFault[]): readonly ConfigIssue[] {
  const fault = faults.find(({ configId }) => configId === config.id);
  if (fault === undefined) return [];
  const words = `This node can't use ${config.settings.name}, so other nodes send its mail`;
  return [issue(config, "node_fault", `${words}: ${sentence(fault.reason)}`)];
}

function issue(config: SmtpConfigSummary, code: ConfigIssue["code"], reason: string): ConfigIssue {
  return { configId: config.id, name: config.settings.name, code, reason };
}

function testWords(name: string, title: string | null): string {
  return title === null
    ? `The last test of ${name} failed.`
    : `The last test of ${name} failed: ${sentence(title)}`;
}

/** Ends with a full stop, which only some of the reasons have. */
function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

function status(level: MailLevel, code: MailStatusCode, words: string): MailStatus {
  return { level, code, sentence: words };
}

function bad(code: MailStatusCode, words: string): MailStatus {
  return status("bad", code, words);
}

function warn(code: MailStatusCode, words: string): MailStatus {
  return status("warn", code, words);
}
