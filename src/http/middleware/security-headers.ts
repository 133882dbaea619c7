import type { MiddlewareHandler } from "hono";
import { hostReplyOf } from "../host-reply.ts";

const apiPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Styles inline: the pages' components set them. Previews of emails are frames without scripts. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers of every reply for browsers; the policy or cache rule of a route has precedence. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  // The host's own pages are not ours to restrict.
  if (hostReplyOf(c.error) !== undefined) return;
  const { headers } = c.res;
  const initial = { "content-security-policy": apiPolicy, "cache-control": "no-store" };
  for (const [name, value] of Object.entries(initial)) if (!headers.has(name)) headers.set(name, value);
  headers.set("x-content-type-options", "nosniff");
  headers.set("x-frame-options", "DENY");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
};
