import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod, Offer, ShownCertificate, Stage } from "../core/model.ts";
import type { Pin } from "../smtp/certificate-chain.ts";
import type { Relay } from "../smtp/relay.ts";
import type { TlsEvidence } from "../smtp/wire.ts";
import { anywhereRows, everywhereRows, unexplained } from "./explanations/any-stage.ts";
import { signingInRows } from "./explanations/auth.ts";
import { reachingRows } from "./explanations/connect.ts";
import { mailboxRows } from "./explanations/mailboxes.ts";
import { handoverRows } from "./explanations/message.ts";
import { oauthRows } from "./explanations/oauth.ts";
import { providerRows } from "./explanations/providers.ts";
import { addressRows } from "./explanations/recipient.ts";
import type { Condition, Fix, Row } from "./explanations/row.ts";
import { securingRows } from "./explanations/tls.ts";

/**
 * What was seen when a conversation failed: plain values, whether from a test that runs now or from
 * an attempt in the log. All of it redacted. What is left out is not known, and nothing is said of it.
 */
export interface Failure {
  readonly stage: Stage;
  readonly code: ErrorCode;
  /** The sentence of the error itself, for what no row knows. */
  readonly message?: string | undefined;
  /** The code of the operating system or of OpenSSL, such as `ECONNREFUSED`. */
  readonly systemCode?: string | undefined;
  /** The relay's refusal, its lines as they came, each without the reply code. */
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
  /** What it said of an access token, before it refused that. */
  readonly tokenRefusal?: string | undefined;
  /** Whether the config signs in with an access token. */
  readonly withToken?: boolean | undefined;
  /** Null where the config does not sign in. */
  readonly username?: string | null | undefined;
  readonly fromEmail?: string | undefined;
  readonly recipient?: string | undefined;
  /** What the relay offered in its latest answer to EHLO. */
  readonly offered?: Offer | undefined;
  /** Whether the config allows signing in without TLS. */
  readonly allowCleartextAuth?: boolean | undefined;
  /** Whether TLS had been set up by then. */
  readonly encrypted?: boolean | undefined;
  /** How the config signs in. */
  readonly authMethod?: AuthMethod | undefined;
  /** The certificate that was shown, where there was one. */
  readonly certificate?: (ShownCertificate & Partial<Pick<TlsEvidence, "faults" | "pin">>) | undefined;
}

/** What a failure means and what to do about it, in words for an admin. */
export interface Problem {
  /** What programs compare, such as `connect.refused`; texts may change. */
  readonly code: string;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  /** Fields of the settings form that a button may set. */
  readonly fix?: Fix;
}

/**
 * The first row that fits explains: dialects of single providers stand before the general ones. One that
 * names what was not seen does not fit.
 */
export const rows: readonly Row[] = [
  ...everywhereRows,
  ...reachingRows,
  ...securingRows,
  ...oauthRows,
  ...mailboxRows,
  ...providerRows,
  ...signingInRows,
  ...addressRows,
  ...handoverRows,
  ...anywhereRows,
];

/**
 * Explains a failure; one that no row knows still says the stage, what the server said and what to try.
 * @param refuted codes of problems whose fix was tried and does not work: it is not offered again
 */
export function explain(failure: Failure, refuted: readonly string[] = []): Problem {
  const seen = plainly(failure);
  const wrong = (row: Row) => row.guess === true && refuted.includes(row.code);
  const facts = factsOf(failure);
  const row =
    rows.find((row) => !wrong(row) && fits(row.when, seen) && knows(facts, row)) ??
    unexplained(failure.reply?.code);
  const { remedy, fix } = mend(refuted.includes(row.code) ? withoutFix(row) : row, failure.certificate?.pin);
  const problem = {
    code: row.code,
    title: fill(row.title, facts),
    explanation: fill(row.explanation, facts),
    remedy: fill(remedy, facts),
  };
  return fix === undefined ? problem : { ...problem, fix };
}

function withoutFix({ fix, ...row }: Row): Row {
  return row;
}

