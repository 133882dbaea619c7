import type { Stage } from "../../core/model.ts";
import { type ExplanationRule, loopback, submission, submissions } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];
/** The stages in which a relay may refuse a client that has not signed in. */
const afterSignIn: readonly Stage[] = ["sender", "recipient", "message"];

/** The replies of relays to a client that has not started TLS. */
const wantsEncryption =
  /issue a STARTTLS|STARTTLS (?:command )?(?:is )?(?:first|required)|\b(?:encryption|TLS|SSL)\b (?:is )?(?:required|needed)|\b(?:without|requires?|use|need)\b (?:SSL|TLS|encrypt|a secure)|secure connection/i;

/** The sign-in at a relay that none of the provider rules knows. */
export const signingInRules: readonly ExplanationRule[] = [
  {
    code: "auth.temporary",
    when: { stage: signIn, reply: [4] },
    title: "The relay cannot check passwords at the moment",
    explanation: "{host} could not decide about the sign-in: {said}. That says nothing about the password.",
    remedy:
      "Try again in a few minutes. If it stays, the relay's user database is out of reach: tell whoever runs it.",
    source:
      "RFC 4954 §6: 454 4.7.0 Temporary authentication failure; Exim “435 Unable to authenticate at present”",
  },
  {
    code: "auth.account_locked",
    when: {
      stage: signIn,
      reply: [5],
      says: /\b(?:account|user|mailbox|login)\b.{0,60}\b(?:locked|disabled|suspended|blocked|deactivated|inactive|not active|not activated)\b|\b(?:locked|disabled|suspended|inactive) (?:account|user|mailbox)\b/i,
    },
    title: "The account is locked",
    explanation: "{host} says that {username} is locked or switched off: {said}.",
    remedy: "Have the account unlocked at the provider, then test again. A new password alone will not do.",
    source: "RFC 3463 X.2.1 and RFC 5248 X.7.13: user account disabled",
  },
  {
    code: "auth.credentials",
    when: { stage: signIn, reply: [534, 535] },
    title: "Username or password is wrong",
    explanation: "{host} refuses the sign-in of {username}: {said}.",
    remedy:
      "Enter both again. Many providers want the full address as the username, and an app password or an API key instead of the normal password.",
    source: "RFC 4954 §6: 535 5.7.8 Authentication credentials invalid",
  },
  {
    code: "sign_in.tls_required_elsewhere",
    when: {
      stage: [...signIn, ...afterSignIn],
      reply: [5],
      says: wantsEncryption,
      tls: ["none"],
      offersStartTls: false,
    },
    title: "The relay wants encryption first",
    explanation:
      "{host} does nothing for a client that does not encrypt: {said}. It offers no STARTTLS on port {port}.",
    remedy: "Use port 465 with TLS from the start, if the server has it.",
    fix: submissions,
    source: "RFC 4954 §6: 538 5.7.11; RFC 8314 §3.3",
  },
  {
    code: "sign_in.tls_required",
    when: { stage: [...signIn, ...afterSignIn], reply: [5], says: wantsEncryption, tls: ["none"] },
    title: "The relay wants encryption first",
    explanation: "{host} does nothing for a client that does not encrypt: {said}.",
    remedy: "Switch Use TLS on.",
    fix: { useTls: true, tlsMode: "starttls" },
    source:
      "RFC 3207 §4: 530 Must issue a STARTTLS command first; RFC 4954 §6: 538 5.7.11; Yandex “530 5.7.7 Email sending without SSL/TLS encryption is not allowed”",
  },
  {
    code: "sign_in.required",
    when: {
      stage: afterSignIn,
      reply: [5],
      says: /^530 |authentication (?:is )?required|not authenticated|unauthenticated senders|must (?:be )?(?:authenticate|logged|log in)|please authenticate|need to authenticate|sender address rejected: not logged in/i,
      signsIn: false,
    },
    title: "The relay wants a sign-in",
    explanation: "{host} takes mail from signed-in clients only: {said}.",
    remedy: "Enter the username and the password that the provider gave you.",
    source:
      "RFC 4954 §6: 530 5.7.0 Authentication required; Postfix reject_unauthenticated_sender_login_mismatch “not logged in”; Exchange “530 5.7.57 Client not authenticated to send mail”",
  },
  {
    code: "auth.refused",
    when: { stage: signIn, reply: [5] },
    title: "The relay refuses the sign-in",
    explanation: "{host} does not let {username} sign in: {said}.",
    remedy: "Check username and password, and whether the account may send through SMTP.",
    source: "RFC 4954 §4 and §6",
  },
  {
    code: "auth.needs_starttls",
    when: { code: ["smtp.auth_unavailable"], tls: ["none"], offersStartTls: true },
    title: "Signing in needs encryption",
    explanation:
      "The connection to {host} is not encrypted, so that the password would be readable on the way. The relay offers STARTTLS.",
    remedy: "Switch Use TLS on.",
    fix: { useTls: true, tlsMode: "starttls" },
    source: "RFC 4954 §4: offers may change with STARTTLS; Postfix smtpd_tls_auth_only",
  },
  {
    code: "auth.cleartext_here",
    when: {
      code: ["smtp.auth_unavailable"],
      tls: ["none"],
      allowsCleartext: false,
      offersAuth: true,
      host: loopback,
    },
    title: "The password would travel unencrypted",
    explanation:
      "The connection to {host} is not encrypted, so that Sendwright did not send username and password.",
    remedy:
      "Allow signing in without encryption: on {host} nothing leaves this machine. Or switch Use TLS on.",
    fix: { allowCleartextAuth: true },
    source: "RFC 4954 §4: PLAIN and LOGIN only under TLS; RFC 6761 §6.3",
  },
  {
    code: "auth.cleartext",
    when: { code: ["smtp.auth_unavailable"], tls: ["none"], allowsCleartext: false, offersAuth: true },
    title: "The password would travel unencrypted",
    explanation:
      "The connection to {host} is not encrypted, so that Sendwright did not send username and password.",
    remedy:
      "Use port 465 with TLS from the start if the provider has it. Only for a server in your own network: allow signing in without encryption.",
    fix: submissions,
    source: "RFC 4954 §4 and §9: PLAIN and LOGIN only under TLS; RFC 8314 §3.3",
  },
  {
    code: "auth.token_not_taken",
    when: { code: ["smtp.auth_unavailable"], offersAuth: true, authMethod: ["xoauth2"] },
    title: "The relay takes no access tokens",
    explanation: "This config signs in with an access token (XOAUTH2), and {host} offers only {mechanisms}.",
    remedy:
      "Set the sign-in method to automatic and enter a password, or check that this is the provider's server for access tokens.",
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.other_method",
    when: { code: ["smtp.auth_unavailable"], offersPassword: true, authMethod: ["plain", "login"] },
    title: "The relay does not offer this way of signing in",
    explanation: "{host} offers {mechanisms}, which the sign-in method of this config is not among.",
    remedy: "Set the sign-in method to automatic.",
    fix: { authMethod: "auto" },
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.no_common_mechanism",
    when: { code: ["smtp.auth_unavailable"], offersAuth: true },
    title: "No common way of signing in",
    explanation:
      "{host} offers {mechanisms}. Sendwright speaks PLAIN, LOGIN and, with OAuth, XOAUTH2 and OAUTHBEARER.",
    remedy:
      "Where XOAUTH2 or OAUTHBEARER is offered, choose the sign-in method OAuth. Else have the server offer PLAIN or LOGIN under TLS, or use another relay.",
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.not_offered_port25",
    when: { code: ["smtp.auth_unavailable"], port: [25], offersAuth: false },
    title: "This port offers no sign-in",
    explanation: "On port 25 {host} takes mail from other servers, without a sign-in.",
    remedy:
      "Use port 587 with STARTTLS, which is for sending with a sign-in. If this server needs none, clear the username.",
    fix: submission,
    source: "RFC 6409 §3.1 and §4.3: submission is on 587",
  },
  {
    code: "auth.not_offered",
    when: { code: ["smtp.auth_unavailable"], offersAuth: false },
    title: "The relay offers no sign-in",
    explanation:
      "A username is set, but {host} port {port} offers no sign-in. Sendwright does not go on without it.",
    remedy:
      "If this server needs none, clear the username. Else check the port: 587 and 465 are for sending with a sign-in.",
    source: "RFC 4954 §3 and §4",
  },
  {
    code: "auth.hung_up",
    when: { stage: signIn, code: ["smtp.closed"] },
    title: "The relay hung up during the sign-in",
    explanation:
      "{host} closed the connection without a word while {username} was signing in. Some servers do so where username or password is wrong, or after too many tries.",
    remedy: "Enter username and password again, and look into the server's own log if it stays.",
    source: "RFC 5321 §3.8: a connection lost without 421",
  },
];
