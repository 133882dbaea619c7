import type { Stage } from "../../model.ts";
import type { Row } from "./row.ts";

const signIn: readonly Stage[] = ["auth"];
/** Refusals of the credentials. SendGrid also uses 451, Gmail 534, Microsoft 550 (RFC 4954 §6 has 535). */
const refused = [535, 534, 550, 525, 451] as const;

/** The sign-in in the dialects of the providers: what each of them wants is its own. */
export const providerRows: readonly Row[] = [
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
    code: "auth.mailru_app_password",
    when: { stage: signIn, reply: [535], says: /parol prilozheniya|Application password is REQUIRED/i },
    title: "Mail.ru wants an app password",
    explanation: "Mail.ru does not take the normal password of {username} from programs: {said}.",
    remedy:
      "Create a password for external applications in the security settings of Mail.ru and enter it here.",
    source: "Mail.ru: “535 5.7.0 NEOBHODIM parol prilozheniya … Application password is REQUIRED”",
  },
  {
    code: "auth.qq_authorization_code",
    when: { stage: signIn, reply: [535], says: /enter your authorization code to login/i },
    title: "QQ Mail wants an authorisation code",
    explanation: "QQ Mail does not take the normal password of {username} from programs: {said}.",
    remedy:
      "Switch SMTP on in the settings of QQ Mail, create an authorisation code there and enter it as the password.",
    source: "QQ Mail: “535 Login Fail. Please enter your authorization code to login”",
  },
  {
    code: "auth.netease_smtp_off",
    when: { stage: signIn, reply: [550], host: /\.(?:163|126|yeah)\.(?:com|net)$/i },
    title: "SMTP is switched off for this mailbox",
    explanation: "NetEase allows no sign-in over SMTP for {username}: {said}.",
    remedy:
      "Switch SMTP on in the settings of the mailbox, and enter the authorisation code that it gives you as the password.",
    source: "NetEase 163: “550 User has no permission”",
  },
];
