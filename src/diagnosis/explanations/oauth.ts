import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];

/** The sign-in with an access token. A mailbox that may not use SMTP at all is explained by the provider rules. */
export const oauthRules: readonly ExplanationRule[] = [
  {
    code: "auth.oauth_consent_required",
    when: { code: ["oauth.consent_required"] },
    title: "The provider's consent is needed",
    explanation: "There is no access token to sign in with, so that nothing was dialled. {message}",
    remedy: "Connect this config under Sign-in, then test again.",
    source: "RFC 6749 §4.1: an access token follows from the consent of the mailbox's owner",
  },
  {
    code: "auth.oauth_refused",
    when: { code: ["oauth.refused"] },
    title: "The provider gives no access token",
    explanation: "Sendwright asked for an access token before it dialled. {message}",
    remedy: "Do what is said above, and connect this config again under Sign-in.",
    source: "RFC 6749 §5.2: invalid_grant, invalid_client, unauthorized_client",
  },
  {
    code: "auth.oauth_unreachable",
    when: { code: ["oauth.unreachable"] },
    title: "The provider could not be asked for an access token",
    explanation: "{message}",
    remedy: "Check that this machine may reach the provider over HTTPS, then test again.",
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
    title: "The relay does not take the access token",
    explanation:
      "{host} refuses the access token for {username}: {said}. Of the token it said: {tokenRefusal}.",
    remedy:
      "Check that the username is the mailbox that gave its consent. With Microsoft 365 the mailbox must also allow Authenticated SMTP; a token that was pasted may have expired.",
    source:
      "RFC 7628 §3.2.2: the error status is a JSON object; Gmail and Exchange Online answer 334 and then 535 5.7.8 or 535 5.7.3",
  },
  {
    code: "auth.oauth_not_offered",
    when: { code: ["smtp.auth_unavailable"], withToken: true, offersAuth: true },
    title: "The relay takes no access tokens",
    explanation: "{host} offers {mechanisms}, and neither XOAUTH2 nor OAUTHBEARER is among them.",
    remedy: "Check the server and the port. If the relay wants a password, choose another sign-in method.",
    source: "RFC 7628 §3; RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
];
