import { errorTable } from "../core/errors.ts";
import { rfc3339, utcDay } from "../core/format.ts";
import type { AlertKind, Stage } from "../core/model.ts";
import type { TestReport } from "../diagnosis/report.ts";
import type { FailedStage } from "../diagnosis/stages.ts";
import type { Finding } from "../sender-dns/finding.ts";
import type { DnsReport } from "../sender-dns/sender-dns.ts";
import type { CheckOutcome } from "../store/tables/config-checks.ts";
import { expiriesOf } from "./expiry.ts";

/** What a check found about one kind of problem. A kind that the check could not see has no finding. */
export type CheckFinding = OkFinding | ProblemFinding;

interface OkFinding {
  readonly kind: AlertKind;
  readonly status: "ok";
}

export interface ProblemFinding {
  readonly kind: AlertKind;
  readonly status: "problem";
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  /** Grows as the problem becomes more urgent. */
  readonly level: number;
  /** The problem may be gone in a moment, so it counts only if two checks in a row find it. */
  readonly isTransient: boolean;
}

/** The kinds of problem that prevent every email from being sent through the config. */
export const blockingKinds: ReadonlySet<AlertKind> = new Set([
  "unusable",
  "unreachable",
  "tls_failed",
  "sign_in_failed",
]);

const dayMs = 86_400_000;
/** Days before a certificate expires: at each of them the alert becomes more urgent. Most are renewed before the first. */
const certificateDays: readonly number[] = [21, 7, 1];

/** The kind of problem that a failure at a stage is. */
const kindOfStage = {
  resolve: "unreachable",
  connect: "unreachable",
  greeting: "unreachable",
  ehlo: "unreachable",
  starttls: "tls_failed",
  tls: "tls_failed",
  auth: "sign_in_failed",
  sender: "sender_refused",
  recipient: "sender_refused",
  message: "sender_refused",
} as const satisfies Record<Stage, AlertKind>;

/**
 * Assesses a probe that went as far as the sender. Stages that passed are ok; nothing is known of those behind a
 * failure.
 */
export function assessProbe(report: TestReport, failed: FailedStage | null, now: number): CheckFinding[] {
  const passed = (stage: Stage) =>
    report.stages.some((one) => one.stage === stage && (one.status === "passed" || one.status === "warning"));
  // Without TLS or authentication these stages are skipped: that a later one passed shows they are not needed.
  const ok: AlertKind[] = [
    ...(passed("ehlo") ? (["unreachable"] as const) : []),
    ...(passed("tls") || passed("sender") ? (["tls_failed"] as const) : []),
    ...(passed("auth") || passed("sender") ? (["sign_in_failed"] as const) : []),
    ...(passed("sender") ? (["sender_refused"] as const) : []),
  ];
  const problems = failed === null ? [] : [assessFailure(failed)];
  return [
    ...ok.filter((kind) => problems.every((one) => one.kind !== kind)).map(okFinding),
    ...problems,
    ...assessCertificate(certificateEnd(report), passed("sender"), now),
  ];
}

function okFinding(kind: AlertKind): OkFinding {
  return { kind, status: "ok" };
}

function assessFailure({ stage, failure, problem }: FailedStage): ProblemFinding {
  const kind = kindOfStage[stage];
  const { title, explanation, remedy } = problem;
  const isTransient = kind === "unreachable" || mayPass(failure);
  return { kind, status: "problem", title, explanation, remedy, level: 1, isTransient };
}

/** A connection that is cut off during the TLS handshake says nothing about TLS. */
const cutOff: ReadonlySet<string> = new Set(["ETIMEDOUT", "ECONNRESET", "EPIPE"]);

/** RFC 5321 §4.2.1: a 4yz reply may be another one later. */
function mayPass({ code, reply, systemCode }: FailedStage["failure"]): boolean {
  const retry = errorTable[code as keyof typeof errorTable];
  if (retry === "by-reply") return reply === undefined || reply.code < 500;
  return retry === "later" || (systemCode !== undefined && cutOff.has(systemCode));
}

