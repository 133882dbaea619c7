import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import { probe } from "../diagnosis/probe.ts";
import type { FailedStage } from "../diagnosis/stages.ts";
import type { RecipientGuard } from "../guard/recipient-guard.ts";
import type { OpenDns } from "../net/dns.ts";
import type { Egress } from "../net/egress.ts";
import { checkSender } from "../sender-dns/sender-dns.ts";
import type { OauthConnection } from "../smtp-configs/oauth/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import type { CheckOutcome } from "../store/tables/config-checks.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import {
  assessConsent,
  assessDns,
  assessProbe,
  blockingKinds,
  type CheckFinding,
  certificateEnd,
  type ProvenDns,
} from "./assess.ts";

/** What a check of a config found. */
export interface CheckResult {
  readonly findings: readonly CheckFinding[];
  readonly outcome: Omit<CheckOutcome, "suspects">;
  /** Why no email can be sent through the config until an admin acts; null if it can. */
  readonly needsAdmin: string | null;
}

export interface CheckDependencies {
  readonly resolver: ConfigResolver;
  readonly templates: LoadedTemplates;
  readonly guard: RecipientGuard;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly openDns: OpenDns;
}

export interface CheckOptions {
  /** What was right in the DNS until now. */
  readonly before: ProvenDns | null;
  readonly oauth: OauthConnection | null;
  /** Cuts the check, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Milliseconds. A check gets a new access token if the current one is older, because that shows the consent still holds. */
const maxTokenAgeMs = 60_000;

/** Checks a config as far as the sender, and its domain in the DNS. It sends no email and names no recipient. */
export async function checkConfig(
  config: SmtpConfig,
  { before, oauth, signal }: CheckOptions,
  dependencies: CheckDependencies,
): Promise<CheckResult> {
  const [reached, report] = await Promise.all([
    checkServer(config, signal, dependencies),
    checkSender(config.settings, dependencies),
  ]);
  const dns = assessDns(report, before);
  return {
    findings: [...reached.findings, assessConsent(oauth, dependencies.clock.now()), ...dns.findings],
    outcome: { ...reached.outcome, proven: dns.proven },
    needsAdmin: needsAdmin(reached.findings),
  };
}

/** A sender that the server rejects blocks no config: it may be one of many. */
function needsAdmin(findings: readonly CheckFinding[]): string | null {
  for (const finding of findings) {
    if (finding.status === "ok" || finding.isTransient || !blockingKinds.has(finding.kind)) continue;
    return `${finding.title}. ${finding.explanation}`;
  }
  return null;
}

interface ServerCheck extends Pick<CheckResult, "findings"> {
  readonly outcome: Omit<CheckResult["outcome"], "proven">;
}

async function checkServer(
  config: SmtpConfig,
  signal: AbortSignal,
  { resolver, templates, guard, egress, clock }: CheckDependencies,
): Promise<ServerCheck> {
  let resolved: ResolvedConfig;
  try {
    resolved = resolver.resolve(config);
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return unusable(error);
  }
  const failures: FailedStage[] = [];
  const report = await probe(resolved, {
    templates,
    guard,
    egress,
    clock,
    signal,
    withToken: (target) => resolver.withToken(target, maxTokenAgeMs),
    triesAlternatives: false,
    onFailed: (failure) => failures.push(failure),
  });
  const failed = failures.at(-1) ?? null;
  return {
    findings: [{ kind: "unusable", status: "ok" }, ...assessProbe(report, failed, clock.now())],
    outcome: {
      ok: report.ok,
      stage: failed?.stage ?? null,
      title: failed?.problem.title ?? null,
      certificateEndsAt: certificateEnd(report),
    },
  };
}

/** The finding about a config whose password can't be decrypted, or that was changed in the database by hand. */
function unusable({ message }: SendwrightError): ServerCheck {
  const title = "The SMTP config can't be used";
  return {
    findings: [
      {
        kind: "unusable",
        status: "problem",
        title,
        explanation: message,
        remedy: "Open the config, enter its password again and save it.",
        level: 1,
        isTransient: false,
      },
    ],
    outcome: { ok: false, stage: null, title, certificateEndsAt: null },
  };
}
