export const title = "Monitoring";
export const lead =
  "Sendwright checks every active SMTP config on a schedule: authentication, certificate expiry, sender and DNS records. It doesn't send an email.";
export const checks = "Checks and alert emails";
export const every = "Check interval";
export const everyHint = "Defaults to 24. Enter 0 to turn scheduled checks off.";
export const hours = "hours";
export const emails = "Alert recipients";
export const emailsHint =
  "Get an email when a problem starts and when it's resolved. One address per line. Leave blank to notify all admins.";
export const allAdmins = "All admins";
export const failures = "Failed emails";
export const failurePercent = "Failure rate";
export const failurePercentHint =
  "Raises an alert when this share of an hour's emails failed, expired or was only partially sent. Defaults to 20. Enter 0 to turn it off.";
export const percent = "%";
export const failureMin = "Minimum emails";
export const failureMinHint = "Raises no alert for an hour with fewer emails. Defaults to 20.";
export const emailsUnit = "emails";
export const webhookTitle = "Webhook";
export const webhookUrl = "URL";
export const webhookUrlHint =
  "Sendwright posts alerts here as JSON, signed per Standard Webhooks. Leave blank to turn off.";
export const webhookSecret = "Signing secret";
export const webhookSecretOnce = "Copy the signing secret now. You can't view it again.";
export const webhookSigned =
  "Sendwright signs events with a secret that was shown once. A new secret replaces it immediately.";
export const webhookRenew = "Replace signing secret";
export const webhookTest = "Send test event";
export const webhookArrived = "Test event delivered";
export const webhookLost = "Test event not delivered";
export const webhookReply = (detail: string) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
export const alertsTitle = "Alerts";
export const about = (config: string, title: string) => `${config}: ${title}`;
export const more = (count: number) => `And ${count} more`;
export const acknowledge = "Acknowledge";
export const acknowledgeNamed = (title: string) => `Acknowledge: ${title}`;
export const since = "Since";
export const knownBy = (name: string) => `acknowledged by ${name}`;
export const unchecked = "Not checked yet";
export const checked = "Checked";
export const works = "passed";
export const fails = "failed";
export const certificate = (days: number) => {
  if (days < 1) return ", certificate expires within a day";
  return `, certificate expires in ${days === 1 ? "1 day" : `${days} days`}`;
};
export const checkNow = "Check now";
