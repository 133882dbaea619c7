import type { Stage } from "../../core/model.ts";
import type { ExplanationRule } from "./rule.ts";

const signIn: readonly Stage[] = ["auth"];
/** Reply codes for refused credentials: 535 (RFC 4954 §6), 451 at SendGrid, 534 at Gmail, 550 at Microsoft. */
const refused = [535, 534, 550, 525, 451] as const;

/** The sign-in at services that send for applications, each of which has its own username and password rules. */
export const providerRules: readonly ExplanationRule[] = [
  {
    code: "auth.ses_credentials",
    when: { stage: signIn, reply: [535], host: /^email-smtp\..+\.amazonaws\.com(?:\.cn)?$/i },
    title: "Amazon SES rejected the credentials",
    explanation:
      "Amazon SES rejected the credentials: {said}. SES requires its own SMTP credentials for each region. AWS access keys and passwords of another region don't work.",
    remedy:
      "Create SMTP credentials in the SES console, in the region that is part of the server's name ({host}).",
    source:
      "Amazon SES: “535 Authentication Credentials Invalid”; developer guide: SMTP credentials are unique to each region",
  },
  {
    code: "auth.sendgrid_credits",
    when: { stage: signIn, reply: [4, 5], says: /Maximum credits exceeded/i },
    title: "SendGrid credits are used up",
    explanation: "The SendGrid account has no credits left for now: {said}.",
    remedy: "Wait for the next period, or upgrade the SendGrid plan.",
    source: "SendGrid: “451 Authentication failed: Maximum credits exceeded”",
  },
  {
    code: "auth.sendgrid_username",
    when: { stage: signIn, reply: refused, host: /\.sendgrid\.net$/i, username: /^(?!apikey$)/ },
    title: "The SendGrid username must be apikey",
    explanation:
      "SendGrid accepts only the word “apikey” as the username. The password is the API key itself.",
    remedy: "Set the username to apikey and enter an API key (it begins with SG.) as the password.",
    fix: { username: "apikey" },
    source:
      "SendGrid documentation, Integrating with the SMTP API: “535 Authentication failed: Bad username / password”",
  },
  {
    code: "auth.sendgrid_key",
    when: { stage: signIn, reply: refused, host: /\.sendgrid\.net$/i },
    title: "SendGrid rejected the API key",
    explanation:
      "SendGrid rejected the API key: {said}. The key is wrong, deleted or lacks the Mail Send permission, or the account doesn't allow this machine's IP address.",
    remedy: "Create an API key with the Mail Send permission and enter it as the password.",
    source:
      "SendGrid: “535 Authentication failed: The provided authorization grant is invalid, expired, or revoked”",
  },
  {
    code: "auth.postmark_token",
    when: { stage: signIn, reply: refused, host: /\.postmarkapp\.com$/i },
    title: "Postmark rejected the token",
    explanation:
      "Postmark requires the server's API token as both username and password, or the access key and secret key of an SMTP token.",
    remedy:
      "Copy the token from the server's API Tokens page in Postmark (not the account token) into both fields.",
    source: "Postmark developer documentation, SMTP; “535 5.7.8 Error: authentication failed”",
  },
  {
    code: "auth.mailgun_credentials",
    when: { stage: signIn, reply: refused, host: /\.mailgun\.org$/i },
    title: "Mailgun rejected the credentials",
    explanation:
      "Mailgun requires the SMTP credentials of the sending domain. The API key and the account's password don't work here.",
    remedy:
      "Use an SMTP user of the sending domain, such as postmaster@your-domain, and reset its password in Mailgun. Accounts in the EU use smtp.eu.mailgun.org.",
    source: "Mailgun documentation, SMTP: “535 5.7.0 Authentication failed”",
  },
  {
    code: "auth.brevo_address",
    when: { stage: signIn, reply: [525], host: /\.(?:brevo|sendinblue)\.com$/i },
    title: "Brevo blocked this machine's IP address",
    explanation: "Brevo accepts authentication only from IP addresses that the account allows: {said}.",
    remedy: "Add this machine's IP address in Brevo under Security, Authorized IPs.",
    source: "Brevo: “525 5.7.1 Unauthorized IP address”",
  },
  {
    code: "auth.brevo_key",
    when: { stage: signIn, reply: refused, host: /\.(?:brevo|sendinblue)\.com$/i },
    title: "Brevo rejected the credentials",
    explanation:
      "Brevo requires its SMTP login and an SMTP key. The API key and the account's password don't work here.",
    remedy: "Copy the login and an SMTP key from Brevo's page SMTP & API, tab SMTP.",
    source: "Brevo help center, SMTP relay: “535 5.7.8 Authentication failed”",
  },
  {
    code: "auth.resend_username",
    when: { stage: signIn, reply: refused, host: /\.resend\.com$/i, username: /^(?!resend$)/ },
    title: "The Resend username must be resend",
    explanation: "Resend accepts only the word “resend” as the username. The password is an API key.",
    remedy: "Set the username to resend and enter an API key (it begins with re_) as the password.",
    fix: { username: "resend" },
    source: "Resend documentation, Send emails with SMTP",
  },
  {
    code: "auth.resend_key",
    when: { stage: signIn, reply: refused, host: /\.resend\.com$/i },
    title: "Resend rejected the API key",
    explanation: "Resend rejected the API key: {said}. The key is wrong or was deleted.",
    remedy: "Create an API key in Resend and enter it as the password.",
    source: "Resend documentation, Send emails with SMTP",
  },
  {
    code: "auth.sparkpost_username",
    when: { stage: signIn, reply: refused, host: /\.sparkpostmail\.com$/i, username: /^(?!SMTP_Injection$)/ },
    title: "The SparkPost username must be SMTP_Injection",
    explanation: "SparkPost accepts only “SMTP_Injection” as the username. The password is an API key.",
    remedy:
      "Set the username to SMTP_Injection and enter an API key with the permission “Send via SMTP” as the password.",
    fix: { username: "SMTP_Injection" },
    source: "SparkPost API documentation, SMTP",
  },
  {
    code: "auth.sparkpost_key",
    when: { stage: signIn, reply: refused, host: /\.sparkpostmail\.com$/i },
    title: "SparkPost rejected the API key",
    explanation:
      "SparkPost rejected the API key: {said}. The key is wrong, was deleted or lacks the permission “Send via SMTP”.",
    remedy:
      "Create an API key with “Send via SMTP” in SparkPost and enter it as the password. Accounts in the EU use smtp.eu.sparkpostmail.com.",
    source: "SparkPost API documentation, SMTP",
  },
  {
    code: "auth.mandrill_key",
    when: { stage: signIn, reply: refused, host: /\.mandrillapp\.com$/i },
    title: "Mailchimp Transactional rejected the API key",
    explanation:
      "{host} rejected the password: {said}. It must be an API key of Mailchimp Transactional (Mandrill), not the account's password or a key of Mailchimp itself.",
    remedy:
      "Copy an API key from the page SMTP & API Info of Mailchimp Transactional and enter it as the password.",
    source: "Mailchimp Transactional documentation, SMTP Integration",
  },
  {
    code: "auth.mailjet_keys",
    when: { stage: signIn, reply: refused, host: /\.mailjet\.com$/i },
    title: "Mailjet rejected the keys",
    explanation: "Mailjet requires an API key as the username and its secret key as the password: {said}.",
    remedy: "Copy both keys from Mailjet's SMTP settings page. The account's password doesn't work here.",
    source: "Mailjet support, API key and secret key; SMTP relay in-v3.mailjet.com",
  },
];
