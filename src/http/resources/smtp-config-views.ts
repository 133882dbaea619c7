import { rfc3339, rfc3339OrNull } from "../../core/format.ts";
import { passwordMask } from "../../core/model.ts";
import type { OauthConnection } from "../../smtp-configs/oauth/connection.ts";
import type { SmtpConfigSummary } from "../../smtp-configs/summary.ts";
import type { DraftSummary } from "../../smtp-configs/versions/drafts.ts";
import type { SettingChange, VersionSummary } from "../../smtp-configs/versions/history.ts";
import type { Breaker, LastTest } from "../../store/tables/smtp-config-health.ts";
import type { SmtpConfig, SmtpConfigDraft, SmtpConfigVersion } from "../schema/smtp-configs.ts";

/** SMTP configs as the API writes them: in one level, with the mask for a password and times as RFC 3339. */

export function smtpConfigView(config: SmtpConfigSummary): SmtpConfig {
  const { managedBy, rollbackTo, oauth, lastCheck, usage } = config;
  const { position, enabled } = config.settings;
  return {
    ...smtpConfigDraftView(config),
    position,
    enabled,
    managedBy,
    returnTo: rollbackTo,
    oauth: oauth === null ? null : oauthView(oauth),
    usage: usage.map((use) => ({ ...use, resetsAt: rfc3339OrNull(use.resetsAt) })),
    lastCheck:
      lastCheck === null
        ? null
        : { ...lastTestView(lastCheck), certificateEndsAt: rfc3339OrNull(lastCheck.certificateEndsAt) },
  };
}

export function smtpConfigDraftView(draft: DraftSummary): SmtpConfigDraft {
  const { id, settings, revision, health, hasPassword, problem } = draft;
  const { position: _position, enabled: _enabled, ...shown } = settings;
  const { lastTest, breaker } = health;
  return {
    id,
    ...shown,
    password: hasPassword ? passwordMask : null,
    version: revision.version,
    createdAt: rfc3339(revision.createdAt),
    updatedAt: rfc3339(revision.updatedAt),
    updatedBy: revision.updatedBy,
    lastTest: lastTest === null ? null : lastTestView(lastTest),
    pausedUntil: breaker.state === "open" ? rfc3339(breaker.until) : null,
    pausedReason: breaker.state === "closed" ? null : breaker.reason,
    breaker: breakerView(breaker),
    problem,
  };
}

export function smtpConfigVersionView(version: VersionSummary): SmtpConfigVersion {
  const { savedAt, lastTest, changes, ...shown } = version;
  return {
    ...shown,
    savedAt: rfc3339(savedAt),
    lastTest: lastTest === null ? null : lastTestView(lastTest),
    changes: changes.map(changeView),
  };
}

function changeView({ setting, before, after }: SettingChange): SmtpConfigVersion["changes"][number] {
  return { setting, before: textOf(before), after: textOf(after) };
}

function textOf(value: SettingChange["before"]): string | null {
  if (typeof value === "object" && value !== null) return value.join(", ") || null;
  return value === null ? null : String(value);
}

function breakerView(breaker: Breaker): SmtpConfig["breaker"] {
  if (breaker.state === "closed") return { state: "closed" };
  const { state, until, reason, needsAdmin } = breaker;
  return state === "open"
    ? { state, until: rfc3339(until), reason, needsAdmin }
    : { state, reason, needsAdmin };
}

function lastTestView({ at, ok, stage, title }: LastTest): NonNullable<SmtpConfig["lastTest"]> {
  return { at: rfc3339(at), ok, stage, title };
}

function oauthView(oauth: OauthConnection): NonNullable<SmtpConfig["oauth"]> {
  const { hasClientSecret, ...shown } = oauth;
  return {
    ...shown,
    clientSecret: hasClientSecret ? passwordMask : null,
    clientSecretExpiresAt: rfc3339OrNull(oauth.clientSecretExpiresAt),
    connectedAt: rfc3339OrNull(oauth.connectedAt),
    expiresAt: rfc3339OrNull(oauth.expiresAt),
    accessExpiresAt: rfc3339OrNull(oauth.accessExpiresAt),
  };
}
