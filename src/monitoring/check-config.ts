import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import { probe } from "../diagnosis/probe.ts";
import type { FailedStage } from "../diagnosis/stages.ts";
import type { OpenDns } from "../net/dns.ts";
import type { Egress } from "../net/egress.ts";
import { checkSender } from "../sender-dns/sender-dns.ts";
import type { OauthConnection } from "../smtp-configs/oauth/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import type { CheckOutcome } from "../store/tables/config-checks.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import { certificateEnd, type Judgement, judgeConsent, judgeDns, judgeProbe, type Proven } from "./assess.ts";

/** What a check of a config found. */
export interface Checked {
  readonly judgements: readonly Judgement[];
  readonly outcome: Omit<CheckOutcome, "suspects">;
  /** Why nothing can be sent through it until an admin mends it; null where that is not so. */
  readonly mustBeMended: string | null;
}

export interface CheckParts {
  readonly resolver: ConfigResolver;
  readonly templates: LoadedTemplates;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly openDns: OpenDns;
  /** Cuts it; the check then rejects with its reason. */
  readonly signal: AbortSignal;
  readonly oauth: OauthConnection | null;
}

/** So old an access token may be: an older one says nothing of whether the consent still holds. */
const provenMs = 60_000;

/** The kinds for which sending stops using a config until it is mended. A refused sender may be one of many. */
const mended: ReadonlySet<string> = new Set(["unusable", "tls_failed", "sign_in_failed"]);

/**
 * Looks at a config as far as the sender, and at its domain in the DNS. No email is sent, no recipient named.
 * @param before what was right in the DNS until now
 */
export async function checkConfig(
  config: SmtpConfig,
  before: Proven | null,
  parts: CheckParts,
): Promise<Checked> {
  const { clock, oauth } = parts;
  const [reached, dns] = await Promise.all([reach(config, parts), checkSender(config.settings, parts)]);
  const { judgements, proven } = judgeDns(dns, before);
  const all = [...reached.judgements, judgeConsent(oauth, clock.now()), ...judgements];
  const stopping = reached.judgements.find((one) => one.is === "ill" && !one.mayPass && mended.has(one.kind));
  return {
    judgements: all,
    outcome: { ...reached.outcome, proven },
    mustBeMended: stopping?.is === "ill" ? `${stopping.title}. ${stopping.explanation}` : null,
  };
}

type Reached = Pick<Checked, "judgements"> & { readonly outcome: Omit<Checked["outcome"], "proven"> };

async function reach(
  config: SmtpConfig,
  { resolver, templates, egress, clock, signal }: CheckParts,
): Promise<Reached> {
  let failed: FailedStage | null = null;
  let opened: ResolvedConfig;
  try {
    opened = resolver.resolve(config);
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return unusable(error);
  }
  const report = await probe(opened, {
    templates,
    egress,
    clock,
    signal,
    withToken: (target) => resolver.withToken(target, provenMs),
    triesAlternatives: false,
    onFailed: (seen) => {
      failed = seen;
    },
  });
  const seen = failed as FailedStage | null;
  return {
    judgements: [{ kind: "unusable", is: "well" }, ...judgeProbe(report, seen, clock.now())],
    outcome: {
      ok: report.ok,
      stage: seen?.stage ?? null,
      title: seen?.problem.title ?? null,
      certificateEndsAt: certificateEnd(report),
    },
  };
}

/** Its password cannot be read, or it was changed by other hands. */
function unusable({ message }: SendwrightError): Reached {
  const title = "The config cannot be used";
  return {
    judgements: [
      {
        kind: "unusable",
        is: "ill",
        title,
        explanation: message,
        remedy: "Look at the config, enter its password again and save.",
        level: 1,
        mayPass: false,
      },
    ],
    outcome: { ok: false, stage: null, title, certificateEndsAt: null },
  };
}
