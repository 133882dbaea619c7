export const title = "Retention";
export const lead =
  "How long emails are kept. The time runs from when an email became final: sent, failed, cancelled or expired.";
export const fields = {
  contentRetentionDays: "Keep contents for",
  emailRetentionDays: "Keep emails for",
};
export const hints = {
  contentRetentionDays: "Without its contents an email can no longer be shown or sent again.",
  emailRetentionDays: "At least as long as contents. The charts of the overview count what is kept.",
};
export const days = "days";
export const whatIsDeleted = "What is deleted when";
export const atOnce = "As soon as it is final";
export const after = (days: string) => (days === "1" ? "After 1 day" : `After ${days} days`);
export const sensitive = {
  what: "The contents of a sensitive email",
  meaning: "Such as a link to reset a password, or a code to sign in.",
};
export const contents = {
  what: "The contents of any email",
  meaning: "Its text, HTML and attachments. The list still shows it, and what became of it.",
};
export const emails = {
  what: "The email itself",
  meaning: "Subject, recipients, attempts, and what the relays said. Nothing is left of it here.",
};
export const never =
  "An email that still waits is never deleted, however old it is. Sendwright deletes every hour, a little at a time, so that sending goes on.";
export const shortenTitle = "Keep less than before?";
export const shorten = {
  contentRetentionDays: (days: number) =>
    `Contents of emails that became final more than ${days === 1 ? "a day" : `${days} days`} ago are deleted.`,
  emailRetentionDays: (days: number) =>
    `Emails that became final more than ${days === 1 ? "a day" : `${days} days`} ago are deleted.`,
};
export const shortenForGood = "This begins within the hour, and cannot be undone.";
export const shortenConfirm = "Save and delete";
