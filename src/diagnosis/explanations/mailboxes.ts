import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];
/** Reply codes for refused credentials: 535 (RFC 4954 §6), and 534 at Gmail. */
const refused = [535, 534] as const;

/** The sign-in at mailbox providers, most of which refuse the normal password over SMTP. */
export const mailboxRules: readonly ExplanationRule[] = [
  {
    code: "auth.gmail_app_password",
    when: { stage: signIn, reply: [534, 535], says: /application-specific password|InvalidSecondFactor/i },
    title: "Google requires an app password",
    explanation:
      "Google rejected the normal password of {username}, because 2-step verification protects the account.",
    remedy:
      "Create an app password at myaccount.google.com/apppasswords and enter its 16 letters as the password.",
    source: "Gmail: “534-5.7.9 Application-specific password required … ?p=InvalidSecondFactor”",
  },
  {
    code: "auth.gmail_browser",
    when: {
      stage: signIn,
      reply: [534, 535],
      says: /log ?in (?:via|with) your web browser|WebLoginRequired|p=WantAuthError/i,
    },
    title: "Google blocked the authentication",
    explanation:
      "Google considers this authentication unusual and asks the owner of {username} to confirm it.",
    remedy:
      "Sign in to Google in a browser and confirm that it was you. Then create an app password at myaccount.google.com/apppasswords.",
    source: "Gmail: “534-5.7.14 Please log in via your web browser and then try again”",
  },
  {
    code: "auth.gmail_credentials",
    when: {
      stage: signIn,
      reply: [534, 535],
      says: /Username and Password not accepted.*google|p=BadCredentials|- gsmtp/i,
    },
    title: "Google rejected the username or password",
    explanation:
      "Google rejected the username or password of {username}. It doesn't accept normal account passwords from programs.",
    remedy:
      "Enter the full address as the username. Turn on 2-step verification, create an app password at myaccount.google.com/apppasswords and enter its 16 letters as the password.",
    source: "Gmail: “535-5.7.8 Username and Password not accepted … ?p=BadCredentials”",
  },
  {
    code: "auth.microsoft_smtp_auth_off",
    when: { stage: signIn, reply: [5], says: /SmtpClientAuthentication is disabled|smtp_auth_disabled/i },
    title: "Authenticated SMTP is off in Microsoft 365",
    explanation:
      "Microsoft 365 doesn't allow authenticated SMTP (SMTP AUTH) for this mailbox or for the whole organization: {said}.",
    remedy:
      "Turn on Authenticated SMTP in the Microsoft 365 admin center: open the user, Mail, Manage email apps. For the organization, run Set-TransportConfig -SmtpClientAuthenticationDisabled $false.",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled”",
  },
  {
    code: "auth.microsoft_basic_retired",
    when: { stage: signIn, reply: [5], says: /basic authentication is (?:disabled|not supported)/i },
    title: "Microsoft no longer accepts passwords here",
    explanation: "Microsoft has turned off password authentication for this account: {said}.",
    remedy:
      "Choose the authentication method OAuth and connect with Microsoft. Or use another provider, such as Azure Communication Services Email.",
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
    title: "A Microsoft 365 policy blocks authentication",
    explanation:
      "A policy in Microsoft 365 (security defaults or conditional access) blocked SMTP authentication for {username}: {said}.",
    remedy:
      "Ask your Microsoft 365 administrator to exempt this account, or choose the authentication method OAuth and connect with Microsoft.",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy”",
  },
  {
    code: "auth.microsoft_credentials",
    when: { stage: signIn, reply: [535], host: /(?:office365|outlook|hotmail|live)\.com$/i },
    title: "Microsoft rejected the username or password",
    explanation: "Microsoft rejected the username or password of {username}: {said}.",
    remedy:
      "Enter the full address as the username. With multi-factor authentication, the normal password doesn't work. Use an app password, or choose the authentication method OAuth and connect with Microsoft.",
    source:
      "Exchange Online: “535 5.7.139 Authentication unsuccessful, the user credentials were incorrect”, “535 5.7.3 Authentication unsuccessful”",
  },
  {
    code: "auth.zoho_credentials",
    when: { stage: signIn, reply: refused, host: /\.zoho(?:cloud)?\.[a-z.]+$/i },
    title: "Zoho rejected the username or password",
    explanation: "Zoho rejected the username or password of {username}: {said}.",
    remedy:
      "Create an application-specific password in Zoho Accounts if you use two-factor authentication. Use the server of the account's region, such as smtp.zoho.eu.",
    source: "Zoho Mail help, SMTP: “535 Authentication Failed”",
  },
  {
    code: "auth.yahoo_app_password",
    when: { stage: signIn, reply: refused, host: /\.(?:yahoo|aol|yahoodns)\.(?:com|net)$/i },
    title: "Yahoo requires an app password",
    explanation:
      "Yahoo rejected the authentication. It doesn't accept the normal password of {username} from programs.",
    remedy: "Create an app password in the account's security settings and enter it as the password.",
    source:
      "Yahoo Mail: “535 5.7.0 (#AUTH005) Too many bad auth attempts”, “535 5.7.0 (#MBR1212) Incorrect username or password”",
  },
  {
    code: "auth.icloud_app_password",
    when: { stage: signIn, reply: refused, host: /\.(?:me|icloud)\.com$/i },
    title: "iCloud requires an app-specific password",
    explanation:
      "Apple rejected the authentication. It doesn't accept the password of the Apple Account from programs.",
    remedy:
      "Create an app-specific password at account.apple.com, and use the iCloud address as the username.",
    source: "Apple support, iCloud Mail server settings: “535 5.7.8 Error: authentication failed”",
  },
  {
    code: "auth.mailru_app_password",
    when: { stage: signIn, reply: [535], says: /parol prilozheniya|Application password is REQUIRED/i },
    title: "Mail.ru requires an app password",
    explanation: "Mail.ru doesn't accept the normal password of {username} from programs: {said}.",
    remedy:
      "Create a password for external applications in the security settings of Mail.ru and enter it as the password.",
    source: "Mail.ru: “535 5.7.0 NEOBHODIM parol prilozheniya … Application password is REQUIRED”",
  },
  {
    code: "auth.qq_authorization_code",
    when: {
      stage: signIn,
      reply: [535],
      says: /enter your authorization code to login|login fail\. account is abnormal/i,
    },
    title: "QQ Mail requires an authorization code",
    explanation: "QQ Mail doesn't accept the normal password of {username} from programs: {said}.",
    remedy:
      "Turn on SMTP in the settings of QQ Mail, create an authorization code there and enter it as the password.",
    source:
      "QQ Mail: “535 Login Fail. Please enter your authorization code to login”, “535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy”",
  },
  {
    code: "auth.netease_smtp_off",
    when: { stage: signIn, reply: [550], host: /\.(?:163|126|yeah)\.(?:com|net)$/i },
    title: "SMTP is off for this mailbox",
    explanation: "NetEase doesn't allow SMTP authentication for {username}: {said}.",
    remedy:
      "Turn on SMTP in the settings of the mailbox, and enter the authorization code that it gives you as the password.",
    source: "NetEase 163: “550 User has no permission”",
  },
  {
    code: "auth.gmx_switched_off",
    when: { stage: signIn, reply: refused, host: /\.(?:gmx\.(?:net|com|de|at|ch)|web\.de)$/i },
    title: "GMX or WEB.DE rejected the authentication",
    explanation:
      "{host} rejected the authentication of {username}: {said}. POP3, IMAP and SMTP are off for every mailbox until its owner turns them on.",
    remedy:
      "Turn on POP3/IMAP access in the settings of the mailbox. With two-factor authentication, create an application-specific password there and enter it as the password.",
    source:
      "GMX help: the protocols are deactivated by default; application-specific passwords for external programs",
  },
  {
    code: "auth.fastmail_app_password",
    when: { stage: signIn, reply: refused, host: /\.fastmail\.com$/i },
    title: "Fastmail requires an app password",
    explanation: "Fastmail doesn't accept normal account passwords from programs: {said}.",
    remedy:
      "Create an app password with SMTP access in Fastmail's settings and enter it as the password. The username is the account's full address, not an alias.",
    source: "Fastmail help, app passwords; Fastmail “535 5.7.0 Incorrect username or password”",
  },
  {
    code: "auth.proton_token",
    when: { stage: signIn, reply: refused, host: /\.(?:protonmail\.ch|proton\.me)$/i },
    title: "Proton requires an SMTP token",
    explanation:
      "Proton accepts neither the password of the account nor that of Bridge on this server: {said}.",
    remedy:
      "Create an SMTP token for an address at your own domain in Proton Mail's settings. Enter that address as the username and the token as the password.",
    source: "Proton support, SMTP submission: a token for each address of a custom domain",
  },
];
