import type { Caller } from "../../accounts/caller.ts";
import { deviceOf } from "../../accounts/device.ts";
import type { Session as SessionInside } from "../../accounts/sign-in.ts";
import { rfc3339, rfc3339OrNull } from "../../core/format.ts";
import { explainAttempt } from "../../diagnosis/explain-attempt.ts";
import type { EmailDetail, EmailSummary as SummaryInside } from "../../emails/emails.ts";
import type { Provider as ProviderInside } from "../../providers/catalog.ts";
import type { SandboxMessage } from "../../sandbox/sandbox-message.ts";
import type { DnsReport as DnsReportInside } from "../../sender-dns/sender-dns.ts";
import type { Alert as AlertInside } from "../../store/tables/alerts.ts";
import type { ApiKey as KeyInside } from "../../store/tables/api-keys.ts";
import type { AuditEntry as EntryInside } from "../../store/tables/audit-log.ts";
import type { Attempt as AttemptInside } from "../../store/tables/emails.ts";
import type { TemplateInfo as TemplateInside } from "../../templates/engine/template.ts";
import type { TemplatePart as TemplatePartInside } from "../../templates/library/parts.ts";
import type {
  TemplateDetail as TemplateDetailInside,
  TemplateVersionInfo,
  TemplateVersionDetail as TemplateVersionInside,
} from "../../templates/library/templates.ts";
import type { ApiKey, Me, Session } from "../schema/accounts.ts";
import type { Attempt, Email, EmailSummary } from "../schema/emails.ts";
import type { Alert, AuditEntry } from "../schema/monitoring.ts";
import type { SandboxEmail, SandboxEmailSummary } from "../schema/sandbox.ts";
import type { Provider } from "../schema/smtp-configs.ts";
import type {
  TemplateDetail,
  TemplateInfo,
  TemplatePart,
  TemplateVersion,
  TemplateVersionDetail,
} from "../schema/templates.ts";
import type { DnsReport } from "../schema/tests.ts";
import { routeView } from "./route-words.ts";

/** Values as the API writes them: times as RFC 3339, and no field that only the rooms below need. */

/** Hides in what a relay said which account a config signs in with. */
export type HidesAccount = (said: string) => string;

/** @param hides null for admins, who may read everything */
export function emailSummaryView(email: SummaryInside, hides: HidesAccount | null): EmailSummary {
  return {
    id: email.id,
    state: email.state,
    messageId: email.messageId,
    subject: email.subject,
    from: email.from,
    template: email.template,
    tags: [...email.tags],
    priority: email.priority,
    sensitive: email.sensitive,
    possibleDuplicate: email.possibleDuplicate,
    captured: email.captured,
    attemptCount: email.attemptCount,
    createdAt: rfc3339(email.createdAt),
    sentAt: rfc3339OrNull(email.sentAt),
    nextAttemptAt: rfc3339OrNull(email.nextAttemptAt),
    expiresAt: rfc3339(email.expiresAt),
    finishedAt: rfc3339OrNull(email.finishedAt),
    recipients: email.recipients.map(({ position: _position, reply, ...recipient }) => ({
      ...recipient,
      reply: reply === null ? null : (hides?.(reply) ?? reply),
    })),
  };
}

/**
 * Only admins learn of the account and the archive of a config, of what others have sent, and the names of configs that
 * made no attempt of an email.
 * @param hides null for admins
 */
export function emailView(email: EmailDetail, hides: HidesAccount | null, caller: Caller["actor"]): Email {
  const attempted = new Set(email.attempts.map(({ configName }) => configName));
  const mayName = (config: string) => hides === null || attempted.has(config);
  return {
    ...emailSummaryView(email, hides),
    replyTo: [...email.replyTo],
    onUnknown: email.onUnknown,
    config: email.config,
    resentFrom: email.resentFrom,
    resends: email.resends
      .filter((resend) => hides === null || resend.caller === caller.id)
      .map(({ id, state, createdAt }) => ({ id, state, createdAt: rfc3339(createdAt) })),
    attempts: email.attempts.map((attempt) => attemptView(attempt, hides, mayName)),
  };
}

function attemptView(
  inside: AttemptInside,
  hides: HidesAccount | null,
  mayName: (config: string) => boolean,
): Attempt {
  const attempt = hides === null ? inside : withoutAccount(inside, hides);
  const {
    id: _id,
    at,
    configName,
    relayHost,
    tlsVersion,
    failure: _failure,
    route,
    copy = null,
    ...others
  } = attempt;
  return {
    ...others,
    at: rfc3339(at),
    config: configName,
    relay: relayHost,
    tls: tlsVersion,
    copy: hides === null ? copy : null,
    route: routeView(route, attempt, mayName),
    problem: explainAttempt(attempt, { namesAccount: hides === null }),
  };
}

