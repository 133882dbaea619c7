import type { SendwrightError } from "../core/errors.ts";
import { type Stage, stages } from "../core/model.ts";
import type { SendResult } from "../smtp/connection.ts";
import type { Attempt } from "../store/tables/emails.ts";
import type { FailureCause } from "./circuit-breaker.ts";
import type { AttemptEnd } from "./outcome.ts";
import { errorsHereOnly, isQuota, type RefusalKind, refusalKind, refusedHereOnly } from "./refusal-kind.ts";

/** What an attempt shows of the way that an email took. */
export type Evidence =
  /** The relay has dealt with the email: it accepted it, or judged it. */
  | "works"
  /** Nothing: what failed was the email's own fault. */
  | "none"
  /** This node cannot use the config, which need not be so for others. */
  | "node-fails"
  | { readonly fails: FailureCause };

export interface EvidenceInput {
  readonly end: AttemptEnd;
  readonly attempt: Pick<Attempt, "outcome" | "stage">;
  /** The address that the email was sent from, and whether it is that of the config. */
  readonly from: string;
  readonly isOwnSender: boolean;
  /** Whether an email was accepted through these settings before. */
  readonly isKnownGood: boolean;
  /** Milliseconds since the epoch, by the clock of the database. */
  readonly now: number;
}

/** Where a connection has not come so far that a message could be to blame. */
const beforeMessages: ReadonlySet<Stage> = new Set(stages.slice(0, stages.indexOf("sender")));

/** What an attempt shows of its config, its relay and this node: pure, so that each case is a test. */
export function evidenceOf(input: EvidenceInput): Evidence {
  const { end, attempt, from, isOwnSender, isKnownGood, now } = input;
  const { outcome, stage } = attempt;
  if (end.kind === "failed") {
    const { error } = end;
    if (isNodeFault(error, isKnownGood, now)) return "node-fails";
    if (outcome === "config") return { fails: "config" };
    if (outcome !== "temporary" || stage === null) return "none";
    if (error.smtp?.reply?.code === 421) return { fails: "busy" };
    if (beforeMessages.has(stage)) return { fails: "unreachable" };
    return { fails: "refused" };
  }
  if (outcome === "config") return { fails: "config" };
  const kinds = refusalKinds(end.result, from);
  const refusals = end.result.recipients.flatMap(({ reply }) => reply ?? []);
  if (refusals.some((reply) => reply.code >= 400 && isQuota(reply))) return { fails: "quota" };
  if (outcome === "sent" || outcome === "partial") return "works";
  if (kinds.has("account") || (isOwnSender && kinds.has("sender"))) return { fails: "config" };
  if (refusals.length > 0 && refusals.every(({ code }) => code === 421)) return { fails: "busy" };
  if (outcome === "permanent") return "works";
  // Who defers one recipient may accept the next: greylisting works so.
  return outcome === "temporary" && stage === "recipient" ? "works" : { fails: "refused" };
}

/** What the relay refuses for good. */
function refusalKinds({ recipients, stage }: SendResult, from: string): ReadonlySet<RefusalKind> {
  const refused = recipients.filter((recipient) => recipient.outcome === "permanent");
  return new Set(refused.map((recipient) => refusalKind(recipient, stage, from)));
}

/**
 * Whether another config may well send what this one has refused for good: the relay has a limit or lacks an
 * extension, or does not let the account send, or not as this sender.
 * @param from the address that the email was sent from.
 */
export function isRefusedHereOnly(end: AttemptEnd, from: string): boolean {
  if (end.kind === "failed") return errorsHereOnly.has(end.error.code);
  return [...refusalKinds(end.result, from)].some((kind) => refusedHereOnly.has(kind));
}

/** The name servers of this node do not answer; a name that does not exist is no fault of theirs. */
const resolverCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "EAI_FAIL",
  "ESERVFAIL",
  "ETIMEOUT",
  "ECONNREFUSED",
]);
/** This node has no way to the network, no file descriptor, or no permission. */
const localCodes: ReadonlySet<string> = new Set([
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
]);
/** The authority of a certificate is not known here. */
const authorityCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);
const validityCodes: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** Its key, its rules of where to dial, its name servers, its network, its authorities, or its clock. */
function isNodeFault({ code, smtp }: SendwrightError, isKnownGood: boolean, now: number): boolean {
  if (code === "secret.mismatch" || code === "egress.refused") return true;
  const systemCode = smtp?.systemCode ?? "";
  if (smtp?.stage === "resolve") return resolverCodes.has(systemCode);
  if (smtp?.stage === "connect") return localCodes.has(systemCode);
  if (code !== "smtp.tls") return false;
  // Settings that worked and were not changed: more likely this node has other authorities than the one that sent.
  if (authorityCodes.has(systemCode)) return isKnownGood;
  // By the database's clock the certificate is in time, so the clock of this node is wrong.
  const shown = smtp?.certificate;
  return (
    validityCodes.has(systemCode) && shown !== undefined && shown.validFrom <= now && now <= shown.validTo
  );
}
