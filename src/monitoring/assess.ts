import { errorTable } from "../core/errors.ts";
import type { AlertKind, Stage } from "../core/model.ts";
import type { TestReport } from "../diagnosis/report.ts";
import type { FailedStage } from "../diagnosis/stages.ts";
import type { Finding } from "../sender-dns/finding.ts";
import type { DnsReport } from "../sender-dns/sender-dns.ts";
import type { OauthConnection } from "../smtp-configs/oauth/connection.ts";

/** What a check says of one kind of trouble. Of a kind that it could not look at, it says nothing. */
export type Judgement = { readonly kind: AlertKind } & (Well | Ill);

interface Well {
  readonly is: "well";
}

export interface Ill {
  readonly is: "ill";
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  /** Grows as it becomes more urgent. */
  readonly level: number;
  /** It may be over in a moment: it counts only if it is seen twice. */
  readonly mayPass: boolean;
}

const dayMs = 86_400_000;
/** Renewed a month before its end, a certificate never comes so far. Each of them is told of. */
const certificateDays: readonly number[] = [21, 7, 1];

/** Which trouble a failure at a stage is. */
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

/** What a probe as far as the sender has shown. Stages that were passed are well; those behind a failure unknown. */
export function judgeProbe(report: TestReport, failed: FailedStage | null, now: number): Judgement[] {
  const passed = (stage: Stage) =>
    report.stages.some((one) => one.stage === stage && (one.status === "passed" || one.status === "warning"));
  // Without TLS or a sign-in these stages are skipped, and what comes after them shows that they are not needed.
  const well: AlertKind[] = [
    ...(passed("ehlo") ? (["unreachable"] as const) : []),
    ...(passed("tls") || passed("sender") ? (["tls_failed"] as const) : []),
    ...(passed("auth") || passed("sender") ? (["sign_in_failed"] as const) : []),
    ...(passed("sender") ? (["sender_refused"] as const) : []),
  ];
  const bad = failed === null ? [] : [judgeFailure(failed)];
  const certificate = judgeCertificate(certificateEnd(report), passed("sender"), now);
  return [
    ...well
      .filter((kind) => bad.every((one) => one.kind !== kind))
      .map((kind) => ({ kind, is: "well" }) as const),
    ...bad,
    ...certificate,
  ];
}

function judgeFailure({ stage, failure, problem }: FailedStage): Judgement {
  const kind = kindOfStage[stage];
  const { title, explanation, remedy } = problem;
  const mayPass = kind === "unreachable" || passes(failure);
  return { kind, is: "ill", title, explanation, remedy, level: 1, mayPass };
}

/** A connection that is cut off while TLS is set up says nothing about TLS. */
const cutOff: ReadonlySet<string> = new Set(["ETIMEDOUT", "ECONNRESET", "EPIPE"]);

/** RFC 5321 §4.2.1: 4yz may be another answer later. */
function passes({ code, reply, systemCode }: FailedStage["failure"]): boolean {
  const retry = errorTable[code as keyof typeof errorTable];
  if (retry === "by-reply") return reply === undefined || reply.code < 500;
  return retry === "later" || (systemCode !== undefined && cutOff.has(systemCode));
}

/** When the certificate ends that was shown in a stage that passed; null where there was none. */
export function certificateEnd(report: TestReport): number | null {
  const tls = report.stages.find(({ stage, status }) => stage === "tls" && status !== "failed");
  const validTo = tls?.evidence.validTo;
  return typeof validTo === "string" ? Date.parse(validTo) : null;
}

function judgeCertificate(endsAt: number | null, isThrough: boolean, now: number): Judgement[] {
  const kind = "certificate_expiring";
  if (endsAt === null) return isThrough ? [{ kind, is: "well" }] : [];
  const daysLeft = Math.floor((endsAt - now) / dayMs);
  const level = certificateDays.filter((days) => daysLeft < days).length;
  if (level === 0) return [{ kind, is: "well" }];
  const day = new Date(endsAt).toISOString().slice(0, 10);
  return [
    {
      kind,
      is: "ill",
      // The words stay while the days go by.
      title: `The certificate ends on ${day}`,
      explanation: `The certificate of the server is valid until ${new Date(endsAt).toISOString()}. After that, sending stops.`,
      remedy: "Remind whoever runs the server to renew it.",
      level,
      mayPass: false,
    },
  ];
}

/** What was right in the DNS of a domain, ever since it is watched. */
export interface Proven {
  readonly domain: string;
  readonly dmarc: boolean;
  readonly spf: boolean;
}

/**
 * What the DNS says of the sender's domain now. What was never right is no alarm, and neither is what nobody
 * answers for; a record that is being replaced is missing for a moment, so what broke may pass.
 */
export function judgeDns(
  { domain, findings }: DnsReport,
  before: Proven | null,
): { readonly judgements: readonly Judgement[]; readonly proven: Proven } {
  const known = before?.domain === domain ? before : { domain, dmarc: false, spf: false };
  const dmarc = findings.find(({ check }) => check === "dmarc");
  const spf = findings.find(({ check }) => check === "spf");
  return {
    judgements: [
      ...judgeRecord("dmarc_broken", dmarc, known.dmarc, ["failed", "warning"]),
      // Its warnings are guesses: of relays that are in no catalogue, or of records that let too much through.
      ...judgeRecord("spf_broken", spf, known.spf, ["failed"]),
    ],
    proven: {
      domain,
      dmarc: known.dmarc || dmarc?.status === "ok",
      spf: known.spf || spf?.status === "ok",
    },
  };
}

function judgeRecord(
  kind: "dmarc_broken" | "spf_broken",
  finding: Finding | undefined,
  wasRight: boolean,
  wrong: readonly Finding["status"][],
): Judgement[] {
  if (finding === undefined || finding.status === "unknown") return [];
  if (!wrong.includes(finding.status) || !wasRight) return [{ kind, is: "well" }];
  const { title, explanation, remedy, record } = finding;
  const publish = record === undefined ? "" : ` ${record.name} ${record.type} ${record.value}`;
  return [{ kind, is: "ill", title, explanation, remedy: remedy + publish, level: 1, mayPass: true }];
}

/** So long before a consent or a client's secret ends, an admin is told. */
const consentNoticeMs = 7 * dayMs;

/** What ends soon and takes an admin to renew, if a config signs in with OAuth. */
export function judgeConsent(
  oauth: Pick<OauthConnection, "expiresAt" | "clientSecretExpiresAt"> | null,
  now: number,
): Judgement {
  const kind = "consent_expiring";
  const ends = [
    { at: oauth?.expiresAt ?? null, what: "The consent of the provider", remedy: "Connect it again before." },
    {
      at: oauth?.clientSecretExpiresAt ?? null,
      what: "The client secret",
      remedy: "Create a new one at the provider and enter it before.",
    },
  ];
  const soon = ends.find(({ at }) => at !== null && at - now < consentNoticeMs);
  if (soon?.at == null) return { kind, is: "well" };
  return {
    kind,
    is: "ill",
    title: `${soon.what} ends soon`,
    explanation: `${soon.what} ends on ${new Date(soon.at).toISOString().slice(0, 10)}. After that, nobody can sign in with it.`,
    remedy: soon.remedy,
    level: 1,
    mayPass: false,
  };
}