/** When the certificate expires that a stage showed and accepted, in milliseconds since the epoch; null if none was. */
export function certificateEnd(report: TestReport): number | null {
  const tls = report.stages.find(({ stage, status }) => stage === "tls" && status !== "failed");
  const validTo = tls?.evidence.validTo;
  // A report is written for people: its evidence has times as text.
  return typeof validTo === "string" ? Date.parse(validTo) : null;
}

function assessCertificate(endsAt: number | null, hasPassed: boolean, now: number): CheckFinding[] {
  const kind = "certificate_expiring";
  if (endsAt === null) return hasPassed ? [okFinding(kind)] : [];
  const daysLeft = Math.floor((endsAt - now) / dayMs);
  const level = certificateDays.filter((days) => daysLeft < days).length;
  if (level === 0) return [okFinding(kind)];
  return [
    {
      kind,
      status: "problem",
      // A date, because the number of days left would change the title with every check.
      title: `The certificate expires on ${utcDay(endsAt)}`,
      explanation: `The server's certificate expires on ${utcDay(endsAt)} at ${rfc3339(endsAt).slice(11, 16)} UTC. After that, Sendwright can't send through this server.`,
      remedy: "Ask the server's administrator to renew it.",
      level,
      isTransient: false,
    },
  ];
}

/** What was once right in the DNS of a sender's domain. */
export type ProvenDns = NonNullable<CheckOutcome["proven"]>;

/**
 * Assesses the DNS of the sender's domain. A record that was never right is no problem, and one that no server
 * answers for has no finding. A record that is being replaced is missing for a moment, so its problem is transient.
 */
export function assessDns(
  { domain, findings }: DnsReport,
  before: ProvenDns | null,
): { readonly findings: readonly CheckFinding[]; readonly proven: ProvenDns } {
  const known = before?.domain === domain ? before : { domain, dmarc: false, spf: false };
  const dmarc = findings.find(({ check }) => check === "dmarc");
  const spf = findings.find(({ check }) => check === "spf");
  return {
    findings: [
      ...assessRecord("dmarc_broken", dmarc, known.dmarc, ["failed", "warning"]),
      // Warnings about SPF are guesses: a server that is not in the catalog, or a record that allows too much.
      ...assessRecord("spf_broken", spf, known.spf, ["failed"]),
    ],
    proven: {
      domain,
      dmarc: known.dmarc || dmarc?.status === "ok",
      spf: known.spf || spf?.status === "ok",
    },
  };
}

function assessRecord(
  kind: "dmarc_broken" | "spf_broken",
  finding: Finding | undefined,
  wasRight: boolean,
  wrong: readonly Finding["status"][],
): CheckFinding[] {
  if (finding === undefined || finding.status === "unknown") return [];
  if (!wrong.includes(finding.status) || !wasRight) return [okFinding(kind)];
  const { title, explanation, remedy: advice, record } = finding;
  const remedy = record === undefined ? advice : `${advice} ${record.name} ${record.type} ${record.value}`;
  return [{ kind, status: "problem", title, explanation, remedy, level: 1, isTransient: true }];
}

/** Assesses the consent and the client secret of a config that authenticates with OAuth. */
export function assessConsent(oauth: Parameters<typeof expiriesOf>[0], now: number): CheckFinding {
  const kind = "consent_expiring";
  const [first] = expiriesOf(oauth, now);
  if (first === undefined) return okFinding(kind);
  const { what, day, hasExpired, remedy } = first;
  const subject = capitalized(what);
  return {
    kind,
    status: "problem",
    title: `${subject} ${hasExpired ? "expired" : "expires soon"}`,
    explanation: hasExpired
      ? `${subject} expired on ${day}. Since then, Sendwright can't authenticate with it.`
      : `${subject} expires on ${day}. After that, Sendwright can't authenticate with it.`,
    remedy,
    level: 1,
    isTransient: false,
  };
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
