import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];

/** The sign-in with an access token. A mailbox that may not use SMTP at all is explained by the provider rules. */
export const oauthRules: readonly ExplanationRule[] = [
  {
    code: "auth.oauth_consent_required",
    when: { code: ["oauth.consent_required"] },
    title: "The provider's authorization is missing",
    explanation: "Sendwright has no access token to authenticate with, so it didn't connect. {message}",
    remedy: "Connect this config to the provider, then test again.",
    source: "RFC 6749 §4.1: an access token follows from the consent of the mailbox's owner",
  },
  {
    code: "auth.oauth_refused",
    when: { code: ["oauth.refused"] },
    title: "The provider rejected the token request",
    explanation: "Sendwright requested an access token before it connected. {message}",
    remedy: "Fix the cause that is named above, then connect this config to the provider again.",
    source: "RFC 6749 §5.2: invalid_grant, invalid_client, unauthorized_client",
  },
  {
    code: "auth.oauth_unreachable",
    when: { code: ["oauth.unreachable"] },
    title: "Can't reach the OAuth provider",
    explanation: "{message}",
    remedy: "Check that this machine can reach the provider over HTTPS, then test again.",
    source: "RFC 6749 §3.2: the token endpoint is asked over TLS",
  },
  {
    code: "auth.oauth_token_refused",
    when: {
      stage: signIn,
      reply: [535, 534, 550],
      withToken: true,
      says: /^(?!.*(?:SmtpClientAuthentication is disabled|smtp_auth_disabled|security defaults|Conditional Access))/i,
    },
    title: "The SMTP server rejected the access token",
    explanation:
      "{host} rejected the access token of {username}: {said}. The reply about the token was: {tokenRefusal}.",
    remedy:
      "Check that the username is the mailbox that authorized Sendwright. With Microsoft 365 the mailbox must also allow Authenticated SMTP. A pasted token may have expired.",
    source:
      "RFC 7628 §3.2.2: the error status is a JSON object; Gmail and Exchange Online reply 334 and then 535 5.7.8 or 535 5.7.3",
  },
  {
    code: "auth.oauth_not_offered",
    when: { code: ["smtp.auth_unavailable"], withToken: true, offersAuth: true },
    title: "The server doesn't support access tokens",
    explanation: "{host} offers {mechanisms}, but neither XOAUTH2 nor OAUTHBEARER.",
    remedy:
      "Check the server and port. If the server requires a password, choose another authentication method.",
    source: "RFC 7628 §3; RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
];
