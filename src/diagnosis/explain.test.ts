import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { stages } from "../core/model.ts";
import { explain, type Failure, rules } from "./explain.ts";

const certificate = {
  names: ["mx1.provider.example", "mx2.provider.example"],
  issuer: "CN=Office CA",
  validFrom: Date.UTC(2030, 0, 2),
  validTo: Date.UTC(2020, 1, 3),
  fingerprint256: "AB:CD",
};

const usual = {
  relay: { host: "smtp.example.com", port: 587, tls: "starttls", ownAuthority: false },
  username: "jo@example.com",
  fromEmail: "shop@example.com",
  recipient: "pat@example.net",
} as const;

type Seen = Partial<Omit<Failure, "reply" | "relay">> & {
  /** As it came over the wire, such as `535 5.7.8 no`; continuation lines begin with `535-`. */
  says?: string;
  relay?: Partial<Failure["relay"]>;
  /** Problems whose fix is disproved. */
  disproved?: string[];
};

function failure({ says, relay, disproved: _, ...seen }: Seen): Failure {
  return {
    stage: "connect",
    code: "smtp.rejected",
    ...usual,
    encrypted: seen.certificate !== undefined,
    ...seen,
    relay: { ...usual.relay, ...relay },
    reply: says === undefined ? undefined : replyOf(says),
  };
}

/** Code, enhanced code where its class fits (RFC 2034 §4), and the lines without the reply code. */
function replyOf(wire: string): NonNullable<Failure["reply"]> {
  const code = wire.slice(0, 3);
  const text = wire.replaceAll(/^\d{3}[ -]/gm, "");
  const enhancedCode = /^\d\.\d+\.\d+/.exec(text)?.[0] ?? null;
  return { code: Number(code), enhancedCode: enhancedCode?.startsWith(code[0]!) ? enhancedCode : null, text };
}

/** What OpenSSL says of an answer in the clear. */
const wrongVersion = "ERR_SSL_WRONG_VERSION_NUMBER";

const reaching: [string, Seen][] = [
  ["recipient.withheld", { stage: "message", code: "email.withheld" }],
  ["resolve.unknown_host", { stage: "resolve", code: "smtp.resolve", systemCode: "ENOTFOUND" }],
  ["resolve.dns_unavailable", { stage: "resolve", code: "smtp.resolve", systemCode: "EAI_AGAIN" }],
  ["resolve.timed_out", { stage: "resolve", code: "smtp.timeout" }],
  ["resolve.no_address", { stage: "resolve", code: "smtp.resolve", systemCode: "ENODATA" }],
  ["egress.refused", { stage: "resolve", code: "egress.refused" }],
  [
    "connect.refused_here",
    { code: "smtp.connect", systemCode: "ECONNREFUSED", relay: { host: "localhost", port: 25 } },
  ],
  ["connect.refused", { code: "smtp.connect", systemCode: "ECONNREFUSED" }],
  ["connect.port25_blocked", { code: "smtp.timeout", relay: { port: 25 } }],
  ["connect.port25_blocked", { code: "smtp.connect", systemCode: "ETIMEDOUT", relay: { port: 25 } }],
  ["connect.port465_filtered", { code: "smtp.timeout", relay: { port: 465, tls: "implicit" } }],
  ["connect.filtered", { code: "smtp.timeout" }],
  ["connect.filtered", { code: "smtp.connect", systemCode: "ETIMEDOUT" }],
  ["connect.unreachable", { code: "smtp.connect", systemCode: "EHOSTUNREACH" }],
  ["connect.unreachable", { code: "smtp.connect", systemCode: "ENETUNREACH" }],
  ["connect.forbidden", { code: "smtp.connect", systemCode: "EACCES" }],
  ["connect.failed", { code: "smtp.connect", systemCode: "ENOBUFS" }],
  [
    "port.pop_or_imap_tls",
    { stage: "greeting", code: "smtp.protocol", relay: { port: 993, tls: "implicit" } },
  ],
  ["port.pop_or_imap", { stage: "greeting", code: "smtp.protocol", relay: { port: 143 } }],
  ["tls.implicit_expected", { stage: "greeting", code: "smtp.timeout", relay: { port: 465 } }],
  ["tls.implicit_expected", { stage: "greeting", code: "smtp.closed", relay: { port: 465, tls: "none" } }],
  ["tls.implicit_perhaps", { stage: "greeting", code: "smtp.timeout" }],
  ["greeting.silent", { stage: "greeting", code: "smtp.timeout", relay: { port: 465, tls: "implicit" } }],
  ["greeting.silent", { stage: "greeting", code: "smtp.timeout", disproved: ["tls.implicit_perhaps"] }],
  ["tls.implicit_perhaps", { stage: "greeting", code: "smtp.closed" }],
  ["greeting.hung_up", { stage: "greeting", code: "smtp.closed", disproved: ["tls.implicit_perhaps"] }],
  ["port.web", { stage: "greeting", code: "smtp.protocol", relay: { port: 80 } }],
  [
    "port.web",
    { stage: "tls", code: "smtp.tls", systemCode: wrongVersion, relay: { port: 80, tls: "implicit" } },
  ],
  [
    "port.pop_or_imap",
    { stage: "tls", code: "smtp.tls", systemCode: wrongVersion, relay: { port: 110, tls: "implicit" } },
  ],
  ["greeting.not_smtp", { stage: "greeting", code: "smtp.protocol" }],
  ["greeting.busy", { stage: "greeting", says: "421 mx.example.com Service not available" }],
  ["greeting.refused", { stage: "greeting", says: "554 mx.example.com No SMTP service here" }],
  [
    "ehlo.name_refused",
    { stage: "ehlo", says: "504 5.5.2 <shop>: Helo command rejected: need fully-qualified hostname" },
  ],
  ["ehlo.name_refused", { stage: "ehlo", says: "501 Syntactically invalid EHLO argument(s)" }],
  [
    "ehlo.name_refused_later",
    { stage: "recipient", says: "450 4.7.1 <shop>: Helo command rejected: Host not found" },
  ],
  ["ehlo.name_refused", { stage: "ehlo", says: "550 EHLO argument does not match calling host" }],
  ["ehlo.no_extensions", { stage: "ehlo", says: "500 5.5.1 Command unrecognized: EHLO" }],
  [
    "ehlo.no_extensions_here",
    { stage: "ehlo", says: "502 Command not implemented", relay: { host: "localhost" } },
  ],
  ["ehlo.not_now", { stage: "ehlo", says: "451 Temporary local problem - please try later" }],
  ["ehlo.refused", { stage: "ehlo", says: "550 5.7.1 Go away" }],
];

