import type { Stage } from "../core/model.ts";
import { normaliseHost } from "../net/host.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { OpenedConfig } from "../smtp-configs/open.ts";
import { type Fix, loopback } from "./explanations/row.ts";
import type { FailedStage } from "./stages.ts";

/** A port with the kind of TLS that is usual on it. */
export type Way = Pick<Relay, "port" | "tls">;

/** A way to the server that may work where the configured one does not. */
export interface Candidate extends Way {
  readonly host: string;
  /** The address that the name must lead to; null where the host is the one that was typed. */
  readonly address: string | null;
  /** What to enter in the form. */
  readonly fix: Fix;
}

/**
 * Where mail is handed over, the best first: implicit TLS (RFC 8314 §3.3), then STARTTLS; submission
 * (RFC 6409) before what providers add where 587 is blocked, and that before the port between servers.
 * A handful, and no more: a test is no port scanner.
 */
const usualWays: readonly Way[] = [
  { port: 465, tls: "implicit" },
  { port: 587, tls: "starttls" },
  { port: 2525, tls: "starttls" },
  { port: 25, tls: "starttls" },
];

const mostNames = 3;

/** Up to here nothing has been asked of the relay that depends on who is there. */
const beforeSignIn: readonly Stage[] = ["connect", "greeting", "ehlo", "starttls", "tls"];

/** What to try instead, the best first; nothing where another way would not help. */
export function candidatesFor(
  { relay, credentials, allowCleartextAuth }: OpenedConfig,
  failed: FailedStage,
  usual: readonly Way[] = usualWays,
): readonly Candidate[] {
  const proposed = proposal(relay, failed.problem.fix, credentials !== null && !allowCleartextAuth);
  if (!beforeSignIn.includes(failed.stage) && failed.failure.code !== "smtp.auth_unavailable")
    return proposed;

  const { host, port } = relay;
  const onHost = (way: Way): Candidate => ({ ...way, host, address: null, fix: fixFor(way, port) });
  const samePort = (["implicit", "starttls"] as const).map((tls) => onHost({ port, tls }));
  const ways = usual.map(onHost);
  const candidates = [
    ...otherNames(relay, failed),
    ...ways.slice(0, 2),
    ...samePort,
    ...ways.slice(2),
    ...proposed,
  ];
  const seen = new Set([keyOf(relay)]);
  return candidates.filter((candidate) => {
    const key = keyOf(candidate);
    return !seen.has(key) && seen.add(key);
  });
}

/** What the explanation offers, if it is another port or another kind of TLS. Giving up TLS is offered there only. */
function proposal({ host, port: typed, tls: chosen }: Relay, fix: Fix | undefined, lacksPermission: boolean) {
  if (fix === undefined || (fix.smtpPort === undefined && fix.useTls === undefined)) return [];
  const port = fix.smtpPort ?? typed;
  const tls = fix.useTls === undefined ? chosen : tlsFor(fix.useTls, fix.tlsMode ?? "auto", port);
  const needsPermission = tls === "none" && lacksPermission && loopback.test(host);
  const permission = needsPermission ? { allowCleartextAuth: true } : {};
  return [{ host, port, tls, address: null, fix: { ...fix, ...permission } }];
}

/** For a certificate with other names: those, but only if they lead to the very same address. */
function otherNames({ port, tls }: Relay, failed: FailedStage): Candidate[] {
  const { failure, certificateNames, address } = failed;
  if (failure.systemCode !== "ERR_TLS_CERT_ALTNAME_INVALID" || address === null) return [];
  // Neither wildcards, which are no host names, nor addresses, which end in a number.
  const names = certificateNames.flatMap((name) => {
    const host = normaliseHost(name);
    return host !== null && /(?:^|\.)[a-z][a-z\d-]*$/u.test(host) ? [host] : [];
  });
  return names.slice(0, mostNames).map((name) => ({
    host: name,
    port,
    tls,
    address,
    fix: { smtpServer: name },
  }));
}

function fixFor({ port, tls }: Way, typed: number): Fix {
  const security = tls === "none" ? { useTls: false } : { useTls: true, tlsMode: tls };
  return port === typed ? security : { smtpPort: port, ...security };
}

function keyOf({ host, port, tls }: Pick<Relay, "host" | "port" | "tls">): string {
  return `${host} ${port} ${tls}`;
}
