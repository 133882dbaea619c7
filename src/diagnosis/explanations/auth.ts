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
    title: "The server can't check passwords now",
    explanation: "{host} couldn't check the username and password: {said}. The password may still be right.",
    remedy:
      "Try again in a few minutes. If it keeps failing, tell the server's administrator: its user database may be unreachable.",
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
    explanation: "{host} replied that {username} is locked or disabled: {said}.",
    remedy: "Ask the provider to unlock the account, then test again. A new password alone won't help.",
    source: "RFC 3463 X.2.1 and RFC 5248 X.7.13: user account disabled",
  },
  {
    code: "auth.credentials",
    when: { stage: signIn, reply: [534, 535] },
    title: "Wrong username or password",
    explanation: "{host} rejected the username or password of {username}: {said}.",
    remedy:
      "Enter the username and password again. Many providers require the full address as the username, and an app password or API key instead of the normal password.",
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
    title: "The SMTP server requires TLS",
    explanation:
      "{host} accepts nothing from clients that don't use TLS: {said}. It doesn't offer STARTTLS on port {port}.",
    remedy: "Use port 465 with implicit TLS, if the server supports it.",
    fix: submissions,
    source: "RFC 4954 §6: 538 5.7.11; RFC 8314 §3.3",
  },
  {
    code: "sign_in.tls_required",
    when: { stage: [...signIn, ...afterSignIn], reply: [5], says: wantsEncryption, tls: ["none"] },
    title: "The SMTP server requires TLS",
    explanation: "{host} accepts nothing from clients that don't use TLS: {said}.",
    remedy: "Turn on Use TLS.",
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
    title: "The SMTP server requires authentication",
    explanation: "{host} accepts mail only from authenticated clients: {said}.",
    remedy: "Enter the username and password that the provider gave you.",
    source:
      "RFC 4954 §6: 530 5.7.0 Authentication required; Postfix reject_unauthenticated_sender_login_mismatch “not logged in”; Exchange “530 5.7.57 Client not authenticated to send mail”",
  },
  {
    code: "auth.refused",
    when: { stage: signIn, reply: [5] },
    title: "The SMTP server rejected the authentication",
    explanation: "{host} rejected the authentication of {username}: {said}.",
    remedy: "Check the username and password, and whether the account can send through SMTP.",
    source: "RFC 4954 §4 and §6",
  },
  {
    code: "auth.needs_starttls",
    when: { code: ["smtp.auth_unavailable"], tls: ["none"], offersStartTls: true },
    title: "Authentication requires TLS",
    explanation:
      "The connection to {host} isn't encrypted, so the password would be sent unencrypted. The server offers STARTTLS.",
    remedy: "Turn on Use TLS.",
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
    title: "The password would be sent unencrypted",
    explanation:
      "The connection to {host} isn't encrypted, so Sendwright didn't send the username and password.",
    remedy:
      "Allow authentication without TLS in this config, or turn on Use TLS. The connection to {host} doesn't leave this machine.",
    fix: { allowCleartextAuth: true },
    source: "RFC 4954 §4: PLAIN and LOGIN only under TLS; RFC 6761 §6.3",
  },
  {
    code: "auth.cleartext",
    when: { code: ["smtp.auth_unavailable"], tls: ["none"], allowsCleartext: false, offersAuth: true },
    title: "The password would be sent unencrypted",
    explanation:
      "The connection to {host} isn't encrypted, so Sendwright didn't send the username and password.",
    remedy:
      "Use port 465 with implicit TLS if the provider supports it. Allow authentication without TLS only for a server in your own network.",
    fix: submissions,
    source: "RFC 4954 §4 and §9: PLAIN and LOGIN only under TLS; RFC 8314 §3.3",
  },
  {
    code: "auth.token_not_taken",
    when: { code: ["smtp.auth_unavailable"], offersAuth: true, authMethod: ["xoauth2"] },
    title: "The server doesn't support access tokens",
    explanation:
      "This config authenticates with an access token (XOAUTH2), but {host} offers only {mechanisms}.",
    remedy:
      "Set the authentication method to automatic and enter a password, or check that this is the provider's server for access tokens.",
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.other_method",
    when: { code: ["smtp.auth_unavailable"], offersPassword: true, authMethod: ["plain", "login"] },
    title: "Authentication method not offered",
    explanation: "{host} offers {mechanisms}, but not the authentication method of this config.",
    remedy: "Set the authentication method to automatic.",
    fix: { authMethod: "auto" },
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.no_common_mechanism",
    when: { code: ["smtp.auth_unavailable"], offersAuth: true },
    title: "No authentication method in common",
    explanation:
      "{host} offers {mechanisms}. Sendwright supports PLAIN, LOGIN and, with OAuth, XOAUTH2 and OAUTHBEARER.",
    remedy:
      "Choose the authentication method OAuth if the server offers XOAUTH2 or OAUTHBEARER. Otherwise ask the server's administrator to offer PLAIN or LOGIN over TLS, or use another SMTP server.",
    source: "RFC 4954 §3: the AUTH keyword lists the mechanisms",
  },
  {
    code: "auth.not_offered_port25",
    when: { code: ["smtp.auth_unavailable"], port: [25], offersAuth: false },
    title: "Port 25 doesn't offer authentication",
    explanation: "On port 25, {host} accepts mail from other servers and doesn't offer authentication.",
    remedy:
      "Use port 587 with STARTTLS, which is for sending with authentication. If this server doesn't require authentication, clear the username.",
    fix: submission,
    source: "RFC 6409 §3.1 and §4.3: submission is on 587",
  },
  {
    code: "auth.not_offered",
    when: { code: ["smtp.auth_unavailable"], offersAuth: false },
    title: "The SMTP server doesn't offer authentication",
    explanation:
      "A username is set, but {host} port {port} doesn't offer authentication, so Sendwright stopped.",
    remedy:
      "Check the port: 587 and 465 are for sending with authentication. If this server doesn't require authentication, clear the username.",
    source: "RFC 4954 §3 and §4",
  },
  {
    code: "auth.hung_up",
    when: { stage: signIn, code: ["smtp.closed"] },
    title: "Connection closed during authentication",
    explanation:
      "{host} closed the connection without a reply while {username} was authenticating. Some servers do this after a wrong username or password, or after too many attempts.",
    remedy: "Enter the username and password again. If it keeps happening, check the server's own log.",
    source: "RFC 5321 §3.8: a connection lost without 421",
  },
];