const securing: [string, Seen][] = [
  [
    "starttls.missing_here",
    { stage: "starttls", code: "smtp.starttls_missing", relay: { host: "127.0.0.1" } },
  ],
  ["starttls.missing", { stage: "starttls", code: "smtp.starttls_missing" }],
  ["starttls.unavailable", { stage: "starttls", says: "454 4.7.0 TLS not available due to local problem" }],
  ["starttls.refused", { stage: "starttls", says: "502 5.5.1 Error: command not implemented" }],
  ["starttls.injected", { stage: "starttls", code: "smtp.protocol" }],
  ["starttls.injected", { stage: "starttls", code: "smtp.protocol", says: "454 4.7.0 TLS not available" }],
  ["starttls.clear_answer", { stage: "tls", code: "smtp.tls", systemCode: wrongVersion }],
  ...[
    ["tls.starttls_expected_elsewhere", "ERR_SSL_WRONG_VERSION_NUMBER", 465],
    ["tls.starttls_expected", "ERR_SSL_WRONG_VERSION_NUMBER", 587],
    ["tls.starttls_expected", "ERR_SSL_PACKET_LENGTH_TOO_LONG", 2525],
    ["tls.port25_without_sign_in", "ERR_SSL_WRONG_VERSION_NUMBER", 25],
  ].map(
    ([code, systemCode, port]) =>
      [code, { stage: "tls", code: "smtp.tls", systemCode, relay: { port, tls: "implicit" } }] as [
        string,
        Seen,
      ],
  ),
  ...(
    [
      ["tls.self_signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
      ["tls.private_authority", "SELF_SIGNED_CERT_IN_CHAIN"],
      ["tls.unknown_authority", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
      ["tls.unknown_authority", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
      ["tls.expired", "CERT_HAS_EXPIRED"],
      ["tls.not_yet_valid", "CERT_NOT_YET_VALID"],
      ["tls.wrong_name", "ERR_TLS_CERT_ALTNAME_INVALID"],
      ["tls.wrong_purpose", "INVALID_PURPOSE"],
      ["tls.weak_certificate", "ERR_SSL_EE_KEY_TOO_SMALL"],
      ["tls.too_old", "ERR_SSL_UNSUPPORTED_PROTOCOL"],
      ["tls.too_old", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"],
      ["tls.no_common_cipher", "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE"],
      ["tls.certificate_below_standard", "UNSPECIFIED"],
      ["tls.server_fault", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"],
      ["tls.failed", "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"],
    ] as const
  ).map(
    ([code, systemCode]) =>
      [code, { stage: "tls", code: "smtp.tls", systemCode, certificate }] as [string, Seen],
  ),
  [
    "tls.other_authority",
    {
      stage: "tls",
      code: "smtp.tls",
      systemCode: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      certificate,
      relay: { ownAuthority: true },
    },
  ],
  ["tls.interrupted", { stage: "tls", code: "smtp.timeout", relay: { tls: "implicit" } }],
  [
    "tls.interrupted",
    { stage: "tls", code: "smtp.tls", systemCode: "ECONNRESET", relay: { tls: "implicit" } },
  ],
  ["tls.interrupted_starttls", { stage: "tls", code: "smtp.closed", systemCode: "ECONNRESET" }],
  ["tls.interrupted_starttls", { stage: "tls", code: "smtp.tls", systemCode: "ECONNRESET" }],
  [
    "tls.clear_here",
    {
      stage: "tls",
      code: "smtp.tls",
      systemCode: wrongVersion,
      relay: { host: "127.0.0.1", port: 1025, tls: "implicit" },
      disproved: ["tls.starttls_expected"],
    },
  ],
  [
    "tls.clear_only",
    {
      stage: "tls",
      code: "smtp.tls",
      systemCode: wrongVersion,
      relay: { tls: "implicit" },
      disproved: ["tls.starttls_expected"],
    },
  ],
  [
    "tls.client_certificate",
    {
      stage: "ehlo",
      code: "smtp.closed",
      systemCode: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      certificate,
    },
  ],
  [
    "tls.client_certificate_said",
    { stage: "ehlo", says: "421 4.7.1 mail.example.com Error: No client certificate presented", certificate },
  ],
  ["tls.hung_up_after", { stage: "ehlo", code: "smtp.closed", certificate }],
  ["tls.hung_up_after", { stage: "greeting", code: "smtp.closed", relay: { tls: "implicit" }, certificate }],
];

function auth(
  code: string,
  says: string,
  host = "smtp.example.com",
  username = "jo@example.com",
): [string, Seen] {
  return [code, { stage: "auth", code: "smtp.auth_rejected", says, relay: { host }, username }];
}

const gmail = "smtp.gmail.com";
const microsoft = "smtp.office365.com";
const noAuth = { startTls: false, authMechanisms: [] };
const unavailable = { stage: "auth", code: "smtp.auth_unavailable" } as const;

const wrongNames: [string, Seen][] = ["127.0.0.1", "::1", "[0:0:0:0:0:0:0:1]"].flatMap(
  (host): [string, Seen][] => {
    const refused = { stage: "tls", code: "smtp.tls", systemCode: "ERR_TLS_CERT_ALTNAME_INVALID" } as const;
    const names = host === "127.0.0.1" ? [host] : ["::1"];
    return [
      ["tls.address_as_name", { ...refused, relay: { host }, certificate: { ...certificate, names } }],
      [
        "tls.wrong_name",
        { ...refused, relay: { host }, certificate: { ...certificate, names: ["192.0.2.1"] } },
      ],
    ];
  },
);

const signingIn: [string, Seen][] = [
  auth(
    "auth.gmail_app_password",
    "534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor a640c23a62f3a-aa5edc6cb19sm2131166b.114 - gsmtp",
    gmail,
  ),
  auth(
    "auth.gmail_browser",
    "534-5.7.14 <https://accounts.google.com/signin/continue?sarp=1&plt=AKgnsb> Please log in\n534-5.7.14 via your web browser and then try again.\n534-5.7.14  Learn more at\n534 5.7.14  https://support.google.com/mail/answer/78754 - gsmtp",
    gmail,
  ),
  auth(
    "auth.gmail_credentials",
    "535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials ffacd0b85a97d-385f - gsmtp",
    gmail,
  ),
  auth(
    "auth.microsoft_smtp_auth_off",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR02CA0095.eurprd02.prod.outlook.com]",
    microsoft,
  ),
  auth(
    "auth.microsoft_basic_retired",
    "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [PH7P220CA0170.NAMP220.PROD.OUTLOOK.COM]",
    "smtp-mail.outlook.com",
  ),
  auth(
    "auth.microsoft_basic_retired",
    "550 5.7.30 Basic authentication is not supported for Client Submission.",
    microsoft,
  ),
  auth(
    "auth.microsoft_locked",
    "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
    microsoft,
  ),
  auth(
    "auth.microsoft_credentials",
    "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [FR3P281CA0137.DEUP281.PROD.OUTLOOK.COM]",
    microsoft,
  ),
  auth("auth.microsoft_credentials", "535 5.7.3 Authentication unsuccessful", microsoft),
  auth(
    "auth.ses_credentials",
    "535 Authentication Credentials Invalid",
    "email-smtp.eu-west-1.amazonaws.com",
  ),
  auth("auth.sendgrid_username", "535 Authentication failed: Bad username / password", "smtp.sendgrid.net"),
  auth(
    "auth.sendgrid_key",
    "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked",
    "smtp.sendgrid.net",
    "apikey",
  ),
  auth(
    "auth.sendgrid_credits",
    "451 Authentication failed: Maximum credits exceeded",
    "smtp.sendgrid.net",
    "apikey",
  ),
  auth("auth.postmark_token", "535 5.7.8 Error: authentication failed: ", "smtp.postmarkapp.com"),
  auth("auth.mailgun_credentials", "535 5.7.0 Authentication failed", "smtp.mailgun.org"),
  auth("auth.brevo_address", "525 5.7.1 Unauthorized IP address", "smtp-relay.brevo.com"),
  auth("auth.brevo_key", "535 5.7.8 Authentication failed", "smtp-relay.brevo.com"),
  auth("auth.zoho_credentials", "535 Authentication Failed", "smtp.zoho.eu"),
  auth("auth.yahoo_app_password", "535 5.7.0 (#AUTH005) Too many bad auth attempts.", "smtp.mail.yahoo.com"),
  auth("auth.icloud_app_password", "535 5.7.8 Error: authentication failed: ", "smtp.mail.me.com"),
  [
    "auth.mechanism_refused",
    {
      stage: "auth",
      code: "smtp.auth_rejected",
      says: "504 5.7.4 Unrecognized authentication type",
      offered: { startTls: false, authMechanisms: ["NTLM"] },
    },
  ],
  auth(
    "auth.temporary",
    "454 4.7.0 Temporary authentication failure: Connection lost to authentication server",
  ),
  auth("auth.credentials", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"),
  auth("auth.credentials", "535 Incorrect authentication data"),
  auth("auth.credentials", "535 5.7.8 Authentication credentials invalid"),
  auth("auth.temporary", "435 Unable to authenticate at present: no connection to the database"),
  auth("auth.account_locked", "550 5.7.1 Account suspended"),
  auth("auth.account_locked", "535 5.7.13 User account disabled"),
  auth("auth.too_many_attempts", "454 4.7.0 Too many login attempts, please try again later. - gsmtp", gmail),
  auth("auth.too_many_attempts", "450 4.7.1 Error: too many AUTH commands from 192.0.2.1"),
  auth("auth.too_many_attempts", "421 4.7.0 Too many authentication failures"),
  auth("auth.refused", "503 5.5.1 Error: authentication not enabled"),
  auth(
    "auth.mailru_app_password",
    "535 5.7.0 NEOBHODIM parol prilozheniya https://help.mail.ru/mail/security/protection/external / Application password is REQUIRED",
    "smtp.mail.ru",
  ),
  auth(
    "auth.qq_authorization_code",
    "535 Login Fail. Please enter your authorization code to login. More information in http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=28&&no=1001256",
    "smtp.qq.com",
  ),
  auth("auth.gmx_switched_off", "535 Authentication credentials invalid", "mail.gmx.net"),
  auth("auth.fastmail_app_password", "535 5.7.0 Incorrect username or password", "smtp.fastmail.com"),
  auth("auth.proton_token", "535 5.7.8 Error: authentication failed", "smtp.protonmail.ch"),
  auth("auth.resend_username", "535 5.7.8 Authentication credentials invalid", "smtp.resend.com"),
  auth("auth.resend_key", "535 5.7.8 Authentication credentials invalid", "smtp.resend.com", "resend"),
  auth("auth.sparkpost_username", "535 5.7.8 Authentication credentials invalid", "smtp.sparkpostmail.com"),
  auth(
    "auth.sparkpost_key",
    "535 5.7.8 Authentication credentials invalid",
    "smtp.eu.sparkpostmail.com",
    "SMTP_Injection",
  ),
  auth("auth.mandrill_key", "535 Incorrect authentication data", "smtp.mandrillapp.com"),
  auth("auth.mailjet_keys", "535 5.7.8 Error: authentication failed", "in-v3.mailjet.com"),
  auth("auth.netease_smtp_off", "550 User has no permission", "smtp.163.com"),
  [
    "auth.mechanism_refused_auto",
    {
      stage: "auth",
      says: "504 5.7.4 Unrecognized authentication type",
      authMethod: "auto",
      offered: { startTls: false, authMechanisms: ["PLAIN"] },
    },
  ],
  [
    "auth.mechanism_refused_auto",
    {
      stage: "auth",
      says: "502 Invalid input",
      authMethod: "auto",
      offered: { startTls: false, authMechanisms: ["PLAIN", "LOGIN"] },
    },
  ],
  [
    "auth.mechanism_refused_chosen",
    {
      stage: "auth",
      says: "535 5.7.8 Invalid authentication mechanism",
      authMethod: "plain",
      offered: { startTls: false, authMechanisms: ["PLAIN", "LOGIN"] },
    },
  ],
  auth("auth.refused", "553 5.3.0 Refused"),
  ["auth.login_works", { ...auth("", "553 5.3.0 Refused")[1], loginWorks: true }],
  auth("auth.cancelled", "501 5.7.0 Authentication cancelled"),
  [
    "auth.invisible_in_password",
    {
      ...auth("", "535-5.7.8 Username and Password not accepted. p=BadCredentials - gsmtp", gmail)[1],
      invisibleIn: ["password"],
    },
  ],
  [
    "auth.invisible_in_username",
    {
      ...auth("", "535 5.7.8 Error: authentication failed")[1],
      invisibleIn: ["username", "password"],
      visibleUsername: "jo@example.com",
    },
  ],
  [
    "auth.microsoft_smtp_auth_off",
    {
      ...auth(
        "",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        microsoft,
      )[1],
      invisibleIn: ["password"],
    },
  ],
  [
    "auth.temporary",
    { ...auth("", "454 4.7.0 Temporary authentication failure")[1], invisibleIn: ["password"] },
  ],
  ["auth.hung_up", { stage: "auth", code: "smtp.closed", systemCode: "ECONNRESET" }],
  [
    "auth.token_not_taken",
    { ...unavailable, authMethod: "xoauth2", offered: { startTls: false, authMechanisms: ["PLAIN"] } },
  ],
  [
    "auth.other_method",
    { ...unavailable, authMethod: "plain", offered: { startTls: false, authMechanisms: ["LOGIN"] } },
  ],
  [
    "sign_in.tls_required_elsewhere",
    {
      stage: "auth",
      says: "538 5.7.11 Encryption required for requested authentication mechanism",
      relay: { tls: "none" },
      offered: { startTls: false, authMechanisms: ["PLAIN"] },
    },
  ],
  [
    "sign_in.tls_required",
    {
      stage: "auth",
      says: "530 5.7.7 Email sending without SSL/TLS encryption is not allowed. Please see: http://help.yandex.ru/mail/mail-clients/ssl.xml",
      relay: { tls: "none", host: "smtp.yandex.ru" },
    },
  ],
  ["sign_in.tls_required", { stage: "sender", says: "550 Encryption required", relay: { tls: "none" } }],
  [
    "sign_in.required",
    {
      stage: "recipient",
      says: "553 5.7.1 <shop@example.com>: Sender address rejected: not logged in",
      username: null,
    },
  ],
  [
    "sign_in.tls_required",
    { stage: "sender", says: "530 5.7.0 Must issue a STARTTLS command first", relay: { tls: "none" } },
  ],
  ["sign_in.required", { stage: "sender", says: "530 5.7.0 Authentication Required.", username: null }],
  ["sign_in.required", { stage: "sender", says: "530 No", username: null }],
  [
    "sign_in.required",
    { stage: "sender", says: "530 5.5.1 Invalid command: Must issue an AUTH command first", username: null },
  ],
  [
    "sign_in.tls_required",
    {
      stage: "sender",
      says: "530 5.5.1 Invalid command: Must issue a STARTTLS command first",
      relay: { tls: "none" },
      username: null,
    },
  ],
  [
    "sign_in.tls_required",
    {
      stage: "auth",
      says: "538 5.7.11 Encryption required for requested authentication mechanism",
      relay: { tls: "none" },
    },
  ],
  [
    "sign_in.required",
    { stage: "recipient", says: "550 Unauthenticated senders not allowed", username: null },
  ],
  [
    "sign_in.required",
    {
      stage: "sender",
      says: "530 5.7.57 Client not authenticated to send mail. [AM0PR02.eurprd02.prod.outlook.com]",
      username: null,
    },
  ],
  [
    "auth.needs_starttls",
    {
      ...unavailable,
      relay: { tls: "none" },
      allowCleartextAuth: false,
      offered: { startTls: true, authMechanisms: [] },
    },
  ],
  [
    "auth.cleartext_here",
    {
      ...unavailable,
      relay: { tls: "none", host: "localhost" },
      allowCleartextAuth: false,
      offered: { startTls: false, authMechanisms: ["PLAIN"] },
    },
  ],
  [
    "auth.cleartext",
    {
      ...unavailable,
      relay: { tls: "none" },
      allowCleartextAuth: false,
      offered: { startTls: false, authMechanisms: ["PLAIN"] },
    },
  ],
  [
    "auth.no_common_mechanism",
    { ...unavailable, offered: { startTls: false, authMechanisms: ["GSSAPI", "NTLM"] } },
  ],
  ["auth.not_offered_port25", { ...unavailable, relay: { port: 25 }, offered: noAuth }],
  ["auth.not_offered", { ...unavailable, offered: noAuth }],
];

const oauth: [string, Seen][] = [
  ["auth.oauth_consent_required", { stage: "auth", code: "oauth.consent_required", message: "Connect it." }],
  ["auth.oauth_refused", { stage: "auth", code: "oauth.refused", message: "Google said “invalid_grant”." }],
  ["auth.oauth_unreachable", { stage: "auth", code: "oauth.unreachable", message: "No answer." }],
  [
    "auth.oauth_token_refused",
    {
      stage: "auth",
      code: "smtp.auth_rejected",
      says: "535 5.7.3 Authentication unsuccessful [AM0PR0202CA0021.eurprd02.prod.outlook.com]",
      relay: { host: "smtp.office365.com" },
      withToken: true,
      tokenRefusal: "status 401, schemes bearer",
    },
  ],
  [
    "auth.microsoft_smtp_auth_off",
    {
      stage: "auth",
      code: "smtp.auth_rejected",
      says: "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
      withToken: true,
    },
  ],
  [
    "auth.oauth_not_offered",
    {
      stage: "auth",
      code: "smtp.auth_unavailable",
      withToken: true,
      offered: { startTls: false, authMechanisms: ["PLAIN", "LOGIN"] },
    },
  ],
];

const addresses: [string, Seen][] = [
  [
    "sender.ses_not_verified",
    {
      stage: "message",
      says: "554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: shop@example.com",
    },
  ],
  [
    "sender.ses_permission",
    {
      stage: "message",
      says: "554 Access denied: User `arn:aws:iam::123456789012:user/iam-user-name' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-1:123456789012:identity/example.com'",
    },
  ],
  [
    "sender.microsoft_send_as_denied",
    {
      stage: "message",
      says: "554 5.2.252 SendAsDenied; jo@example.com not allowed to send as shop@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    },
  ],
  [
    "sender.microsoft_send_as_denied",
    { stage: "sender", says: "550 5.7.60 SMTP; Client does not have permissions to send as this sender" },
  ],
  [
    "sender.sendgrid_not_verified",
    {
      stage: "message",
      says: "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
    },
  ],
  [
    "recipient.mailgun_sandbox",
    {
      stage: "message",
      says: "421 Domain sandbox123.mailgun.org is not allowed to send: Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in Account Settings.",
    },
  ],
  [
    "sender.postmark_signature",
    {
      stage: "message",
      says: "550 5.7.1 The 'From' address you supplied (shop@example.com) is not a Sender Signature on your account.",
    },
  ],
  [
    "recipient.mailgun_sandbox",
    {
      stage: "message",
      says: "550 Domain example.com is not allowed to send: Free accounts are for test purposes only. Please upgrade or add the address to authorized recipients in Account Settings.",
    },
  ],
  [
    "sender.not_verified",
    {
      stage: "message",
      says: "550-From header sender domain not verified.\n550-On your Settings > Sender Domains page\n550 verify the sender domain to be allowed to send.",
    },
  ],
  ["sender.not_verified", { stage: "sender", says: "550 This domain is not associated with your account" }],
  [
    "account.brevo_not_activated",
    { stage: "sender", says: "502 5.7.0 Your SMTP account is not yet activated." },
  ],
  [
    "account.zoho_blocked",
    {
      stage: "message",
      says: "550 5.4.6 Unusual sending activity detected. <a href=https://www.zoho.com/mail/help/usage-policy.html target=_blank>Learn more.</a>",
    },
  ],
  ["sender.malformed", { stage: "sender", says: "550 sender domain must contain at least one dot" }],
  [
    "sender.malformed",
    {
      stage: "recipient",
      says: "504 5.5.2 <shop>: Sender address rejected: need fully-qualified address",
    },
  ],
  ["sender.malformed", { stage: "sender", says: "501 5.1.7 Bad sender address syntax" }],
  [
    "sender.not_own",
    {
      stage: "sender",
      says: "550-Requested action not taken: mailbox unavailable\n550 Sender address is not allowed.",
    },
  ],
  ["sender.not_own", { stage: "sender", says: "501 mail from address must be same as authorization user" }],
  [
    "sender.unknown_domain",
    {
      stage: "recipient",
      says: "450 4.1.8 <a@nowhere.invalid>: Sender address rejected: Domain not found",
    },
  ],
  [
    "sender.unknown_domain",
    {
      stage: "recipient",
      says: "550-Verification failed for <a@nowhere.invalid>\n550-Unrouteable address\n550 Sender verify failed",
    },
  ],
  [
    "recipient.unknown",
    { stage: "recipient", says: "524 5.2.4 Mailing list expansion problem: <nobody@example.net>" },
  ],
  ["relay.no_service", { stage: "recipient", says: "550 5.3.2 Service currently unavailable" }],
  ["relay.no_service", { stage: "recipient", says: "450 4.3.2 Service currently unavailable" }],
  ["recipient.too_many", { stage: "recipient", says: "452 4.5.3 Error: too many recipients" }],
  [
    "recipient.disabled",
    { stage: "recipient", says: "550 5.2.1 The email account that you tried to reach is disabled" },
  ],
  ["sender.zoho_not_own", { stage: "message", says: "553 Relaying disallowed as shop@example.com" }],
  [
    "sender.not_own",
    {
      stage: "recipient",
      says: "553 5.7.1 <shop@example.com>: Sender address rejected: not owned by user jo@example.com",
    },
  ],
  [
    "sender.unknown_domain",
    { stage: "recipient", says: "550 5.1.8 <a@nowhere.invalid>: Sender address rejected: Domain not found" },
  ],
  ["sender.unknown_domain", { stage: "recipient", says: "550 Sender verify failed" }],
  [
    "recipient.relay_denied",
    { stage: "recipient", says: "554 5.7.1 <pat@example.net>: Relay access denied", username: null },
  ],
  [
    "recipient.relay_denied",
    {
      stage: "recipient",
      says: "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
      username: null,
    },
  ],
  [
    "recipient.relay_denied",
    { stage: "recipient", says: "454 4.7.1 <a@b.example>: Relay access denied", username: null },
  ],
  ["recipient.relay_denied_signed_in", { stage: "recipient", says: "550 relay not permitted" }],
  [
    "recipient.greylisted",
    { stage: "recipient", says: "450 4.2.0 <pat@example.net>: Recipient address rejected: Greylisted" },
  ],
  ["recipient.mailbox_full", { stage: "recipient", says: "452 4.2.2 Over quota" }],
  [
    "recipient.unknown",
    { stage: "recipient", says: "550 5.1.1 <pat@example.net>: Recipient address rejected: User unknown" },
  ],
  [
    "sender.refused_later",
    { stage: "recipient", says: "550 5.7.1 <shop@example.com>: Sender address rejected: Access denied" },
  ],
  ["sender.refused", { stage: "sender", says: "550 5.7.1 Not you" }],
  ["sender.refused", { stage: "sender", says: "553 5.1.3 Invalid address" }],
  ["sender.not_now", { stage: "sender", says: "451 4.3.0 Try again" }],
  ["recipient.refused", { stage: "recipient", says: "550 5.7.1 Not here" }],
  ["recipient.refused", { stage: "recipient", says: "550 Invalid recipient: <pat@example.net>" }],
  [
    "recipient.greylisted",
    { stage: "recipient", says: "451 4.7.1 Greylisting in action, please come back later" },
  ],
  ["recipient.not_now", { stage: "recipient", says: "451 4.3.0 Local error" }],
];

const handover: [string, Seen][] = [
  ["message.too_large", { stage: "sender", code: "smtp.too_large" }],
  ["message.too_large_refused", { stage: "sender", says: "552 5.3.4 Message size exceeds fixed limit" }],
  ["message.too_large_refused", { stage: "message", says: "552 Message size exceeds maximum permitted" }],
  ["relay.storage_full", { stage: "message", says: "452 4.3.1 Insufficient system storage" }],
  [
    "message.not_authenticated_domain",
    {
      stage: "message",
      says: "550-5.7.26 Unauthenticated email from example.com is not accepted due to\n550 5.7.26 domain's DMARC policy. - gsmtp",
    },
  ],
  [
    "message.taken_for_spam",
    {
      stage: "message",
      says: "554-Transaction failed\n554-Reject due to policy restrictions.\n554 For explanation visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=hi",
    },
  ],
  [
    "message.not_authenticated_domain",
    {
      stage: "message",
      says: "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n550 5.7.26  - gsmtp",
    },
  ],
  [
    "message.taken_for_spam",
    {
      stage: "message",
      says: "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message due to a permanent exception",
    },
  ],
  [
    "message.taken_for_spam",
    {
      stage: "message",
      says: "550-5.7.1 [192.0.2.1] Our system has detected that this message is likely\n550 5.7.1 unsolicited mail. - gsmtp",
    },
  ],
  [
    "message.blocked_content",
    {
      stage: "message",
      says: "552-5.7.0 This message was blocked because its content presents a potential\n552 5.7.0 security issue. - gsmtp",
    },
  ],
  [
    "account.microsoft_restricted",
    { stage: "message", says: "550 5.1.8 Access denied, bad outbound sender AS(42004)" },
  ],
  [
    "account.ses_paused",
    { stage: "message", says: "554 Message rejected: Sending paused for this account." },
  ],
  [
    "recipient.busy",
    {
      stage: "recipient",
      says: "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450 4.2.1 prevents additional messages from being delivered. - gsmtp",
    },
  ],
  ["message.outcome_unknown", { stage: "message", code: "smtp.unknown_outcome" }],
  ["message.refused", { stage: "message", says: "554 5.6.0 Malformed" }],
  ["message.not_now", { stage: "message", says: "451 4.3.0 Local error" }],
];

const anywhere: [string, Seen][] = [
  [
    "relay.no_reverse_dns",
    { stage: "recipient", says: "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]" },
  ],
  [
    "relay.client_refused",
    { stage: "recipient", says: "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied" },
  ],
  [
    "relay.client_refused",
    { stage: "recipient", says: "550 5.7.606 Access denied, banned sending IP [192.0.2.1]" },
  ],
  [
    "relay.blocklisted",
    {
      stage: "recipient",
      says: "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
    },
  ],
  [
    "relay.rate_limited",
    { stage: "message", says: "454 Throttling failure: Maximum sending rate exceeded." },
  ],
  ["relay.daily_quota", { stage: "message", says: "454 Throttling failure: Daily message quota exceeded." }],
  ["relay.rate_limited", { stage: "sender", says: "450 4.7.1 Error: too much mail from 192.0.2.1" }],
  ["relay.rate_limited", { stage: "recipient", says: "451 Sender rate overlimit - 120.0 / 1h" }],
  [
    "relay.daily_quota",
    {
      stage: "message",
      says: "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    },
  ],
  ["relay.storage_full", { stage: "sender", says: "452 Space shortage, please try later" }],
  [
    "relay.rate_limited",
    { stage: "message", says: "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded" },
  ],
  ["relay.daily_quota", { stage: "message", says: "550-5.4.5 Daily user sending limit exceeded. - gsmtp" }],
  ["relay.cut_off_here", { stage: "message", code: "smtp.closed", systemCode: "ABORT_ERR" }],
  ["relay.shutting_down", { stage: "ehlo", says: "421 4.3.2 System shutting down" }],
  ["relay.silent", { stage: "ehlo", code: "smtp.timeout" }],
  ["relay.hung_up", { stage: "sender", code: "smtp.closed", systemCode: "ECONNRESET" }],
  ["relay.not_smtp", { stage: "ehlo", code: "smtp.protocol" }],
  ["relay.needs_utf8", { stage: "sender", code: "smtp.smtputf8_missing" }],
];

const samples = [
  ...reaching,
  ...securing,
  ...wrongNames,
  ...signingIn,
  ...oauth,
  ...addresses,
  ...handover,
  ...anywhere,
];

test.each(samples)("knows %s from %j", (code, seen) => {
  expect(explain(failure(seen), seen.disproved).code).toBe(code);
});

test("has a sample of the real thing for every rule, and every rule has its own code and source", () => {
  const codes = rules.map((rule) => rule.code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.length).toBeGreaterThanOrEqual(40);
  expect(codes.filter((code) => !samples.some(([known]) => known === code))).toEqual([]);
  for (const rule of rules) expect(rule.source, rule.code).toMatch(/\S/);
});

test("leaves no placeholder unfilled, whatever was seen", () => {
  for (const rule of rules) {
    const used = [rule.title, rule.explanation, rule.remedy].join(" ");
    const [, seen] = samples.find(([code]) => code === rule.code)!;
    const { title, explanation, remedy } = explain(failure(seen), seen.disproved);
    expect(`${title} ${explanation} ${remedy}`, used).not.toMatch(/[{}]/);
    expect(title, rule.code).not.toMatch(/\.$/);
    expect(remedy, rule.code).toMatch(/\.$/);
  }
});

describe("a fix for the form", () => {
  test.each([
    ["connect.port25_blocked", { smtpPort: 587, useTls: true, tlsMode: "starttls" }],
    ["tls.implicit_expected", { useTls: true, tlsMode: "implicit" }],
    ["tls.starttls_expected", { useTls: true, tlsMode: "starttls" }],
    ["starttls.missing", { smtpPort: 465, useTls: true, tlsMode: "implicit" }],
    ["auth.sendgrid_username", { username: "apikey" }],
    ["auth.mechanism_refused_chosen", { authMethod: "auto" }],
    ["auth.login_works", { authMethod: "login" }],
    ["sign_in.tls_required", { useTls: true, tlsMode: "starttls" }],
  ])("%s gives %j", (code, fix) => {
    expect(rules.find((rule) => rule.code === code)?.fix).toEqual(fix);
  });

  test("is the username as it looks, if that may be shown", () => {
    const [, seen] = auth("", "535 5.7.8 Error: authentication failed", undefined, "\u200bjo@example.com");
    const refused = failure({ ...seen, invisibleIn: ["username"] });
    expect(explain({ ...refused, visibleUsername: "jo@example.com" }).fix).toEqual({
      username: "jo@example.com",
    });
    expect(explain(refused).fix).toBeUndefined();
  });

  test("never sends a form to the name in a certificate that does not fit", () => {
    const problem = explain(
      failure({ stage: "tls", code: "smtp.tls", systemCode: "ERR_TLS_CERT_ALTNAME_INVALID", certificate }),
    );
    expect(problem.fix).toBeUndefined();
    expect(problem.explanation).toContain("mx1.provider.example, mx2.provider.example");
  });
});

test("tells the dates and the issuer of a certificate that does not fit", () => {
  const of = (systemCode: string) =>
    explain(failure({ stage: "tls", code: "smtp.tls", systemCode, certificate })).explanation;
  expect(of("CERT_HAS_EXPIRED")).toContain("2020-02-03");
  expect(of("CERT_NOT_YET_VALID")).toContain("2030-01-02");
  expect(of("UNABLE_TO_VERIFY_LEAF_SIGNATURE")).toContain("CN=Office CA");
});

test("shortens a long list of names", () => {
  const names = Array.from({ length: 14 }, (_, index) => `n${index}.example`);
  const { explanation } = explain(
    failure({
      stage: "tls",
      code: "smtp.tls",
      systemCode: "ERR_TLS_CERT_ALTNAME_INVALID",
      certificate: { ...certificate, names },
    }),
  );
  expect(explanation).toContain("n9.example and others");
});

describe("a fix that was disproved", () => {
  test("is not offered, though the problem stays what it is", () => {
    const seen = failure({ stage: "starttls", code: "smtp.starttls_missing" });
    expect(explain(seen).fix).toEqual({ smtpPort: 465, useTls: true, tlsMode: "implicit" });
    const tried = explain(seen, ["starttls.missing"]);
    expect(tried).toEqual({ ...explain(seen), fix: undefined });
  });

  test("takes the explanation with it that was a guess", () => {
    const seen = failure({ stage: "greeting", code: "smtp.timeout" });
    expect(explain(seen).code).toBe("tls.implicit_perhaps");
    expect(explain(seen, ["tls.implicit_perhaps"]).code).toBe("greeting.silent");
  });

  test("leaves an explanation for every guess", () => {
    const guesses = rules.filter((rule) => rule.guess);
    for (const { code } of guesses) {
      const [, seen] = samples.find(([known]) => known === code)!;
      const everyGuess = guesses.map((rule) => rule.code);
      const problem = explain(failure(seen), everyGuess);
      expect(everyGuess).not.toContain(problem.code);
      expect(problem.code).not.toBe("unexplained");
    }
  });
});

test("never proposes to give up TLS for a server that is somewhere else", () => {
  for (const [, seen] of samples) {
    const elsewhere = failure({ ...seen, relay: { ...seen.relay, host: "smtp.example.com" } });
    for (const disproved of [[], ["tls.starttls_expected", "tls.starttls_expected_elsewhere"]]) {
      expect(explain(elsewhere, disproved).fix?.useTls).not.toBe(false);
      expect(explain(elsewhere, disproved).fix?.allowCleartextAuth).not.toBe(true);
    }
  }
});

describe("a failure that no rule knows", () => {
  test("says the stage, what the server said, and that waiting may help", () => {
    expect(explain(failure({ stage: "ehlo", says: "459 4.9.9 The moon is full" }))).toEqual({
      code: "unexplained",
      title: "Failed while sending EHLO",
      explanation: "smtp.example.com replied “459 4.9.9 The moon is full” while Sendwright was sending EHLO.",
      remedy: expect.stringContaining("Try again in a few minutes"),
    });
  });

  test("says that a final refusal is final", () => {
    const problem = explain(failure({ stage: "connect", says: "599 Never" }));
    expect(problem.code).toBe("unexplained");
    expect(problem.remedy).toContain("permanent");
  });

  test("names the code where the server said nothing", () => {
    const problem = explain(failure({ stage: "auth", code: "internal", systemCode: "EWEIRD" }));
    expect(problem.code).toBe("unexplained");
    expect(problem.explanation).toContain("EWEIRD");
  });
});

test("has words for whatever a relay may say", () => {
  const reply = fc.record({
    code: fc.integer({ min: 200, max: 599 }),
    enhancedCode: fc.option(fc.constantFrom("4.7.0", "5.7.8", "5.1.1")),
    text: fc.string({ unit: "grapheme", maxLength: 5_000 }),
  });
  const said = fc.record({ stage: fc.constantFrom(...stages), reply: fc.option(reply, { nil: undefined }) });
  fc.assert(
    fc.property(said, (seen) => {
      const { code, title, explanation, remedy } = explain({ ...failure({}), ...seen });
      for (const text of [code, title, explanation, remedy]) expect(text).toMatch(/\S/);
      expect(explanation.length).toBeLessThan(700);
    }),
  );
});

test("quotes a reply of many lines on one, the enhanced code once", () => {
  const says = "550-5.9.9 First,\n550 5.9.9  second";
  expect(explain(failure({ stage: "ehlo", says })).explanation).toContain("“550 5.9.9 First, second”");
});

test("reads the beginning of a reply that goes on without end", () => {
  const says = `550 5.7.1 No ${"message sender ".repeat(5_000)} throttling`;
  expect(explain(failure({ stage: "recipient", says })).code).toBe("recipient.refused");
});

test.each([
  ["of one letter", "a".repeat(200_000)],
  ["of blanks", " ".repeat(200_000)],
  [
    "of the words that patterns look for",
    "sender domain account user from address not too many ".repeat(4_000),
  ],
  ["of control characters", "\u0000\u001b[2J\u0085".repeat(40_000)],
  ["of lines without end", "550-5.7.1 sender\n".repeat(12_000)],
  ["of relay relaying", "relaying relay relay to relay not ".repeat(6_000)],
])("is not tired by 200 kB %s", (_, text) => {
  const took = cpuMs(() => {
    for (const stage of stages) {
      for (const code of [421, 450, 535, 550]) {
        const seen = { ...failure({ stage, authMethod: "auto" }), reply: { code, enhancedCode: null, text } };
        expect(explain(seen).explanation.length).toBeLessThan(700);
      }
    }
  });
  // Forty explanations, each a few milliseconds at most, on a slow machine.
  expect(took).toBeLessThan(4_000);
});

test("cuts a long reply", () => {
  const { explanation } = explain(failure({ stage: "ehlo", says: `450 ${"x".repeat(2_000)}` }));
  expect(explanation.length).toBeLessThan(500);
});
