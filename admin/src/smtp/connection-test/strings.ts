import type { TestStage } from "../../api/types.ts";

/** Why the system could not open a connection, by its error code. */
const connectFailures: Readonly<Record<string, string>> = {
  ETIMEDOUT: "timed out",
  ECONNREFUSED: "refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
};

export const stillSending = "Sendwright keeps sending with the current settings.";
export const idle =
  "Test Connection checks the settings in the form step by step. It doesn't save them or send an email.";
export const running = "Testing";
export const stop = "Stop";
export const ok = (duration: string) => `All steps passed in ${duration}`;
export const okWarning = (duration: string) => `Passed with a warning in ${duration}`;
export const failedAt = (stage: string) => `Failed at: ${stage}.`;
export const sentTo = (address: string) =>
  `The SMTP server accepted the test email for ${address}. Check that inbox.`;
export const statuses = {
  passed: "passed",
  failed: "failed",
  warning: "passed with a warning",
  skipped: "skipped",
} satisfies Record<TestStage["status"], string>;
export const announce = (stage: string, status: string) => `${stage}: ${status}.`;
export const evidenceSizeLimit = (size: string) => `accepts up to ${size}`;
export const evidenceSignInMethods = (methods: string) => `authentication: ${methods}`;
export const evidenceCertificate = (name: string, others: number) =>
  others === 0 ? `certificate for ${name}` : `certificate for ${name} and ${others} more`;
export const evidenceFailed = (address: string, code: string) =>
  `${address}: ${connectFailures[code] ?? code}`;
export const evidenceDaysLeft = (days: number) => (days === 1 ? "1 day left" : `${days} days left`);
export const transcript = "SMTP transcript";
export const speakers = { client: "→", relay: "←" };
export const apply = "Apply to form";
export const applied = "Applied to the form.";
export const again = "Test again";
export const againAndSave = "Test again and save";
export const passwordAgain =
  "Enter the password again. Sendwright sends a saved password only to the server it was saved for.";
export const shownCertificate = "the certificate above";
export const chainTitle = (count: number) => (count === 1 ? "Certificate" : `${count} certificates`);
export const chainIssuer = (name: string) => `issued by ${name}`;
export const chainValidTo = (day: string) => `expires ${day}`;
export const alternativesTitle = "Alternative settings";
export const alternativesLooking = "Looking for settings that work…";
export const alternativesFound = "These settings work";
export const alternativesNothing = "No other settings work";
export const alternativesUse = "Apply to form";
export const alternativesTried = (count: number) =>
  count === 1 ? "Tried 1 alternative" : `Tried ${count} alternatives`;
export const mayStillRefuse =
  "No email was sent. The server can still reject an email for its content or sender. Send a test email to check that too.";
export const seeInLog = "View email";
export const sendTo = "Send a test email to";
export const send = "Send";
export const stopped = "Test stopped.";
export const stale = "The form has changed since this test.";
export const cutOff = "The test result was cut off. Run the test again.";
