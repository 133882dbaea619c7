import type { ConfigCheck } from "../store/tables/config-checks.ts";
import type { LastTest, SmtpConfig } from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import type { OauthView } from "./oauth/view.ts";
import type { ConfigProblem } from "./open.ts";
import { passwordMask } from "./settings.ts";

type Rewritten =
  | "passwordEnc"
  | "seal"
  | "createdAt"
  | "updatedAt"
  | "lastTest"
  | "pausedUntil"
  | "failures"
  | "provenVersion"
  | "faultyVersion";

/** A config as the API and the page show it: never with its password. Times are RFC 3339. */
export interface SmtpConfigView extends Omit<SmtpConfig, Rewritten> {
  /** The mask, or null where no password is saved. */
  readonly password: typeof passwordMask | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastTest: LastTestView | null;
  /** What the watch has found of these settings; null before it has looked at them. */
  readonly lastCheck: LastCheckView | null;
  readonly pausedUntil: string | null;
  /** Why nothing can be sent with it until an admin mends it, or null. */
  readonly problem: ConfigProblem | null;
  /** Who sets it, where that is not the page; it cannot be changed here then. */
  readonly managedBy: "environment" | null;
  /** This version failed before any email was taken through it: the earlier one that may be returned to. */
  readonly returnTo: number | null;
  /** How it is connected with its provider, where it signs in with OAuth; null where no client is saved. */
  readonly oauth: OauthView | null;
}

export interface LastTestView extends Omit<LastTest, "at"> {
  readonly at: string;
}

export interface LastCheckView extends LastTestView {
  /** When the certificate that was shown ends; null where there was none. */
  readonly certificateEndsAt: string | null;
}

export function viewOf(
  config: SmtpConfig,
  given: Pick<SmtpConfigView, "problem" | "returnTo" | "oauth"> & { readonly check?: ConfigCheck | null },
): SmtpConfigView {
  const { problem, returnTo, oauth, check = null } = given;
  const {
    passwordEnc,
    seal: _seal,
    failures: _failures,
    provenVersion: _proven,
    faultyVersion: _faulty,
    ...rest
  } = config;
  const { createdAt, updatedAt, lastTest, pausedUntil, ...shown } = rest;
  return {
    ...shown,
    password: passwordEnc === null ? null : passwordMask,
    createdAt: rfc3339(createdAt),
    updatedAt: rfc3339(updatedAt),
    lastTest: lastTest === null ? null : { ...lastTest, at: rfc3339(lastTest.at) },
    lastCheck: check === null ? null : lastCheckOf(config, check),
    pausedUntil: pausedUntil === null ? null : rfc3339(pausedUntil),
    problem,
    managedBy: config.id === environmentConfigId ? "environment" : null,
    returnTo,
    oauth,
  };
}

/** A check speaks of the settings that it looked at. */
function lastCheckOf(
  { version }: SmtpConfig,
  { outcome, checkedAt, version: checked }: ConfigCheck,
): LastCheckView | null {
  if (outcome === null || checkedAt === null || checked !== version) return null;
  const { ok, stage, title, certificateEndsAt } = outcome;
  return {
    ...{ at: rfc3339(checkedAt), ok, stage, title },
    certificateEndsAt: certificateEndsAt === null ? null : rfc3339(certificateEndsAt),
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
