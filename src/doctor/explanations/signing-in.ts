import type { Stage } from "../../model.ts";
import { loopback, type Row, submission, submissions } from "./row.ts";

const signIn: readonly Stage[] = ["auth"];
/** Where a relay that wanted a sign-in first says so, if it got none. */
const afterwards: readonly Stage[] = ["sender", "recipient", "message"];

/** The sign-in, where no provider has words of its own for it. */
export const signingInRows: readonly Row[] = [
  {
    code: "auth.mechanism_refused",
    when: { stage: signIn, reply: [504] },
    title: "The relay does not take this way of signing in",
    explanation: "{host} refuses the sign-in method: {said}. It offered: {mechanisms}.",
    remedy:
      "Set the sign-in method to automatic, and check that this port is meant for sending with a sign-in (587 or 465).",
    fix: { authMethod: "auto" },
    source: "RFC 4954 §4: 504; Exchange “504 5.7.4 Unrecognized authentication type”",
  },
  {
    code: "auth.temporary",
    when: { stage: signIn, reply: [454, 421, 432, 450, 451] },
    title: "The relay cannot check passwords at the moment",
    explanation: "{host} could not decide about the sign-in: {said}. That says nothing about the password.",
    remedy:
      "Try again in a few minutes. If it stays, the relay's user database is out of reach: tell whoever runs it.",
    source: "RFC 4954 §6: 454 4.7.0 Temporary authentication failure",
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
    code: "sign_in.tls_required",
    when: {
      stage: [...signIn, ...afterwards],
      reply: [530, 538],
      says: /STARTTLS|encryption required|secure connection|\bTLS\b/i,
      tls: ["none"],
    },
    title: "The relay wants encryption first",
    explanation: "{host} does nothing for a client that does not encrypt: {said}.",
    remedy: "Switch Use TLS on.",
    fix: { useTls: true, tlsMode: "starttls" },
    source: "RFC 3207 §4: 530 Must issue a STARTTLS command first; RFC 4954 §6: 538 5.7.11",
  },
  {
    code: "sign_in.required",
    when: {
      stage: afterwards,
      reply: [5],
      says: /^530 |authentication (?:is )?required|not authenticated|unauthenticated senders|must (?:be )?(?:authenticate|logged|log in)|please authenticate|need to authenticate/i,
      signsIn: false,
    },
    title: "The relay wants a sign-in",
    explanation: "{host} takes mail from signed-in clients only: {said}.",
    remedy: "Enter the username and the password that the provider gave you.",
    source:
      "RFC 4954 §6: 530 5.7.0 Authentication required; Exchange “530 5.7.57 Client not authenticated to send mail”",
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
      "The connection to {host} is not encrypted, so that Posthorn did not send username and password.",
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
      "The connection to {host} is not encrypted, so that Posthorn did not send username and password.",
    remedy:
      "Use port 465 with TLS from the start if the provider has it. Only for a server in your own network: allow signing in without encryption.",
    fix: submissions,
    source: "RFC 4954 §4 and §9: PLAIN and LOGIN only under TLS; RFC 8314 §3.3",
  },
  {
    code: "auth.no_common_mechanism",
    when: { code: ["smtp.auth_unavailable"], offersAuth: true },
    title: "No common way of signing in",
    explanation:
      "{host} offers {mechanisms}. Posthorn speaks PLAIN, LOGIN and, with an access token, XOAUTH2.",
    remedy:
      "Set the sign-in method to automatic; for a relay with XOAUTH2 only, enter an access token and choose XOAUTH2. Or have the server offer PLAIN.",
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
      "A username is set, but {host} port {port} offers no sign-in. Posthorn does not go on without it.",
    remedy:
      "If this server needs none, clear the username. Else check the port: 587 and 465 are for sending with a sign-in.",
    source: "RFC 4954 §3 and §4",
  },
];
