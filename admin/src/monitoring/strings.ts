export const title = "Watching";
export const lead =
  "Every SMTP config that is on is checked now and then, without sending an email: whether one can sign in, what is left of the certificate, whether the sender is taken, and what the DNS says of its domain.";
export const checks = "Checks and emails";
export const every = "Check each config every";
export const everyHint = "0 for never.";
export const hours = "hours";
export const emails = "Who gets an email";
export const emailsHint = "About what is found, and when it is over. One address a line; empty: all admins.";
export const allAdmins = "All admins";
export const failures = "Failed emails";
export const failurePercent = "Alert from";
export const failurePercentHint =
  "Share of the emails of one hour that failed, expired or were sent only in part. 0 for never.";
export const percent = "%";
export const failureMin = "Minimum";
export const failureMinHint = "With fewer emails in an hour, no alert is raised.";
export const emailsUnit = "emails";
export const webhookTitle = "Webhook";
export const webhookUrl = "Address";
export const webhookUrlHint = "Gets the same as JSON, signed as Standard Webhooks has it. Empty for none.";
export const webhookSecret = "Signing secret";
export const webhookSecretOnce = "Copy the signing secret now: it is not shown again.";
export const webhookSigned =
  "Events are signed with a secret that was shown once. A new one takes its place at once.";
export const webhookRenew = "New signing secret";
export const webhookTest = "Send a test event";
export const webhookArrived = "The test event has arrived.";
export const webhookLost = "The test event was not taken.";
export const webhookReply = (detail: string) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
export const alertsTitle = "Found by checks";
export const about = (config: string, title: string) => `${config}: ${title}`;
export const more = (count: number) => `And ${count} more`;
export const acknowledge = "I know";
export const acknowledgeNamed = (title: string) => `I know: ${title}`;
export const since = "Since";
export const knownBy = (name: string) => `known to ${name}`;
export const unchecked = "Not checked yet";
export const checked = "Checked";
export const works = "works";
export const fails = "does not work";
export const certificate = (days: number) => {
  if (days < 1) return ", certificate ends within a day";
  return `, certificate ${days === 1 ? "1 day" : `${days} days`} left`;
};
export const checkNow = "Check now";
