import type { ConfigCheck } from "../store/tables/config-checks.ts";
import type { LastTest } from "../store/tables/smtp-config-health.ts";
import { noUsage, type Usage } from "../store/tables/smtp-config-usage.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import type { OauthConnection } from "./oauth/connection.ts";
import type { ConfigProblem } from "./open.ts";
import { type LimitUse, limitUses } from "./usage.ts";

/** A config with all that is known of it, and without its password in any form. */
export interface SmtpConfigSummary extends Omit<SmtpConfig, "secret"> {
  readonly hasPassword: boolean;
  /** Why nothing can be sent with it until an admin acts, or null. */
  readonly problem: ConfigProblem | null;
  /** What sets it, if it cannot be changed here. */
  readonly managedBy: "environment" | null;
  /** The last scheduled check of these settings; null before the first. */
  readonly lastCheck: LastCheck | null;
  /** The earlier version to roll back to: this one failed before any email was accepted through it. Else null. */
  readonly rollbackTo: number | null;
  /** How it is connected with its provider if it signs in with OAuth; null if no client is saved. */
  readonly oauth: OauthConnection | null;
  /** What it has used of each limit that is set. */
  readonly usage: readonly LimitUse[];
}

export interface LastCheck extends LastTest {
  /** When the certificate that was shown ends; null if none was. */
  readonly certificateEndsAt: number | null;
}

export interface KnownOfConfig extends Pick<SmtpConfigSummary, "problem" | "rollbackTo" | "oauth"> {
  readonly check: ConfigCheck | null;
  /** Null if it has sent nothing within its limits. */
  readonly usage: Usage | null;
}

export function summaryOf(config: SmtpConfig, known: KnownOfConfig): SmtpConfigSummary {
  const { problem, rollbackTo, oauth, check, usage } = known;
  const { secret, ...shown } = config;
  return {
    ...shown,
    hasPassword: secret.kind === "password",
    problem,
    managedBy: config.id === environmentConfigId ? "environment" : null,
    lastCheck: check === null ? null : lastCheckOf(config, check),
    rollbackTo,
    oauth,
    usage: limitUses(config.settings, usage ?? noUsage),
  };
}

/** Null if the check was of other settings than the current ones. */
function lastCheckOf(
  { revision }: SmtpConfig,
  { outcome, checkedAt, version }: ConfigCheck,
): LastCheck | null {
  if (outcome === null || checkedAt === null || version !== revision.version) return null;
  const { ok, stage, title, certificateEndsAt } = outcome;
  return { at: checkedAt, ok, stage, title, certificateEndsAt };
}
