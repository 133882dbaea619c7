import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod, Offer, ShownCertificate, Stage } from "../core/model.ts";
import { isAddress, normaliseHost } from "../net/host.ts";
import { refusesMechanism } from "../smtp/auth.ts";
import type { Pin } from "../smtp/certificate-chain.ts";
import type { Relay } from "../smtp/relay.ts";
import type { TlsEvidence } from "../smtp/wire.ts";
import { anywhereRules, everywhereRules, unexplained } from "./explanations/any-stage.ts";
import { signingInRules } from "./explanations/auth.ts";
import { authMethodRules } from "./explanations/auth-method.ts";
import { reachingRules } from "./explanations/connect.ts";
import { mailboxRules } from "./explanations/mailboxes.ts";
import { handoverRules } from "./explanations/message.ts";
import { oauthRules } from "./explanations/oauth.ts";
import { providerRules } from "./explanations/providers.ts";
import { addressRules } from "./explanations/recipient.ts";
import type { Condition, ExplanationRule, Fix } from "./explanations/rule.ts";
import { securingRules } from "./explanations/tls.ts";
import { stageNames } from "./stage-names.ts";

/**
 * What was seen when a conversation failed: plain, redacted values from a running test or from an attempt
 * in the log. A value that is left out is not known, and no explanation speaks of it.
 */
export interface Failure {
  readonly stage: Stage;
  readonly code: ErrorCode;
  /** The error message, for a failure that no rule explains. */
  readonly message?: string | undefined;
  /** The code of the operating system or of OpenSSL, such as `ECONNREFUSED`. */
  readonly systemCode?: string | undefined;
  /** The relay's refusal. The lines of its text are as received, without the reply code. */
  readonly reply?:
    | { readonly code: number; readonly enhancedCode: string | null; readonly text: string }
    | undefined;
  readonly relay: {
    readonly host: string;
    readonly port?: number | undefined;
    readonly tls?: Relay["tls"] | undefined;
    /** Whether the config names the authorities that it trusts. */
    readonly ownAuthority?: boolean | undefined;
  };
  /** What the relay said of an access token before it rejected the token. */
  readonly tokenRefusal?: string | undefined;
  /** Whether the config authenticates with an access token. */
  readonly withToken?: boolean | undefined;
  /** Null if the config does not authenticate. */
  readonly username?: string | null | undefined;
  readonly fromEmail?: string | undefined;
  readonly recipient?: string | undefined;
  /** What the relay offered in its latest answer to EHLO. */
  readonly offered?: Offer | undefined;
  /** Whether the config allows authentication without TLS. */
  readonly allowCleartextAuth?: boolean | undefined;
  /** Whether TLS was set up before the failure. */
  readonly encrypted?: boolean | undefined;
  /** How the config authenticates. */
  readonly authMethod?: AuthMethod | undefined;
  /** Whether LOGIN worked after PLAIN had been rejected; known only if it was tried. */
  readonly loginWorks?: boolean | undefined;
  /** What was entered with an invisible character. */
  readonly invisibleIn?: readonly ("username" | "password")[] | undefined;
  /** The username without such characters, if it has any and may be shown. */
  readonly visibleUsername?: string | undefined;
  /** The certificate that the relay showed, if any. */
  readonly certificate?: (ShownCertificate & Partial<Pick<TlsEvidence, "faults" | "pin">>) | undefined;
}

/** What a failure means and what to do about it, in words for an admin. */
export interface Problem {
  /** A stable name for programs, such as `connect.refused`; the texts may change. */
  readonly code: string;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  /** Fields of the settings form that a button may change. */
  readonly fix?: Fix;
}

/**
 * The first rule that fits explains the failure: rules for single providers come before the general ones. A
 * rule whose texts name a value that was not seen does not fit.
 */
export const rules: readonly ExplanationRule[] = [
  ...everywhereRules,
  ...reachingRules,
  ...securingRules,
  ...oauthRules,
  ...authMethodRules,
  ...mailboxRules,
  ...providerRules,
  ...signingInRules,
  ...addressRules,
  ...handoverRules,
  ...anywhereRules,
];

/**
 * Explains a failure. If no rule fits, the problem still has the stage, the reply and what to try.
 * @param disproved codes of problems whose fix was tried and does not work: it is not offered again
 */
