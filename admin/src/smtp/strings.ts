export const title = "SMTP settings";
export const lead = "How Sendwright reaches your mail server. What you test here is what sends.";
export const newTitle = "New SMTP config";
export const listLead =
  "The config that owns the sender of an email sends it, otherwise the first. While that one is paused or at a limit, the next one sends.";
export const add = "Add another SMTP server";
export const addFirst = "Choose who sends your mail. Until the first config is saved, emails wait.";
export const allConfigs = "All SMTP configs";
export const fields = {
  smtpServer: "SMTP server",
  smtpPort: "Port",
  useTls: "Use TLS",
  tlsMode: "How TLS starts",
  username: "Username",
  password: "Password",
  fromEmail: "From email",
  fromName: "From name",
  name: "Name of this config",
  replyTo: "Reply-to",
  ehloName: "EHLO name",
  caPem: "CA certificates (PEM)",
  authMethod: "Sign-in method",
  allowCleartextAuth: "Allow sign-in without TLS",
  maxConnections: "Most connections at once",
  maxPerSecond: "Most emails per second",
  maxPerMinute: "Most emails per minute",
  maxPerHour: "Most emails per hour",
  maxPerDay: "Most emails per day",
  maxRecipientsPerDay: "Most recipients per day",
  senders: "Other senders",
  bcc: "Archive copy",
  enabled: "Use this config for sending",
};
export const tlsModes = {
  auto: "Automatic",
  starttls: "STARTTLS",
  implicit: "Implicit TLS",
};
export const oauthNames = { google: "Google", microsoft: "Microsoft", custom: "the provider" };
export const passwordSaved = "Saved. It is never shown.";
export const passwordReplace = "Replace";
export const saved = "Saved";
export const loadCurrent = "Load the current values";
export const remove = "Delete this config";
export const removeTitle = (name: string) => `Delete ${name}?`;
export const removeBody =
  "Its password is deleted with it. Emails that wait are sent through the other configs.";
export const removeBodyLast = "It is the only one. Emails wait until there is another.";
export const removeConfirm = "Delete";
export const broken = "Needs its password again";
export const notConnected = "Needs to be connected";