/** Everything in it that came from the relay, which an explanation repeats. */
function withoutAccount(attempt: AttemptInside, hides: HidesAccount): AttemptInside {
  const { reply, failure } = attempt;
  const { refusal = null, offered = null, certificate = null } = failure ?? {};
  return {
    ...attempt,
    reply: reply === null ? null : hides(reply),
    failure: failure && {
      ...failure,
      refusal: refusal && { ...refusal, text: hides(refusal.text) },
      offered: offered && { ...offered, authMechanisms: offered.authMechanisms.map(hides) },
      certificate: certificate && {
        ...certificate,
        names: certificate.names.map(hides),
        issuer: hides(certificate.issuer),
      },
    },
  };
}

export function templateView(template: TemplateInside): TemplateInfo {
  const { schema, example, locales, ...rest } = template;
  return { ...rest, schema: { ...schema }, example: { ...example }, locales: [...locales] };
}

export function templateDetailView(template: TemplateDetailInside): TemplateDetail {
  const { sources, updatedAt, updatedBy, ...info } = template;
  return { ...templateView(info), sources: { ...sources }, updatedAt: rfc3339OrNull(updatedAt), updatedBy };
}

export function templateVersionView({ at, ...version }: TemplateVersionInfo): TemplateVersion {
  return { ...version, at: rfc3339OrNull(at) };
}

export function templateVersionDetailView(inside: TemplateVersionInside): TemplateVersionDetail {
  const { at, by, note, change, sources, ...info } = inside;
  return { ...templateView(info), at: rfc3339OrNull(at), by, note, change, sources: { ...sources } };
}

export function templatePartView({ updatedAt, usedBy, ...part }: TemplatePartInside): TemplatePart {
  return { ...part, usedBy: [...usedBy], updatedAt: rfc3339OrNull(updatedAt) };
}

const noLimits = {
  maxPerSecond: null,
  maxPerMinute: null,
  maxPerHour: null,
  maxPerDay: null,
  maxRecipientsPerDay: null,
  holdsForOwnDomains: true,
};

export function providerView(provider: ProviderInside): Provider {
  const { id, name, isCommon, smtpServer, smtpPort, useTls, tlsMode } = provider;
  const { username, fromEmail, usernameHint, passwordHint, fromHint, helpUrl } = provider;
  return {
    id,
    name,
    isCommon,
    smtpServer,
    smtpPort,
    useTls,
    tlsMode,
    username,
    fromEmail,
    usernameHint,
    passwordHint,
    fromHint,
    helpUrl,
    limits: provider.limits === null ? null : { ...noLimits, ...provider.limits },
    regions: provider.regions.map((region) => ({
      id: region.id,
      name: region.name,
      smtpServer: region.smtpServer,
    })),
  };
}

export function dnsReportView({ domain, checkedAt, findings }: DnsReportInside): DnsReport {
  return { domain, checkedAt: rfc3339(checkedAt), findings: [...findings] };
}

export function alertView(inside: AlertInside): Alert {
  const { id, configId, configName, kind, title, explanation, remedy, raisedAt } = inside;
  return {
    id,
    configId,
    configName,
    kind,
    title,
    explanation,
    remedy,
    raisedAt: rfc3339(raisedAt),
    acknowledgedAt: rfc3339OrNull(inside.acknowledgedAt),
    acknowledgedBy: inside.acknowledgedBy,
  };
}

export function apiKeyView(key: KeyInside): ApiKey {
  return { ...key, createdAt: rfc3339(key.createdAt), lastUsedAt: rfc3339OrNull(key.lastUsedAt) };
}

export function auditEntryView(entry: EntryInside): AuditEntry {
  return { ...entry, at: rfc3339(entry.at), actor: { ...entry.actor }, detail: { ...entry.detail } };
}

export function sandboxEmailSummaryView(message: SandboxMessage): SandboxEmailSummary {
  const { id, receivedAt, from, to, subject, size } = message;
  return { id, receivedAt: rfc3339(receivedAt), from, to: [...to], subject, sizeBytes: size };
}

export function sandboxEmailView(message: SandboxMessage): SandboxEmail {
  return {
    ...sandboxEmailSummaryView(message),
    html: message.html,
    text: message.text,
    headers: message.headers.map(({ name, value }) => ({ name, value })),
    attachments: message.attachments.map(({ size, ...attachment }) => ({ ...attachment, sizeBytes: size })),
  };
}

export function meView({ actor, email, via, scope }: Caller): Me {
  return { ...actor, email, via, scope };
}

export function sessionView({ signedInAt, seenAt, ...session }: SessionInside): Session {
  return {
    ...session,
    ...deviceOf(session.userAgent),
    signedInAt: signedInAt.toISOString(),
    seenAt: seenAt.toISOString(),
  };
}
