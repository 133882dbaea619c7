import type { Context } from "hono";
import { isLoopback } from "../../net/host.ts";
import type { ServerEnv } from "../route.ts";

/** The address of the other end of the connection; null inside a host. */
export function remoteAddress(c: Context<ServerEnv>): string | null {
  return c.env?.incoming?.socket.remoteAddress ?? null;
}

/**
 * Whether the request was made on this machine: over the loopback, under a name of it, and not
 * forwarded by a proxy, behind which every client would seem local.
 */
export function isLocal(c: Context<ServerEnv>): boolean {
  const address = remoteAddress(c);
  const proxied = ["forwarded", "x-forwarded-for", "via"].some((name) => c.req.header(name) !== undefined);
  return address !== null && isLoopback(address) && isLoopback(new URL(c.req.url).hostname) && !proxied;
}
