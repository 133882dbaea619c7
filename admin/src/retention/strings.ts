export const title = "Retention";
export const lead =
  "How long Sendwright keeps emails. The period starts when an email becomes final: sent, failed, cancelled or expired.";
export const fields = {
  contentRetentionDays: "Keep content for",
  emailRetentionDays: "Keep emails for",
};
export const hints = {
  contentRetentionDays: "You can't view or send an email again without its content. Defaults to 30.",
  emailRetentionDays:
    "At least as long as content. Overview charts only count emails that are kept. Defaults to 90.",
};
export const days = "days";
export const whatIsDeleted = "What is deleted when";
export const atOnce = "As soon as it's final";
export const after = (days: string) => (days === "1" ? "After 1 day" : `After ${days} days`);
export const sensitive = {
  what: "Content of sensitive emails",
  meaning: "For example a password reset link or a sign-in code.",
};
export const contents = {
  what: "Content of all other emails",
  meaning: "Text, HTML and attachments. The delivery status stays in the list.",
};
export const emails = {
  what: "The emails themselves",
  meaning: "Subject, recipients, attempts and SMTP replies. Sendwright keeps nothing of the email.",
};
export const never =
  "Sendwright never deletes queued emails, however old they are. It deletes every hour in small batches, so sending isn't interrupted.";
export const shortenTitle = "Shorten retention?";
export const shorten = {
  contentRetentionDays: (days: number) =>
    `Sendwright deletes the content of emails that became final more than ${days === 1 ? "a day" : `${days} days`} ago.`,
  emailRetentionDays: (days: number) =>
    `Sendwright deletes emails that became final more than ${days === 1 ? "a day" : `${days} days`} ago.`,
};
export const shortenForGood = "Deletion starts within the hour. You can't undo it.";
export const shortenConfirm = "Save and delete";
