export const title = "SMTP settings";
export const lead =
  "How Sendwright reaches your SMTP server. It sends with exactly the settings you test here.";
export const newTitle = "New SMTP config";
export const listLead =
  "The config that owns an email's sender sends it, otherwise the first one does. If that config is paused or at a limit, the next one sends.";
export const add = "Add SMTP config";
export const addFirst = "Choose a provider. Emails stay queued until you save your first SMTP config.";
export const allConfigs = "All SMTP configs";
export const fields = {
  smtpServer: "SMTP server",
  smtpPort: "Port",
  useTls: "Use TLS",
  tlsMode: "TLS mode",
  username: "Username",
  password: "Password",
  fromEmail: "From email",
  fromName: "From name",
  name: "Config name",
  replyTo: "Reply-to",
  ehloName: "EHLO name",
  caPem: "CA certificates (PEM)",
  authMethod: "Authentication method",
  allowCleartextAuth: "Allow authentication without TLS",
  maxConnections: "Maximum connections",
  maxPerSecond: "Emails per second",
  maxPerMinute: "Emails per minute",
  maxPerHour: "Emails per hour",
  maxPerDay: "Emails per day",
  maxRecipientsPerDay: "Recipients per day",
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
export const passwordSaved = "Saved and never shown.";
export const passwordReplace = "Replace";
export const saved = "Saved";
export const loadCurrent = "Load current values";
export const remove = "Delete config";
export const removeTitle = (name: string) => `Delete ${name}?`;
export const removeBody =
  "Sendwright deletes its password too. Queued emails are sent through the other configs.";
export const removeBodyLast = "This is your only config. Emails stay queued until you add another one.";
export const removeConfirm = "Delete";
export const broken = "Password required";
export const notConnected = "Not connected";
