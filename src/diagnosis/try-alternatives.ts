import type { Clock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Egress } from "../net/egress.ts";
import { chooseMechanism } from "../smtp/auth.ts";
import { type Connection, connect } from "../smtp/connection.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { OpenedConfig } from "../smtp-configs/open.ts";
import type { Candidate } from "./alternatives.ts";
import { clearAnswers, type Fix, loopback } from "./explanations/row.ts";
import type { Correction } from "./report.ts";
import { Stages } from "./stages.ts";

/** A way that was tried. */
export interface Tried {
  readonly correction: Correction;
  /** SMTP is spoken there, or TLS with a fault such as a certificate that is not trusted: the next problem. */
  readonly leadsOn: boolean;
}

export interface CorrectOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** The client went away. */
  readonly signal: AbortSignal | undefined;
  /** The test as a whole has run out of time. */
  readonly deadline: AbortSignal;
  readonly onCorrection?: ((correction: Correction) => void) | undefined;
}

/**
 * For each way, and as they are tried side by side, for all of them. Servers that hold their greeting back
 * against spam do so for some five or six seconds.
 */
const wayMs = 8_000;

/** One limit for everything: there is no time for more than one slow step. */
const wayTimeouts: Partial<Timeouts> = {
  connectMs: wayMs,
  tlsMs: wayMs,
  greetingMs: wayMs,
  commandMs: wayMs,
  overallMs: wayMs,
};

/**
 * Tries the candidates side by side with the client that also sends, up to the EHLO inside TLS and no
 * further: no username and no password is ever sent. Those that work come first, in the candidates' order.
 * @throws the reason of `signal`.
 */
export async function correct(
  target: OpenedConfig,
  candidates: readonly Candidate[],
  options: CorrectOptions,
): Promise<readonly Tried[]> {
  const { signal, deadline, onCorrection } = options;
  if (deadline.aborted) return [];
  const tried = await Promise.all(
    candidates.map(async (candidate) => {
      const one = await tryOut(target, candidate, options);
      if (!signal?.aborted) onCorrection?.(one.correction);
      return one;
    }),
  );
  signal?.throwIfAborted();
  const works = ({ correction }: Tried) => correction.works;
  return [...tried.filter(works), ...tried.filter((one) => !works(one))];
}

/** Whether the fix leads where nothing of the kind is. */
export function isRefuted(fix: Fix, relay: Relay, tried: readonly Tried[]): boolean {
  if (fix.smtpPort === undefined && fix.useTls === undefined) return false;
  const port = fix.smtpPort ?? relay.port;
  const tls = fix.useTls === undefined ? relay.tls : tlsFor(fix.useTls, fix.tlsMode ?? "auto", port);
  return tried.some(({ correction, leadsOn }) => {
    const way = relayOf(correction);
    return !leadsOn && way.host === relay.host && way.port === port && way.tls === tls;
  });
}

async function tryOut(
  target: OpenedConfig,
  candidate: Candidate,
  { egress, clock, signal, deadline }: CorrectOptions,
): Promise<Tried> {
  const { host, port, tls } = candidate;
  const relay = { ...target.relay, host, port, tls };
  const tooLate = new AbortController();
  const cancel = clock.after(wayMs, () => tooLate.abort());
  const outOfTime = AbortSignal.any([tooLate.signal, deadline]);
  const stages = new Stages({ target: { ...target, relay }, recipient: null, clock, deadline: outOfTime });
  const startedAt = clock.now();
  let outcome: Outcome;
  try {
    const connection = await connect({
      relay,
      credentials: null,
      // The relay may know the password from an earlier test.
      hide: target.credentials,
      allowCleartextAuth: false,
      egress: candidate.address === null ? egress : onlyTo(candidate.address, egress),
      clock,
      timeouts: wayTimeouts,
      signal: signal === undefined ? outOfTime : AbortSignal.any([signal, outOfTime]),
      observer: stages,
    });
    // Nobody waits for the goodbye.
    void connection.quit();
    outcome = judge(target, candidate, connection);
  } catch (error) {
    if (!isSendwrightError(error) || stages.failed === null) throw error;
    outcome = { works: false, leadsOn: isTlsSpoken(error), ...wordsFor(candidate, stages.failed) };
  } finally {
    cancel();
  }
  const { works, leadsOn, says, detail } = outcome;
  const name = nameOf(candidate, target.relay.host);
  const correction: Correction = {
    smtpServer: host,
    smtpPort: port,
    useTls: tls !== "none",
    tlsMode: tls === "none" ? "auto" : tls,
    works,
    title: works ? `${name} works` : `${name}: ${says}`,
    detail,
    durationMs: clock.now() - startedAt,
    fix: works ? candidate.fix : null,
  };
  return { correction, leadsOn };
}