export function explain(failure: Failure, disproved: readonly string[] = []): Problem {
  const seen = normalized(failure);
  const isWrong = (rule: ExplanationRule) => rule.guess === true && disproved.includes(rule.code);
  const facts = factsOf(failure);
  // Once for all rules: a hostile reply has so many lines that joining them takes time.
  const said = seen.reply === undefined ? null : oneLine(seen.reply);
  const rule =
    rules.find((rule) => !isWrong(rule) && fits(rule.when, seen, said) && knows(facts, rule)) ??
    unexplained(failure.reply?.code);
  const { remedy, fix } = remedyOf(disproved.includes(rule.code) ? withoutFix(rule) : rule, failure);
  const problem = {
    code: rule.code,
    title: fill(rule.title, facts),
    explanation: fill(rule.explanation, facts),
    remedy: fill(remedy, facts),
  };
  return fix === undefined ? problem : { ...problem, fix };
}

function withoutFix({ fix, fixesUsername, ...rule }: ExplanationRule): ExplanationRule {
  return rule;
}

/** The remedy and the fix. Trusting a certificate is proposed only if that would help; `undefined`: not known. */
function remedyOf(
  rule: ExplanationRule,
  { certificate, visibleUsername: username }: Failure,
): Pick<ExplanationRule, "remedy" | "fix"> {
  if (rule.fixesUsername && username !== undefined) return { remedy: rule.remedy, fix: { username } };
  const pin: Pin | null | undefined = certificate?.pin;
  if (rule.pin === undefined || pin === undefined) return rule;
  return pin === null
    ? { remedy: rule.pin.isNotEnough }
    : { remedy: rule.pin.helps, fix: { caPem: pin.caPem } };
}

/** A timeout or lost connection has one code, whether the operating system or Sendwright noticed it. */
function normalized(failure: Failure): Failure {
  if (failure.code !== "smtp.connect" && failure.code !== "smtp.tls") return failure;
  switch (failure.systemCode) {
    case "ETIMEDOUT":
      return { ...failure, code: "smtp.timeout" };
    case "ECONNRESET":
    case "EPIPE":
      return { ...failure, code: "smtp.closed" };
    default:
      return failure;
  }
}

/**
 * Whether every part of the condition holds for what was seen.
 * @param said the reply on one line; null without a reply
 */
function fits(when: Condition, seen: Failure, said: string | null): boolean {
  const { relay, reply, username, offered, systemCode } = seen;
  return (
    holds(when.stage, (stages) => stages.includes(seen.stage)) &&
    holds(when.code, (codes) => codes.includes(seen.code)) &&
    holds(when.systemCode, (codes) => systemCode !== undefined && codes.includes(systemCode)) &&
    holds(when.reply, (codes) => codes.some((code) => code === reply?.code || code === classOf(reply))) &&
    holds(when.enhancedCode, (codes) => codes.some((code) => code === reply?.enhancedCode)) &&
    holds(when.says, (pattern) => said !== null && pattern.test(said)) &&
    holds(when.host, (pattern) => pattern.test(relay.host)) &&
    holds(when.port, (ports) => relay.port !== undefined && ports.includes(relay.port)) &&
    holds(when.tls, (kinds) => relay.tls !== undefined && kinds.includes(relay.tls)) &&
    holds(when.ownAuthority, (wanted) => wanted === relay.ownAuthority) &&
    holds(when.username, (pattern) => typeof username === "string" && pattern.test(username)) &&
    holds(when.signsIn, (wanted) => username !== undefined && wanted === (username !== null)) &&
    holds(when.withToken, (wanted) => wanted === (seen.withToken ?? false)) &&
    holds(when.allowsCleartext, (wanted) => wanted === seen.allowCleartextAuth) &&
    holds(when.offersStartTls, (wanted) => wanted === offered?.startTls) &&
    holds(
      when.offersAuth,
      (wanted) => offered !== undefined && wanted === offered.authMechanisms.length > 0,
    ) &&
    holds(when.offersPassword, (wanted) => wanted === takesPassword(offered)) &&
    holds(when.authMethod, (methods) => methods.some((method) => method === seen.authMethod)) &&
    holds(
      when.refusesMechanism,
      (wanted) => reply !== undefined && wanted === refusesMechanism({ ...reply, lines: [reply.text] }),
    ) &&
    holds(when.loginWorks, (wanted) => wanted === seen.loginWorks) &&
    holds(when.invisibleIn, (field) => seen.invisibleIn?.includes(field) ?? false) &&
    holds(when.addressAsName, (wanted) => wanted === hasAddressAsName(seen)) &&
    holds(when.encrypted, (wanted) => wanted === seen.encrypted)
  );
}

