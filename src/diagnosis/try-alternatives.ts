import type { Clock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { connectWithoutSending, type SilentConnection } from "../guard/connect-without-sending.ts";
import type { Egress } from "../net/egress.ts";
import { chooseMechanisms } from "../smtp/auth.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { type Alternative, isContradicted } from "./alternatives.ts";
import { clearAnswers, type Fix, loopback } from "./explanations/rule.ts";
import type { TriedAlternative } from "./report.ts";
import { type FailedStage, Stages } from "./stages.ts";

export interface AlternativeResult {
  readonly alternative: TriedAlternative;
  /**
   * SMTP is spoken there, or TLS with a fault such as a certificate that is not trusted. A fix that leads
   * there leads to the next problem, and is not disproved.
   */
  readonly hasService: boolean;
}

export interface TryAlternativesOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** The client went away. */
  readonly signal: AbortSignal | undefined;
  /** The test as a whole has run out of time. */
  readonly deadline: AbortSignal;
  /** How long each may take, in milliseconds. Default: {@link tryMs}. */
  readonly patienceMs?: number;
  /** Called with each alternative as its try ends. */
  readonly onTried: ((alternative: TriedAlternative) => void) | undefined;
}

/**
 * For one alternative, and so for all, because they are tried at the same time. Servers that delay their
 * greeting against spam do so for five or six seconds.
 */
const tryMs = 8_000;

/**
 * For the others, once the other kind of TLS is found on the port of the config: that is what was wrong, and a person
 * waits for the report.
 */
const graceMs = 700;

/** Each step may use up the whole time: there is none for a second slow step. */
const tryTimeouts: Partial<Timeouts> = {
  connectMs: tryMs,
  tlsMs: tryMs,
  greetingMs: tryMs,
  commandMs: tryMs,
  overallMs: tryMs,
};

/**
 * Tries the alternatives at the same time with the client that also sends, up to the EHLO inside TLS: no
 * username and no password is ever sent.
 * @returns those that work first, otherwise in the order given; empty after the deadline.
 * @throws the reason of `signal`.
 */
export async function tryAlternatives(
  target: ResolvedConfig,
  alternatives: readonly Alternative[],
  options: TryAlternativesOptions,
): Promise<readonly AlternativeResult[]> {
  const { signal, deadline, onTried, clock } = options;
  if (deadline.aborted) return [];
  const settled = new AbortController();
  let cancelGrace: (() => void) | null = null;
  const outOfTime = AbortSignal.any([deadline, settled.signal]);
  const results = await Promise.all(
    alternatives.map(async (alternative) => {
      const result = await tryOne(target, alternative, { ...options, deadline: outOfTime });
      if (isOnSamePort(target, result)) cancelGrace ??= clock.after(graceMs, () => settled.abort());
      if (!signal?.aborted) onTried?.(result.alternative);
      return result;
    }),
  );
  (cancelGrace as (() => void) | null)?.();
  signal?.throwIfAborted();
  return results.toSorted((one, two) => Number(two.alternative.works) - Number(one.alternative.works));
}

/** Whether the service was found where the config looks for it, with another kind of TLS. */
function isOnSamePort({ relay }: ResolvedConfig, { alternative, hasService }: AlternativeResult): boolean {
  return hasService && alternative.smtpServer === relay.host && alternative.smtpPort === relay.port;
}

/** Whether the fix leads to an endpoint where no such service is: by the results, or as that port has spoken otherwise. */
export function isDisproved(
  fix: Fix,
  { relay, spoken }: { readonly relay: Relay; readonly spoken: FailedStage["spoken"] },
  results: readonly AlternativeResult[],
): boolean {
  if (fix.smtpPort === undefined && fix.useTls === undefined) return false;
  const port = fix.smtpPort ?? relay.port;
  const tls = fix.useTls === undefined ? relay.tls : tlsFor(fix.useTls, fix.tlsMode ?? "auto", port);
  if (port === relay.port && isContradicted(tls, spoken)) return true;
  return results.some(({ alternative, hasService }) => {
    const tried = relayOf(alternative);
    return !hasService && tried.host === relay.host && tried.port === port && tried.tls === tls;
  });
}

