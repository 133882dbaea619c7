import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];

/** A reply that judges something else than the username and the password. */
const judgesCredentials =
  /^(?!.*(?:locked|disabled|suspended|blocked|activated|security defaults|conditional access|web browser|too many))/is;

/** The authentication method, and credentials that were entered with an invisible character. */
export const authMethodRules: readonly ExplanationRule[] = [
  {
    code: "auth.login_works",
    when: { stage: signIn, loginWorks: true },
    title: "LOGIN works, PLAIN doesn't",
    explanation:
      "{host} rejected the authentication method PLAIN: {said}. Sendwright then tried LOGIN with the same username and password, and {host} accepted them.",
    remedy: "Set the authentication method to LOGIN.",
    fix: { authMethod: "login" },
    source: "RFC 4954 §4: a server may reject one mechanism and accept another",
  },
  {
    code: "auth.mechanism_refused_auto",
    when: { stage: signIn, refusesMechanism: true, authMethod: ["auto"] },
    title: "The SMTP server rejected the authentication method",
    explanation:
      "{host} offered {mechanisms}, then rejected each method that Sendwright can use with a password: {said}. The password may still be right.",
    remedy:
      "Check that this port is meant for sending with authentication (587 or 465). If it is, ask the server's administrator to allow PLAIN or LOGIN.",
    source: "RFC 4954 §4: 504; RFC 5321 §4.2.4: 502; Exchange “504 5.7.4 Unrecognized authentication type”",
  },
  {
    code: "auth.mechanism_refused_chosen",
    when: { stage: signIn, refusesMechanism: true, authMethod: ["plain", "login"] },
    title: "The SMTP server rejected the authentication method",
    explanation:
      "{host} rejected the authentication method of this config: {said}. It offered {mechanisms}. The password may still be right.",
    remedy:
      "Set the authentication method to automatic, and check that this port is meant for sending with authentication (587 or 465).",
    fix: { authMethod: "auto" },
    source: "RFC 4954 §4: 504; RFC 5321 §4.2.4: 502; Exchange “504 5.7.4 Unrecognized authentication type”",
  },
  {
    code: "auth.mechanism_refused",
    when: { stage: signIn, refusesMechanism: true },
    title: "The SMTP server rejected the authentication method",
    explanation: "{host} rejected the authentication method of this config: {said}.",
    remedy:
      "Check that this port is meant for sending with authentication (587 or 465), and choose another authentication method.",
    source: "RFC 4954 §4: 504; RFC 5321 §4.2.4: 502; Exchange “504 5.7.4 Unrecognized authentication type”",
  },
  {
    code: "auth.cancelled",
    when: { stage: signIn, reply: [501], says: /cancel|abort|terminated/i },
    title: "Authentication didn't finish",
    explanation:
      "{host} asked for more than the authentication method can send, so Sendwright ended the exchange: {said}.",
    remedy:
      "Choose another authentication method. If that doesn't help, ask the server's administrator what the server expected.",
    source: "RFC 4954 §4: a client cancels with “*”, and the server replies 501",
  },
  {
    code: "auth.invisible_in_username",
    when: { stage: signIn, reply: [5], invisibleIn: "username", says: judgesCredentials },
    title: "The username has an invisible character",
    explanation:
      "{host} rejected the username or the password: {said}. The username that you entered contains an invisible character, such as a no-break space.",
    remedy: "Enter the username without it, then test again.",
    fixesUsername: true,
    source:
      "RFC 4616 §2: username and password are compared as they were sent; Unicode Default_Ignorable_Code_Point",
  },
  {
    code: "auth.invisible_in_password",
    when: { stage: signIn, reply: [5], invisibleIn: "password", says: judgesCredentials },
    title: "The password has an invisible character",
    explanation:
      "{host} rejected the username or the password: {said}. The password that you entered contains an invisible character, such as a no-break space or a space at one end.",
    remedy:
      "Type the password, or paste it through a plain text editor first. You don't need a new password yet.",
    source:
      "RFC 4616 §2: username and password are compared as they were sent; Unicode Default_Ignorable_Code_Point",
  },
];
