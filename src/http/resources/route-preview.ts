import type { Mailbox } from "../../core/model.ts";
import {
  type Availability,
  candidatesFor,
  homeOf,
  type RoutedConfig,
  type RoutedEmail,
  type RoutingDecision,
  routeOf,
  sendsAsItself,
} from "../../delivery/router.ts";
import { senderFor } from "../../delivery/sender.ts";
import { isSandboxConfig } from "../../smtp-configs/sandbox-config.ts";
import type { SmtpConfigSummary } from "../../smtp-configs/summary.ts";
import { reachedLimits, useInWords } from "../../smtp-configs/usage.ts";
import type { NamedConfig } from "../../store/tables/emails.ts";
import { openBreakerAt, triedBreakerAt } from "../../store/tables/smtp-config-health.ts";

/** An email that is only asked about. */
export interface AskedEmail {
  /** Null: the sender of the config that would send it first. */
  readonly from: Mailbox | null;
  readonly via: NamedConfig | null;
}

/** Whether a config can be used for an email. Times are milliseconds since the epoch. */
export type ConfigState =
  | { readonly state: "available" }
  /** `until` is null if the next email tries the config. */
  | { readonly state: "paused"; readonly until: number | null; readonly reason: string | null }
  | { readonly state: "limit"; readonly until: number | null; readonly reason: string }
  /** Its password, key or consent is missing: no node can use it. */
  | { readonly state: "unusable"; readonly reason: string }
  | { readonly state: "off" };

/** A config that an email may go through, with the sender it would have there. */
export type Candidate = ConfigState & {
  readonly id: string;
  readonly name: string;
  readonly sendsAs: Mailbox;
  readonly replyTo: readonly Mailbox[];
};

export interface RoutePreview {
  readonly decision: RoutingDecision;
  /** In the order in which they are tried; those that are off or unusable stand at the end. */
  readonly candidates: readonly Candidate[];
}

export interface RouteFacts {
  /** All of them, in their order. */
  readonly configs: readonly SmtpConfigSummary[];
  /** Null while the sandbox is off. */
  readonly sandboxPort: number | null;
  readonly now: number;
}

/** What the router would do with an email now, going by what is stored. */
export function previewRoute(asked: AskedEmail, facts: RouteFacts): RoutePreview {
  const email: RoutedEmail = { ...asked, refusedBy: [] };
  const states = new Map(facts.configs.map((config) => [config.id, stateOf(config, facts)]));
  const isLeftOut = ({ id }: { id: string }) => ["off", "unusable"].includes(states.get(id)?.state ?? "off");
  const all = facts.configs.map((config) => asRouted(config, facts.sandboxPort));
  const configs = all.filter((config) => !isLeftOut(config));
  const decision = routeOf(email, configs, ({ id }) => availabilityOf(states.get(id)));
  const { via } = asked;
  const leftOut = all
    .filter(isLeftOut)
    .filter(({ id }) => via === null || via.fallback || via.configId === id);
  const inOrder = [...candidatesFor(email, configs), ...leftOut];
  return { decision, candidates: inOrder.map((each) => candidate(email, each, configs, states)) };
}

type PreviewedConfig = RoutedConfig & { readonly summary: SmtpConfigSummary };

function asRouted(summary: SmtpConfigSummary, sandboxPort: number | null): PreviewedConfig {
  const { id, settings } = summary;
  const { name, senders } = settings;
  const fromEmail = settings.fromEmail.toLowerCase();
  // An email that was not sent yet was refused by none.
  return {
    id,
    name,
    fromEmail,
    senders,
    isSandbox: isSandboxConfig(settings, sandboxPort),
    refusal: "",
    summary,
  };
}

function stateOf(config: SmtpConfigSummary, { now }: RouteFacts): ConfigState {
  const { settings, problem, health } = config;
  if (!settings.enabled) return { state: "off" };
  if (problem !== null) return { state: "unusable", reason: problem.detail };
  const open = openBreakerAt(health, now);
  if (open !== null) return { state: "paused", until: open.until, reason: open.reason };
  const tried = triedBreakerAt(health, now);
  if (tried !== null) {
    // While a node tries it with one email, all others wait.
    const until = tried.state === "half-open" && tried.until > now ? tried.until : null;
    return { state: "paused", until, reason: tried.reason };
  }
  const [reached, ...others] = reachedLimits(config.usage);
  if (reached === undefined) return { state: "available" };
  const ends = [reached, ...others].map(({ resetsAt }) => resetsAt ?? now);
  return { state: "limit", until: Math.max(...ends), reason: `${useInWords(reached)}.` };
}

function availabilityOf(state: ConfigState | undefined): Availability {
  if (state?.state === "available" || isTried(state)) return { state: "available" };
  if (state?.state === "limit") return { state: "unavailable", because: "limit", until: state.until };
  return { state: "unavailable", because: "paused", until: state?.state === "paused" ? state.until : null };
}

/** Whether the next email shows if the config works again. */
export function isTried(state: ConfigState | undefined): boolean {
  return state?.state === "paused" && state.until === null;
}

function candidate(
  email: RoutedEmail,
  config: PreviewedConfig,
  configs: readonly PreviewedConfig[],
  states: ReadonlyMap<string, ConfigState>,
): Candidate {
  const home = homeOf(email, configs)?.summary ?? config.summary;
  const standsIn = home !== config.summary && !sendsAsItself(email, config, configs);
  const { from, replyTo } = senderFor({ from: email.from, replyTo: [] }, config.summary, { home, standsIn });
  const { id, name } = config;
  return { id, name, sendsAs: from, replyTo, ...(states.get(id) ?? { state: "off" }) };
}
