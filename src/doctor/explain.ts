import type { ErrorCode } from "../errors.ts";
import type { Stage } from "../model.ts";
import type { Relay } from "../smtp/relay.ts";
import type { TlsEvidence } from "../smtp/wire.ts";
import { addressRows } from "./explanations/addresses.ts";
import { anywhereRows, everywhereRows, unexplained } from "./explanations/anywhere.ts";
import { handoverRows } from "./explanations/handover.ts";
import { oauthRows } from "./explanations/oauth.ts";
import { providerRows } from "./explanations/providers.ts";
import { reachingRows } from "./explanations/reaching.ts";
import type { Condition, Fix, Row } from "./explanations/row.ts";
import { securingRows } from "./explanations/securing.ts";
import { signingInRows } from "./explanations/signing-in.ts";

/**
 * What was seen when a conversation failed: plain values, whether from a test that runs now or from
 * an attempt in the log. All of it redacted.
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
  readonly relay: Pick<Relay, "host" | "port" | "tls" | "caPem">;
  /** What it said of an access token, before it refused that. */
  readonly tokenRefusal?: string | undefined;
  /** Whether the config signs in with an access token. */
  readonly withToken?: boolean | undefined;
  /** Null where the config does not sign in. */
  readonly username: string | null;
  readonly fromEmail?: string | undefined;
  readonly recipient?: string | undefined;
  /** What the relay offered in its latest answer to EHLO. */
  readonly offered?: { readonly startTls: boolean; readonly authMechanisms: readonly string[] } | undefined;
  /** Whether the config allows signing in without TLS. */
  readonly allowCleartextAuth?: boolean | undefined;
  /** The certificate that was shown, where there was one. */
  readonly certificate?: Certificate | undefined;
}

type Certificate = Pick<TlsEvidence, "names" | "issuer" | "validFrom" | "validTo" | "fingerprint256">;

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

/** The first row that fits explains: dialects of single providers stand before the general ones. */
export const rows: readonly Row[] = [
  ...everywhereRows,
  ...reachingRows,
  ...securingRows,
  ...oauthRows,
  ...providerRows,
  ...signingInRows,
  ...addressRows,
  ...handoverRows,
  ...anywhereRows,
];

/** Explains a failure; one that no row knows still says the stage, what the server said and what to try. */
export function explain(failure: Failure): Problem {
  const seen = plainly(failure);
  const row = rows.find(({ when }) => fits(when, seen)) ?? unexplained(failure.reply?.code);
  const facts = factsOf(failure);
  const problem = {
    code: row.code,
    title: fill(row.title, facts),
    explanation: fill(row.explanation, facts),
    remedy: fill(row.remedy, facts),
  };
  return row.fix === undefined ? problem : { ...problem, fix: row.fix };
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
    holds(when.port, (ports) => ports.includes(relay.port)) &&
    holds(when.tls, (ways) => ways.includes(relay.tls)) &&
    holds(when.ownAuthority, (wanted) => wanted === (relay.caPem !== null)) &&
    holds(when.username, (pattern) => username !== null && pattern.test(username)) &&
    holds(when.withToken, (wanted) => wanted === (seen.withToken ?? false)) &&
    holds(when.signsIn, (wanted) => wanted === (username !== null)) &&
    holds(when.allowsCleartext, (wanted) => wanted === seen.allowCleartextAuth) &&
    holds(when.offersStartTls, (wanted) => wanted === offered?.startTls) &&
    holds(when.offersAuth, (wanted) => offered !== undefined && wanted === offered.authMechanisms.length > 0)
  );
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

/** The words that texts may use in braces. Each has a value even where nothing was seen. */
function factsOf(failure: Failure): Readonly<Record<string, string>> {
  const { relay, reply, certificate, offered } = failure;
  const names = certificate?.names ?? [];
  const more = names.length > manyNames ? ` and ${names.length - manyNames} more` : "";
  return {
    host: relay.host,
    port: String(relay.port),
    doing: doings[failure.stage],
    said: reply === undefined ? "nothing that says why" : quoted(reply),
    message: failure.message ?? `The conversation with ${relay.host} port ${relay.port} failed.`,
    systemCode: failure.systemCode ?? failure.code,
    tokenRefusal: failure.tokenRefusal ?? "nothing",
    username: failure.username ?? "this connection",
    from: failure.fromEmail ?? "the from email",
    to: failure.recipient ?? "the recipient",
    mechanisms: offered?.authMechanisms.join(", ") || "none",
    names: names.length === 0 ? "no name at all" : names.slice(0, manyNames).join(", ") + more,
    issuer: certificate?.issuer ?? "an unnamed issuer",
    fingerprint: certificate?.fingerprint256 ?? "unknown",
    validFrom: certificate === undefined ? "a later date" : day(certificate.validFrom),
    validTo: certificate === undefined ? "an earlier date" : day(certificate.validTo),
  };
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

function fill(text: string, facts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (braced, name: string) => facts[name] ?? braced);
}