/** A handshake that failed for another reason than an answer in the clear. */
function isTlsSpoken({ code, smtp }: SendwrightError): boolean {
  return code === "smtp.tls" && !clearAnswers.includes(smtp?.systemCode ?? "");
}

interface Outcome {
  readonly works: boolean;
  readonly leadsOn: boolean;
  /** Why not, to follow a colon. */
  readonly says: string;
  readonly detail: string;
}

/** A name from a certificate counts only where it leads to the server that showed it. */
function onlyTo(address: string, egress: Egress): Egress {
  return {
    async resolve(host, port) {
      const { addresses } = await egress.resolve(host, port);
      const same = addresses.filter((found) => found.address === address);
      if (same.length > 0) return { addresses: same, refused: [] };
      throw new SendwrightError("smtp.resolve", `${host} does not lead to ${address}.`, {
        smtp: { stage: "resolve" },
      });
    },
  };
}

/** An open way is of no use to a config that signs in unless it offers a sign-in that Sendwright may use. */
function judge(
  { credentials, allowCleartextAuth }: OpenedConfig,
  { host, tls, address, fix }: Candidate,
  { capabilities, tls: evidence }: Connection,
): Outcome {
  const offered = capabilities.authMechanisms;
  const offers =
    offered.length === 0 ? "It offers no sign-in." : `It offers to sign in by ${offered.join(", ")}.`;
  if (credentials !== null && chooseMechanism(credentials.method, offered) === null) {
    return { works: false, leadsOn: true, says: "no sign-in that can be used", detail: offers };
  }
  const mayGoInTheClear = allowCleartextAuth || fix.allowCleartextAuth === true;
  if (credentials !== null && tls === "none" && !mayGoInTheClear) {
    return { works: false, leadsOn: true, says: "the password would travel unencrypted", detail: offers };
  }
  const secured =
    evidence === null
      ? `Nothing is encrypted: this is for ${loopback.test(host) ? "this machine" : "a private network"} only.`
      : `${evidence.version}, and the certificate verifies.`;
  const named =
    address === null
      ? []
      : [
          `The certificate is for ${host}, which leads to the same server. Use it only if you know this name.`,
        ];
  const signIn = credentials === null ? [] : [offers];
  return { works: true, leadsOn: true, says: "", detail: [...named, secured, ...signIn].join(" ") };
}

function wordsFor(
  { host, address }: Candidate,
  { stage, failure, problem }: NonNullable<Stages["failed"]>,
): Pick<Outcome, "says" | "detail"> {
  if (address !== null && stage === "resolve") {
    return {
      says: "leads to another server",
      detail: `${host} does not lead to ${address}, the address that was connected to.`,
    };
  }
  const { title, explanation } = problem;
  const noAnswer = stage === "connect" && failure.code === "smtp.timeout";
  const says = noAnswer ? "no answer" : title.charAt(0).toLowerCase() + title.slice(1);
  return { says, detail: explanation };
}

/** As admins know it: the port and its kind of TLS; with the server where that is another. */
export function nameOf({ host, port, tls }: Pick<Relay, "host" | "port" | "tls">, typedHost: string): string {
  const way = { implicit: "with TLS from the start", starttls: "with STARTTLS", none: "without TLS" }[tls];
  return host === typedHost ? `${port} ${way}` : `${host}, ${port} ${way}`;
}

/** The relay that a correction is about. */
export function relayOf({ smtpServer, smtpPort, useTls, tlsMode }: Correction) {
  return { host: smtpServer, port: smtpPort, tls: tlsFor(useTls, tlsMode, smtpPort) };
}
