import { type ClientRequest, type RequestOptions, request as requestOverHttp } from "node:http";
import { request as requestOverHttps } from "node:https";
import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { DialAddress, Egress } from "./egress.ts";

/** The result of a request: the status of the answer, or why there was none. */
export type PostResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "failed"; readonly reason: string };

export interface PostDependencies {
  readonly egress: Egress;
  readonly clock: Clock;
  /** Cuts the request. */
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;

/**
 * Posts JSON and waits for the status of the answer, for 10 seconds at most. The body of the answer is not
 * read, and a redirect is not followed. Only addresses that were checked are dialed.
 */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  { egress, clock, signal }: PostDependencies,
): Promise<PostResult> {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === "http:";
  const outOfTime = new AbortController();
  const cancel = clock.after(timeoutMs, () => outOfTime.abort());
  try {
    const { addresses } = await egress.resolve(hostname, Number(port) || (isPlain ? 80 : 443));
    const bytes = Buffer.from(body);
    const options: RequestOptions = {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": bytes.length,
        "user-agent": "Sendwright",
      },
      agent: false,
      lookup: lookupOf(addresses),
      signal: AbortSignal.any([signal, outOfTime.signal]),
    };
    const request = isPlain ? requestOverHttp(url, options) : requestOverHttps(url, options);
    return { kind: "answered", status: await statusOf(request, bytes) };
  } catch (error) {
    return {
      kind: "failed",
      reason: outOfTime.signal.aborted ? "no response within 10 seconds" : reasonOf(error),
    };
  } finally {
    cancel();
  }
}

function statusOf(request: ClientRequest, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", () => {});
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.end(body);
  });
}

/** A lookup that gives only the addresses that were checked. */
function lookupOf(addresses: readonly DialAddress[]): NonNullable<RequestOptions["lookup"]> {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family ?? 0);
  };
}

/** The reason in words. The URL is left out, because it may contain a token. */
function reasonOf(error: unknown): string {
  if (isSendwrightError(error, "egress.refused")) return error.message;
  if (isSendwrightError(error, "smtp.resolve")) return "its name can't be resolved";
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "the connection failed";
}