/** Trusting a certificate is proposed only where that would help; undefined: nobody knows. */
function mend(row: Row, pin: Pin | null | undefined): Pick<Row, "remedy" | "fix"> {
  if (row.pin === undefined || pin === undefined) return row;
  return pin === null
    ? { remedy: row.pin.isNotEnough }
    : { remedy: row.pin.helps, fix: { caPem: pin.caPem } };
}

/** Silence and a lost connection are the same to a reader, whoever noticed them first. */
function plainly(failure: Failure): Failure {
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

/** Whether every part of the condition holds for what was seen. */
function fits(when: Condition, seen: Failure): boolean {
  const { relay, reply, username, offered, systemCode } = seen;
  return (
    holds(when.stage, (stages) => stages.includes(seen.stage)) &&
    holds(when.code, (codes) => codes.includes(seen.code)) &&
    holds(when.systemCode, (codes) => systemCode !== undefined && codes.includes(systemCode)) &&
    holds(when.reply, (codes) => codes.some((code) => code === reply?.code || code === classOf(reply))) &&
    holds(when.enhancedCode, (codes) => codes.some((code) => code === reply?.enhancedCode)) &&
    holds(when.says, (pattern) => reply !== undefined && pattern.test(oneLine(reply))) &&
    holds(when.host, (pattern) => pattern.test(relay.host)) &&
    holds(when.port, (ports) => relay.port !== undefined && ports.includes(relay.port)) &&
    holds(when.tls, (ways) => relay.tls !== undefined && ways.includes(relay.tls)) &&
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
    holds(when.encrypted, (wanted) => wanted === seen.encrypted)
  );
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

/** What each stage does, as the end of "failed while …". */
const doings = {
  resolve: "looking up the server's name",
  connect: "opening the connection",
  greeting: "waiting for the server's greeting",
  ehlo: "introducing ourselves (EHLO)",
  starttls: "asking for encryption (STARTTLS)",
  tls: "setting up encryption (TLS)",
  auth: "signing in",
  sender: "naming the sender (MAIL FROM)",
  recipient: "naming the recipient (RCPT TO)",
  message: "handing over the message",
} as const satisfies Record<Stage, string>;

const manyNames = 10;

/** The words that texts may use in braces; undefined where nothing was seen that they could say. */
type Facts = Readonly<Record<string, string | undefined>>;

function factsOf(failure: Failure): Facts {
  const { relay, reply, certificate, offered, username } = failure;
  const pin = certificate?.pin ?? undefined;
  const names = certificate?.names ?? [];
  const more = names.length > manyNames ? " and others" : "";
  return {
    host: relay.host,
    port: relay.port === undefined ? undefined : String(relay.port),
    doing: doings[failure.stage],
    said: reply === undefined ? "nothing that says why" : quoted(reply),
    message: failure.message ?? `The conversation with ${relay.host} failed.`,
    systemCode: failure.systemCode ?? failure.code,
    username: username === undefined ? "this account" : (username ?? "this connection"),
    tokenRefusal: failure.tokenRefusal ?? "nothing",
    from: failure.fromEmail ?? "the from email",
    to: failure.recipient ?? "the recipient",
    mechanisms: offered && (offered.authMechanisms.join(", ") || "none"),
    names: certificate && (names.slice(0, manyNames).join(", ") + more || "no name at all"),
    issuer: certificate && (certificate.issuer || "an unnamed issuer"),
    fingerprint: certificate?.fingerprint256,
    pinSubject: pin && (pin.subject || "an unnamed owner"),
    pinFingerprint: pin?.fingerprint256,
    pinValidTo: pin && day(pin.validTo),
    faults: certificate?.faults?.join(" ") ?? "More than that is wrong.",
    validFrom: certificate && day(certificate.validFrom),
    validTo: certificate && day(certificate.validTo),
  };
}

const braced = /\{(\w+)\}/g;

/** Whether every word in the texts of a row has a value. */
function knows(facts: Facts, { title, explanation, remedy }: Row): boolean {
  return [...`${title} ${explanation} ${remedy}`.matchAll(braced)].every(
    ([, name = ""]) => facts[name] !== undefined,
  );
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

const longestReply = 300;

/** What a relay means, it says early; and patterns take their time with text made to tire them. */
const longestMatched = 2_000;

/** On one line, as in `550 5.7.1 No`; the enhanced code, which relays repeat on each line, only once. */
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
