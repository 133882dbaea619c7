import type { Stage } from "../../model.ts";
import { loopback, type Row, submission, submissions } from "./row.ts";

const signIn: readonly Stage[] = ["auth"];
/** Where a relay that wanted a sign-in first says so, if it got none. */
const afterwards: readonly Stage[] = ["sender", "recipient", "message"];
/** Refusals of the credentials. SendGrid also uses 451, Gmail 534, Microsoft 550 (RFC 4954 §6 has 535). */
const refused = [535, 534, 550, 525, 451] as const;

/** The sign-in in the dialects of the providers, then in general. */
export const signingInRows: readonly Row[] = [
  {
    code: "auth.gmail_app_password",
    when: { stage: signIn, reply: [534, 535], says: /application-specific password|InvalidSecondFactor/i },
    title: "Google wants an app password",
    explanation:
      "The account {username} uses 2-step verification, so that Google does not take its normal password from programs.",
    remedy: "Create an app password at myaccount.google.com/apppasswords and enter its 16 letters here.",
    source: "Gmail: “534-5.7.9 Application-specific password required … ?p=InvalidSecondFactor”",
  },
  {
    code: "auth.gmail_browser",
    when: {
      stage: signIn,
      reply: [534, 535],
      says: /log ?in (?:via|with) your web browser|WebLoginRequired|p=WantAuthError/i,
    },
    title: "Google blocked the sign-in",
    explanation: "Google takes this sign-in for unusual and wants to see the owner of {username} first.",
    remedy:
      "Sign in with a browser and confirm that it was you, then create an app password at myaccount.google.com/apppasswords.",
    source: "Gmail: “534-5.7.14 Please log in via your web browser and then try again”",
  },
  {
    code: "auth.gmail_credentials",
    when: {
      stage: signIn,
      reply: [534, 535],
      says: /Username and Password not accepted.*google|p=BadCredentials|- gsmtp/i,
    },
    title: "Google does not accept username or password",
    explanation:
      "Google refuses the sign-in of {username}. It takes no normal account passwords from programs.",
    remedy:
      "Enter the full address as the username. Switch 2-step verification on, create an app password at myaccount.google.com/apppasswords and enter its 16 letters here.",
    source: "Gmail: “535-5.7.8 Username and Password not accepted … ?p=BadCredentials”",
  },
  {
    code: "auth.microsoft_smtp_auth_off",
    when: { stage: signIn, reply: [5], says: /SmtpClientAuthentication is disabled|smtp_auth_disabled/i },
    title: "SMTP sign-in is switched off in Microsoft 365",
    explanation:
      "Microsoft 365 allows no sign-in over SMTP for this mailbox or for the whole organisation (SMTP AUTH): {said}.",
    remedy:
      "In the Microsoft 365 admin centre open the user, Mail, Manage email apps, and tick Authenticated SMTP; for the organisation, Set-TransportConfig -SmtpClientAuthenticationDisabled $false.",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled”",
  },
  {
    code: "auth.microsoft_basic_retired",
    when: { stage: signIn, reply: [5], says: /basic authentication is (?:disabled|not supported)/i },
    title: "Microsoft no longer takes passwords here",
    explanation: "Microsoft has switched signing in by password off for this account: {said}.",
    remedy:
      "Use an OAuth access token (sign-in method XOAUTH2), or another relay such as Azure Communication Services Email.",
    source:
      "Exchange Online: “550 5.7.30 Basic authentication is not supported for Client Submission”, “535 5.7.139 Authentication unsuccessful, basic authentication is disabled”",
  },
  {
    code: "auth.microsoft_locked",
    when: {
      stage: signIn,
      reply: [535],
      says: /security defaults policy|Conditional Access|locked by your organi[sz]ation|did not meet the criteria/i,
    },
    title: "Your organisation's rules forbid this sign-in",
    explanation:
      "A policy in Microsoft 365 (security defaults or conditional access) stops {username} from signing in over SMTP: {said}.",
    remedy:
      "Ask your Microsoft 365 administrator to exempt this account, or use an OAuth access token (XOAUTH2).",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy”",
  },
  {
    code: "auth.microsoft_credentials",
    when: { stage: signIn, reply: [535], host: /(?:office365|outlook|hotmail|live)\.com$/i },
    title: "Microsoft does not accept username or password",
    explanation: "Microsoft refuses the sign-in of {username}: {said}.",
    remedy:
      "Enter the full address as the username. With multi-factor authentication the normal password does not work: use an app password or an OAuth access token (XOAUTH2).",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, the user credentials were incorrect”, “535 5.7.3 Authentication unsuccessful”",
  },
  {
    code: "auth.ses_credentials",
    when: { stage: signIn, reply: [535], host: /^email-smtp\..+\.amazonaws\.com(?:\.cn)?$/i },
    title: "Amazon SES does not accept the credentials",
    explanation:
      "SES has SMTP credentials of its own, one set for each region. AWS access keys do not work here, nor does a password made for another region. It said {said}.",
    remedy:
      "Create SMTP credentials in the SES console, in the region that is part of the server's name ({host}).",
    source:
      "Amazon SES: “535 Authentication Credentials Invalid”; developer guide: SMTP credentials are unique to each region",
  },
  {
    code: "auth.sendgrid_username",
    when: { stage: signIn, reply: refused, host: /\.sendgrid\.net$/i, username: /^(?!apikey$)/ },
    title: "SendGrid's username is the word apikey",
    explanation: "SendGrid knows one username only, the word “apikey”; the password is the API key itself.",
    remedy: "Set the username to apikey and enter an API key (it begins with SG.) as the password.",
    fix: { username: "apikey" },
    source:
      "SendGrid documentation, Integrating with the SMTP API: “535 Authentication failed: Bad username / password”",
  },
  {
    code: "auth.sendgrid_credits",
    when: { stage: signIn, reply: [4, 5], says: /Maximum credits exceeded/i },
    title: "SendGrid's allowance is used up",
    explanation: "The SendGrid account has no credits left for now: {said}.",
    remedy: "Wait for the next period, or upgrade the SendGrid plan.",
    source: "SendGrid: “451 Authentication failed: Maximum credits exceeded”",
  },
  {
    code: "auth.sendgrid_key",
    when: { stage: signIn, reply: refused, host: /\.sendgrid\.net$/i },
    title: "SendGrid does not accept this API key",
    explanation:
      "The API key is wrong, deleted, or lacks the right to send mail; or this machine's address is not on the account's list. SendGrid said {said}.",
    remedy: "Create an API key with the Mail Send permission and enter it as the password.",
    source:
      "SendGrid: “535 Authentication failed: The provided authorization grant is invalid, expired, or revoked”",
  },
  {
    code: "auth.postmark_token",
    when: { stage: signIn, reply: refused, host: /\.postmarkapp\.com$/i },
    title: "Postmark does not accept this token",
    explanation:
      "Postmark wants the server's API token as the username and as the password, or the access key and secret key of an SMTP token.",
    remedy:
      "Copy the token from the server's API Tokens page in Postmark (not the account token) into both fields.",
    source: "Postmark developer documentation, SMTP; “535 5.7.8 Error: authentication failed”",
  },
  {
    code: "auth.mailgun_credentials",
    when: { stage: signIn, reply: refused, host: /\.mailgun\.org$/i },
    title: "Mailgun does not accept the credentials",
    explanation:
      "Mailgun has SMTP credentials of its own for each domain; the API key and the account's password do not work here.",
    remedy:
      "Use an SMTP user of the sending domain, such as postmaster@your-domain, and reset its password in Mailgun. Accounts in the EU use smtp.eu.mailgun.org.",
    source: "Mailgun documentation, SMTP: “535 5.7.0 Authentication failed”",
  },
  {
    code: "auth.brevo_address",
    when: { stage: signIn, reply: [525], host: /\.(?:brevo|sendinblue)\.com$/i },
    title: "Brevo does not know this machine's address",
    explanation: "Brevo takes sign-ins only from IP addresses that the account allows: {said}.",
    remedy: "Add this machine's address in Brevo under Security, Authorised IPs.",
    source: "Brevo: “525 5.7.1 Unauthorized IP address”",
  },
  {
    code: "auth.brevo_key",
    when: { stage: signIn, reply: refused, host: /\.(?:brevo|sendinblue)\.com$/i },
    title: "Brevo does not accept the credentials",
    explanation:
      "Brevo wants its SMTP login and an SMTP key; the API key and the account's password do not work here.",
    remedy: "Copy the login and an SMTP key from Brevo's page SMTP & API, tab SMTP.",
    source: "Brevo help centre, SMTP relay: “535 5.7.8 Authentication failed”",
  },
  {
    code: "auth.zoho_credentials",
    when: { stage: signIn, reply: refused, host: /\.zoho(?:cloud)?\.[a-z.]+$/i },
    title: "Zoho does not accept username or password",
    explanation: "Zoho refuses the sign-in of {username}: {said}.",
    remedy:
      "With two-factor authentication, create an application-specific password in Zoho Accounts. Use the server of the account's region, such as smtp.zoho.eu.",
    source: "Zoho Mail help, SMTP: “535 Authentication Failed”",
  },
  {
    code: "auth.yahoo_app_password",
    when: { stage: signIn, reply: refused, host: /\.(?:yahoo|aol|yahoodns)\.(?:com|net)$/i },
    title: "Yahoo wants an app password",
    explanation: "Yahoo does not take the normal password of {username} from programs.",
    remedy: "Create an app password in the account's security settings and enter it here.",
    source:
      "Yahoo Mail: “535 5.7.0 (#AUTH005) Too many bad auth attempts”, “535 5.7.0 (#MBR1212) Incorrect username or password”",
  },
  {
    code: "auth.icloud_app_password",
    when: { stage: signIn, reply: refused, host: /\.(?:me|icloud)\.com$/i },
    title: "iCloud wants an app-specific password",
    explanation: "Apple does not take the password of the Apple Account from programs.",
    remedy:
      "Create an app-specific password at account.apple.com, and use the iCloud address as the username.",
    source: "Apple support, iCloud Mail server settings: “535 5.7.8 Error: authentication failed”",
  },
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
    code: "sign_in.required",
    when: {
      stage: afterwards,
      reply: [530, 550, 554, 503, 501, 535],
      says: /authentication (?:is )?required|not authenticated|unauthenticated senders|must (?:be )?(?:authenticate|logged|log in)|please authenticate|sign in first|auth first|need to authenticate/i,
      signsIn: false,
    },
    title: "The relay wants a sign-in",
    explanation: "{host} takes mail from signed-in clients only: {said}.",
    remedy: "Enter the username and the password that the provider gave you.",
    source:
      "RFC 4954 §6: 530 5.7.0 Authentication required; Exchange “530 5.7.57 Client not authenticated to send mail”",
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
    when: { code: ["smtp.auth_unavailable"], port: [25] },
    title: "This port offers no sign-in",
    explanation: "On port 25 {host} takes mail from other servers, without a sign-in.",
    remedy:
      "Use port 587 with STARTTLS, which is for sending with a sign-in. If this server needs none, clear the username.",
    fix: submission,
    source: "RFC 6409 §3.1 and §4.3: submission is on 587",
  },
  {
    code: "auth.not_offered",
    when: { code: ["smtp.auth_unavailable"] },
    title: "The relay offers no sign-in",
    explanation:
      "A username is set, but {host} port {port} offers no sign-in. Posthorn does not go on without it.",
    remedy:
      "If this server needs none, clear the username. Else check the port: 587 and 465 are for sending with a sign-in.",
    source: "RFC 4954 §3 and §4",
  },
];
