import * as oauth from "oauth4webapi";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { mask, redactor } from "../../smtp/redact.ts";
import type { AuthorizationServer } from "./client.ts";
import { isPassing, refused, unreachable } from "./refusal.ts";

/** How long a provider may take for one reply. */
export const requestTimeoutMs = 10_000;

/**
 * What goes wrong with a request to a provider, in words for an admin. The cause stays behind: it holds the request
 * or the whole reply.
 * @param secrets that were sent, to be taken out
 */
export function providerError(
  error: unknown,
  server: AuthorizationServer,
  secrets: readonly string[],
  redirectUri: string | null,
): SendwrightError {
  if (isSendwrightError(error)) {
    // Egress speaks of mail servers, and of a name that may be inside the network.
    if (error.code !== "egress.refused") return unreachable(server, "its name can't be resolved");
    const message = `Sendwright isn't allowed to connect to this token endpoint. ${error.message}`;
    return new SendwrightError("oauth.refused", message, { smtp: { stage: "auth" } });
  }
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const reply = {
      error: clean(error.error, secrets),
      description: error.error_description === undefined ? null : describe(error.error_description, secrets),
    };
    const isBusy = error instanceof oauth.ResponseBodyError && (error.status === 429 || error.status >= 500);
    return isBusy || isPassing(reply)
      ? unreachable(server, `it responded with ${reply.error}`)
      : refused(server, reply, redirectUri);
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return unreachable(server, "its response was not valid OAuth 2.0");
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return unreachable(server, `no response within ${requestTimeoutMs / 1000} seconds`);
  }
  const systemCode = error instanceof Error && error.cause instanceof Error ? codeOf(error.cause) : null;
  return unreachable(server, systemCode ?? "the connection failed");
}

function codeOf(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** A text of the provider without the secrets that were sent to it. */
function clean(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret !== "")
    .reduce((shown, password) => redactor({ username: "", password, method: "oauth" }).text(shown), text);
  return hidden
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/\p{Cc}/gu, "")
    .trim();
}

/** A description may hold other tokens too: every run as long as one is masked, but for the ids of a trace. */
function describe(text: string, secrets: readonly string[]): string {
  const traceId = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
  return clean(text, secrets).replaceAll(/[\w~+/=-]{24,}/g, (run) => (traceId.test(run) ? run : mask));
}