async function tryOne(
  target: ResolvedConfig,
  alternative: Alternative,
  { egress, clock, signal, deadline, patienceMs = tryMs }: TryAlternativesOptions,
): Promise<AlternativeResult> {
  const { host, port, tls } = alternative;
  const relay = { ...target.relay, host, port, tls };
  const tooLate = new AbortController();
  const cancel = clock.after(patienceMs, () => tooLate.abort());
  const outOfTime = AbortSignal.any([tooLate.signal, deadline]);
  const stages = new Stages({ target: { ...target, relay }, recipient: null, clock, deadline: outOfTime });
  const startedAt = clock.monotonic();
  let outcome: Outcome;
  try {
    const connection = await connectWithoutSending({
      relay,
      credentials: null,
      // The relay may know the password from an earlier test, and repeat it.
      hide: target.credentials,
      allowCleartextAuth: false,
      egress: alternative.address === null ? egress : onlyTo(alternative.address, egress),
      clock,
      timeouts: tryTimeouts,
      signal: signal === undefined ? outOfTime : AbortSignal.any([signal, outOfTime]),
      observer: stages,
    });
    // The result does not wait for the reply to QUIT.
    void connection.quit();
    outcome = assess(target, alternative, connection);
  } catch (error) {
    if (!isSendwrightError(error) || stages.failed === null) throw error;
    outcome = { works: false, hasService: isTlsSpoken(error), ...reasonFor(alternative, stages.failed) };
  } finally {
    cancel();
  }
  const { works, hasService, reason, detail } = outcome;
  const name = nameOf(alternative, target.relay.host);
  const tried: TriedAlternative = {
    smtpServer: host,
    smtpPort: port,
    useTls: tls !== "none",
    tlsMode: tls === "none" ? "auto" : tls,
    works,
    title: works ? `${name} works` : `${name}: ${reason}`,
    detail,
    durationMs: clock.monotonic() - startedAt,
    fix: works ? alternative.fix : null,
  };
  return { alternative: tried, hasService };
}

/** Whether the relay speaks TLS: the handshake did not fail because the answer was in the clear. */
export function isTlsSpoken({ code, smtp }: SendwrightError): boolean {
  return code === "smtp.tls" && !clearAnswers.includes(smtp?.systemCode ?? "");
}

interface Outcome {
  readonly works: boolean;
  readonly hasService: boolean;
  /** Why it does not work, to follow a colon; empty if it works. */
  readonly reason: string;
  readonly detail: string;
}

/** An egress for a name from a certificate: it counts only if it resolves to the server that showed the certificate. */
function onlyTo(address: string, egress: Egress): Egress {
  return {
    async resolve(host, port) {
      const { addresses } = await egress.resolve(host, port);
      const same = addresses.filter((found) => found.address === address);
      if (same.length > 0) return { addresses: same, refused: [] };
      throw new SendwrightError("smtp.resolve", `${host} doesn't resolve to ${address}.`, {
        smtp: { stage: "resolve" },
      });
    },
  };
}

/** An open endpoint works for a config that authenticates only if it offers a method that Sendwright may use. */
function assess(
  { credentials, allowCleartextAuth }: ResolvedConfig,
  { host, tls, address, fix }: Alternative,
  { capabilities, tls: evidence }: SilentConnection,
): Outcome {
  const offered = capabilities.authMechanisms;
  const offers =
    offered.length === 0
      ? "The server doesn't offer authentication."
      : `The server offers the authentication methods ${offered.join(", ")}.`;
  if (credentials !== null && chooseMechanisms(credentials.method, offered).length === 0) {
    return { works: false, hasService: true, reason: "no authentication method in common", detail: offers };
  }
  const mayGoInTheClear = allowCleartextAuth || fix.allowCleartextAuth === true;
  if (credentials !== null && tls === "none" && !mayGoInTheClear) {
    return {
      works: false,
      hasService: true,
      reason: "the password would be sent unencrypted",
      detail: offers,
    };
  }
  const secured =
    evidence === null
      ? `The connection isn't encrypted. Use it only on ${loopback.test(host) ? "this machine" : "a private network"}.`
      : `The connection uses ${evidence.version} with a valid certificate.`;
  const named =
    address === null
      ? []
      : [
          `The certificate is for ${host}, which resolves to the same server. Use this name only if you know it.`,
        ];
  const signIn = credentials === null ? [] : [offers];
  return { works: true, hasService: true, reason: "", detail: [...named, secured, ...signIn].join(" ") };
}

function reasonFor(
  { host, address }: Alternative,
  { stage, failure, problem }: NonNullable<Stages["failed"]>,
): Pick<Outcome, "reason" | "detail"> {
  if (address !== null && stage === "resolve") {
    return {
      reason: "resolves to another server",
      detail: `${host} doesn't resolve to ${address}, the address that Sendwright connected to.`,
    };
  }
  const { title, explanation } = problem;
  const noAnswer = stage === "connect" && failure.code === "smtp.timeout";
  const reason = noAnswer ? "no response" : continued(title);
  return { reason, detail: explanation };
}

/** A title that continues a sentence: its first letter is lower case, except in names such as DNS. */
function continued(title: string): string {
  return /^(?:[A-Z][A-Z]|Sendwright)/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1);
}

/** The name of an endpoint for people: the port and its kind of TLS, and the host if it is not the configured one. */
export function nameOf({ host, port, tls }: Pick<Relay, "host" | "port" | "tls">, typedHost: string): string {
  const security = { implicit: "with implicit TLS", starttls: "with STARTTLS", none: "without TLS" }[tls];
  return host === typedHost ? `${port} ${security}` : `${host}, ${port} ${security}`;
}

/** The endpoint that was tried, as the client names it. */
export function relayOf({ smtpServer, smtpPort, useTls, tlsMode }: TriedAlternative) {
  return { host: smtpServer, port: smtpPort, tls: tlsFor(useTls, tlsMode, smtpPort) };
}
