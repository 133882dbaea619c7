import type { Stage } from "../core/model.ts";
import { normaliseHost } from "../net/host.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { type Fix, loopback } from "./explanations/rule.ts";
import type { FailedStage } from "./stages.ts";

/** A port and the kind of TLS on it. */
export type Endpoint = Pick<Relay, "port" | "tls">;

/** An endpoint that may work although the configured one does not. */
export interface Alternative extends Endpoint {
  readonly host: string;
  /** The IP address that `host` must resolve to; null if the host is the configured one. */
  readonly address: string | null;
  /** What to enter in the form. */
  readonly fix: Fix;
}

/**
 * The usual ports of submission, the best first: implicit TLS (RFC 8314 §3.3), then STARTTLS (RFC 6409),
 * then 2525, which providers add for networks that block 587, then 25, the port between servers. The list
 * stays short, because a test must not serve as a port scanner.
 */
const usualEndpoints: readonly Endpoint[] = [
  { port: 465, tls: "implicit" },
  { port: 587, tls: "starttls" },
  { port: 2525, tls: "starttls" },
  { port: 25, tls: "starttls" },
];

const maxNames = 3;

/** The stages that do not depend on who signs in or sends: only their failures may have to do with the endpoint. */
const beforeSignIn: readonly Stage[] = ["connect", "greeting", "ehlo", "starttls", "tls"];

/** The alternatives to try, the best first; empty if another endpoint would not help. */
export function alternativesFor(
  { relay, credentials, allowCleartextAuth }: ResolvedConfig,
  failed: FailedStage,
  usual: readonly Endpoint[] = usualEndpoints,
): readonly Alternative[] {
  const proposed = proposal(relay, failed.problem.fix, credentials !== null && !allowCleartextAuth);
  if (!beforeSignIn.includes(failed.stage) && failed.failure.code !== "smtp.auth_unavailable")
    return proposed;

  const { host, port } = relay;
  const onHost = (endpoint: Endpoint): Alternative => ({
    ...endpoint,
    host,
    address: null,
    fix: fixFor(endpoint, port),
  });
  const samePort = (["implicit", "starttls"] as const).map((tls) => onHost({ port, tls }));
  const onUsual = usual.map(onHost);
  const alternatives = [
    ...otherNames(relay, failed),
    ...onUsual.slice(0, 2),
    ...samePort,
    ...onUsual.slice(2),
    ...proposed,
  ];
  const seen = new Set([keyOf(relay)]);
  return alternatives.filter((alternative) => {
    const isTyped = alternative.host === host && alternative.port === port;
    if (isTyped && isContradicted(alternative.tls, failed.spoken)) return false;
    const key = keyOf(alternative);
    return !seen.has(key) && seen.add(key);
  });
}

/** Whether a port that has spoken this way cannot speak with that kind of TLS: one port begins in one way. */
export function isContradicted(tls: Endpoint["tls"], spoken: FailedStage["spoken"]): boolean {
  return spoken !== null && (tls === "implicit") !== (spoken === "tls");
}

/**
 * The fix of the explanation, if it changes the port or the TLS. No other alternative gives up TLS.
 * @param lacksPermission whether the config signs in but may not do so without TLS
 */
function proposal({ host, port: typed, tls: chosen }: Relay, fix: Fix | undefined, lacksPermission: boolean) {
  if (fix === undefined || (fix.smtpPort === undefined && fix.useTls === undefined)) return [];
  const port = fix.smtpPort ?? typed;
  const tls = fix.useTls === undefined ? chosen : tlsFor(fix.useTls, fix.tlsMode ?? "auto", port);
  const needsPermission = tls === "none" && lacksPermission && loopback.test(host);
  const permission = needsPermission ? { allowCleartextAuth: true } : {};
  return [{ host, port, tls, address: null, fix: { ...fix, ...permission } }];
}

/** The names of a certificate that is not for the configured host. They must resolve to the address that was dialed. */
function otherNames({ port, tls }: Relay, failed: FailedStage): Alternative[] {
  const { failure, certificateNames, address } = failed;
  if (failure.systemCode !== "ERR_TLS_CERT_ALTNAME_INVALID" || address === null) return [];
  // Wildcards are not host names, and what ends in a number is an address.
  const names = certificateNames.flatMap((name) => {
    const host = normaliseHost(name);
    return host !== null && /(?:^|\.)[a-z][a-z\d-]*$/u.test(host) ? [host] : [];
  });
  return names.slice(0, maxNames).map((name) => ({
    host: name,
    port,
    tls,
    address,
    fix: { smtpServer: name },
  }));
}

function fixFor({ port, tls }: Endpoint, typed: number): Fix {
  const security = tls === "none" ? { useTls: false } : { useTls: true, tlsMode: tls };
  return port === typed ? security : { smtpPort: port, ...security };
}

function keyOf({ host, port, tls }: Pick<Relay, "host" | "port" | "tls">): string {
  return `${host} ${port} ${tls}`;
}
