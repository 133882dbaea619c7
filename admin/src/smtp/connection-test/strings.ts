import type { TestStage } from "../../api/types.ts";

/** What the system says of a connection that did not come about. */
const connectFailures: Readonly<Record<string, string>> = {
  ETIMEDOUT: "no answer",
  ECONNREFUSED: "refused",
  ECONNRESET: "cut off",
  EHOSTUNREACH: "no route",
  ENETUNREACH: "no network",
};

export const stillSending = "The settings that work go on sending.";
export const idle =
  "Test Connection tries what is in the form, step by step, without saving it and without sending an email.";
export const running = "Testing";
export const stop = "Stop";
export const ok = (duration: string) => `It works. All steps passed in ${duration}.`;
export const okWarning = (duration: string) => `It works, with a remark, in ${duration}.`;
export const failedAt = (stage: string) => `It stopped at: ${stage}.`;
export const sentTo = (address: string) => `The relay took the test email for ${address}. Look in its inbox.`;
export const statuses = {
  passed: "passed",
  failed: "failed",
  warning: "passed with a remark",
  skipped: "not needed",
} satisfies Record<TestStage["status"], string>;
export const announce = (stage: string, status: string) => `${stage}: ${status}.`;
export const evidenceSizeLimit = (size: string) => `takes up to ${size}`;
export const evidenceSignInMethods = (methods: string) => `sign-in: ${methods}`;
export const evidenceCertificate = (name: string, others: number) =>
  others === 0 ? `certificate for ${name}` : `certificate for ${name} and ${others} more`;
export const evidenceFailed = (address: string, code: string) =>
  `${address}: ${connectFailures[code] ?? code}`;
export const evidenceDaysLeft = (days: number) => (days === 1 ? "1 day left" : `${days} days left`);
export const transcript = "What was said";
export const speakers = { client: "→", relay: "←" };
export const apply = "Put this into the form";
export const applied = "It is in the form now.";
export const again = "Test again";
export const againAndSave = "Test again and save";
export const passwordAgain =
  "Enter it again: it was saved for other settings, and goes only where you send it.";
export const shownCertificate = "the certificate above";
export const chainTitle = (count: number) => (count === 1 ? "The certificate" : `The ${count} certificates`);
export const chainIssuer = (name: string) => `from ${name}`;
export const chainValidTo = (day: string) => `valid until ${day}`;
export const alternativesTitle = "Settings that may work";
export const alternativesLooking = "Looking for settings that work …";
export const alternativesFound = "These settings work";
export const alternativesNothing = "No other settings work as they are";
export const alternativesUse = "Use these";
export const alternativesTried = (count: number) =>
  count === 1 ? "One other was tried" : `${count} others were tried`;
export const mayStillRefuse =
  "No email was sent. A relay may still refuse one at its very end, for its contents or its sender: a test email shows that too.";
export const seeInLog = "See it in the log";
export const sendTo = "Send a test email to";
export const send = "Send";
export const stopped = "Stopped.";
export const stale = "The form has changed since this test.";
export const cutOff = "The test's answer was cut off. Try again.";