/** For a certificate that is not for the host: an address among its names can then only be a DNS name. */
function hasAddressAsName({ relay, certificate, systemCode }: Failure): boolean {
  const host = normaliseHost(relay.host);
  if (host === null || !isAddress(host) || systemCode !== "ERR_TLS_CERT_ALTNAME_INVALID") return false;
  return certificate?.names.some((name) => normaliseHost(name) === host) ?? false;
}

function takesPassword(offered: Failure["offered"]): boolean {
  return (offered?.authMechanisms ?? []).some((mechanism) => ["PLAIN", "LOGIN"].includes(mechanism));
}

/** A part that a condition does not name always holds. */
function holds<Wanted>(wanted: Wanted | undefined, test: (wanted: Wanted) => boolean): boolean {
  return wanted === undefined || test(wanted);
}

/** The first digit of the code (RFC 5321 §4.2.1). */
function classOf(reply: Failure["reply"]): number | undefined {
  return reply === undefined ? undefined : Math.floor(reply.code / 100);
}

const manyNames = 10;

/** The values of the words in braces; undefined if the value was not seen. */
type Facts = Readonly<Record<string, string | undefined>>;

function factsOf(failure: Failure): Facts {
  const { relay, reply, certificate, offered, username } = failure;
  const pin = certificate?.pin ?? undefined;
  const names = certificate?.names ?? [];
  const more = names.length > manyNames ? " and others" : "";
  return {
    host: relay.host,
    port: relay.port === undefined ? undefined : String(relay.port),
    doing: stageNames[failure.stage].doing,
    said: reply === undefined ? "no reason given" : quoted(reply),
    message: failure.message ?? `The conversation with ${relay.host} failed.`,
    systemCode: failure.systemCode ?? failure.code,
    username: username === undefined ? "this account" : (username ?? "this connection"),
    tokenRefusal: failure.tokenRefusal ?? "nothing",
    from: failure.fromEmail ?? "the From email",
    to: failure.recipient ?? "the recipient",
    mechanisms: offered && (offered.authMechanisms.join(", ") || "none"),
    names: certificate && (names.slice(0, manyNames).join(", ") + more || "no name"),
    issuer: certificate && (certificate.issuer || "an unnamed issuer"),
    fingerprint: certificate?.fingerprint256,
    pinSubject: pin && (pin.subject || "an unnamed owner"),
    pinFingerprint: pin?.fingerprint256,
    pinValidTo: pin && day(pin.validTo),
    faults: certificate?.faults?.join(" ") ?? "It has other problems too.",
    validFrom: certificate && day(certificate.validFrom),
    validTo: certificate && day(certificate.validTo),
  };
}

const braced = /\{(\w+)\}/g;

/** Whether every word in the texts of a rule has a value. */
function knows(facts: Facts, { title, explanation, remedy }: ExplanationRule): boolean {
  return [...`${title} ${explanation} ${remedy}`.matchAll(braced)].every(
    ([, name = ""]) => facts[name] !== undefined,
  );
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

const longestReply = 300;

/** Enough of a reply to know its meaning; the limit keeps a hostile reply from slowing the patterns down. */
const longestMatched = 2_000;

/** The reply on one line, such as `550 5.7.1 No`. Relays repeat the enhanced code on each line; here it comes once. */
function oneLine({ code, enhancedCode, text }: NonNullable<Failure["reply"]>): string {
  const [first = "", ...rest] = text.split("\n");
  const repeated = enhancedCode ?? "";
  const others = rest.map((line) => (line.startsWith(repeated) ? line.slice(repeated.length) : line));
  const parts = [String(code), first, ...others].map((part) => part.trim());
  return parts.join(" ").trimEnd().slice(0, longestMatched);
}

function quoted(reply: NonNullable<Failure["reply"]>): string {
  const said = oneLine(reply);
  return said.length > longestReply ? `“${said.slice(0, longestReply)}…”` : `“${said}”`;
}

function fill(text: string, facts: Facts): string {
  return text.replaceAll(braced, (whole, name: string) => facts[name] ?? whole);
}
