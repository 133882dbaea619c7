import { SendwrightError } from "../../core/errors.ts";
import type { AuthorizationServer } from "./client.ts";

/** What a provider replies instead of tokens (RFC 6749 §4.1.2.1, §5.2), with every secret taken out. */
export interface ErrorReply {
  readonly error: string;
  /** In the provider's own words. */
  readonly description: string | null;
}

interface RefusalRule {
  readonly when: RegExp;
  /** Braces: the provider's name, and the address that Sendwright is called back at. */
  readonly words: string;
}

/**
 * What providers mean. The first rule that fits `error: description` explains; dialects stand before the
 * words of the RFC. Microsoft's codes: "Microsoft Entra authentication and authorization error codes".
 */
const rules: readonly RefusalRule[] = [
  {
    when: /AADSTS(?:65001|90094|90008|650052)\b|admin_policy_enforced|org_internal/,
    words:
      "{provider} requires an administrator of the organization to approve this client. Ask them to grant its permissions, then connect again.",
  },
  {
    when: /AADSTS7000222\b/,
    words:
      "The client secret has expired. Create a new one in Microsoft Entra under Certificates & secrets and enter it here.",
  },
  {
    when: /AADSTS7000215\b/,
    words:
      "The client secret is wrong. Enter the secret's value, not its ID. Microsoft Entra shows the value only when you create the secret.",
  },
  {
    when: /AADSTS700016\b|AADSTS90002\b|AADSTS900023\b|AADSTS50059\b/,
    words:
      "{provider} can't find this client in this directory (tenant). Check the client ID and the tenant.",
  },
  {
    when: /AADSTS50194\b|AADSTS9002331\b|AADSTS9002346\b/,
    words:
      "The client is not registered for this directory (tenant). Enter the directory's ID as the tenant.",
  },
  {
    when: /AADSTS(?:70008|700082|700084|70043)\b/,
    words:
      "The authorization has expired at {provider}, because it was unused or a policy limits it. Connect again.",
  },
  {
    when: /AADSTS(?:50173|50057|50034)\b/,
    words:
      "{provider} revoked the authorization, because the password was changed or the account was disabled. Connect again.",
  },
  {
    when: /AADSTS(?:50076|50079|50158|53003|53000|50105)\b|interaction_required/,
    words:
      "A policy of the organization (conditional access, multi-factor authentication) blocked access. Connect again. If that doesn't help, ask an administrator.",
  },
  {
    when: /^redirect_uri_mismatch|AADSTS50011\b|redirect[_ ]uri/i,
    words:
      "{provider} doesn't know Sendwright's redirect URI. Register exactly this one there: {redirectUri}",
  },
  {
    when: /^access_denied/,
    words:
      "Access was denied at {provider}, or the account isn't a test user of the client. Connect again with an allowed account.",
  },
  {
    when: /^invalid_client|^unauthorized_client|deleted_client|disabled_client/,
    words: "{provider} rejected the client ID or the client secret. Check both, and enter the secret again.",
  },
  {
    when: /^invalid_grant/,
    words:
      "{provider} no longer accepts the authorization: it was revoked or has expired. Connect again. For a Google client in testing, it expires after 7 days.",
  },
  {
    when: /^invalid_scope|AADSTS70011\b|AADSTS28002\b/,
    words:
      "{provider} doesn't allow this client to send mail. Add the permission to send mail over SMTP to the client.",
  },
];

const maxQuoted = 300;

/** A refusal in words for an admin. */
export function refused(
  server: AuthorizationServer,
  reply: ErrorReply,
  redirectUri: string | null,
): SendwrightError {
  const text = [reply.error, reply.description].filter((part) => part !== null).join(": ");
  const rule = rules.find(({ when }) => when.test(text));
  const words = (rule?.words ?? "{provider} rejected the request.")
    .replaceAll("{provider}", server.name)
    .replaceAll("{redirectUri}", redirectUri ?? "the one shown next to the client ID");
  const quoted = text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text;
  return new SendwrightError("oauth.refused", `${words} It said “${quoted}”.`, { smtp: { stage: "auth" } });
}

/** Errors that a later request may not meet, though they come as replies (RFC 6749 §4.1.2.1). */
const passing: ReadonlySet<string> = new Set(["temporarily_unavailable", "server_error", "slow_down"]);

export function isPassing({ error }: ErrorReply): boolean {
  return passing.has(error);
}

/** The provider gave no usable reply: it may next time. */
export function unreachable(server: AuthorizationServer, reason: string): SendwrightError {
  return new SendwrightError(
    "oauth.unreachable",
    `Sendwright couldn't get an access token from ${server.name}: ${reason}. It will retry.`,
    { smtp: { stage: "auth" } },
  );
}
