import type { MiddlewareHandler } from "hono";
import { SendwrightError } from "../../core/errors.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests that another site makes a browser send: it would add the admin's cookie to them.
 * A browser says in Sec-Fetch-Site where a request comes from; one that does not (an old one, or over
 * plain HTTP) sends Origin. Programs send neither.
 * @param publicUrl where browsers see Sendwright, if a proxy gives it another name.
 * @param isByKey whether an API key alone decides who sends a request: a browser never adds one by itself.
 */
export function refuseCrossSite(
  publicUrl: string | null,
  isByKey: (request: Request) => Promise<boolean>,
): MiddlewareHandler {
  const publicOrigin = publicUrl === null ? null : new URL(publicUrl).origin;
  return async (c, next) => {
    if (!safeMethods.has(c.req.method)) {
      const site = c.req.header("sec-fetch-site");
      const origin = c.req.header("origin");
      const own =
        site !== undefined
          ? site === "same-origin" || site === "none"
          : origin === undefined || origin === publicOrigin || hostOf(origin) === new URL(c.req.url).host;
      if (!own && !(await isByKey(c.req.raw))) {
        throw new SendwrightError(
          "request.cross_site",
          "Another site sent this request. If you use a proxy, set SENDWRIGHT_PUBLIC_URL to the URL in your browser.",
        );
      }
    }
    await next();
  };
}

/** Without the scheme: behind a proxy that ends TLS, Sendwright sees http where the browser sees https. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
