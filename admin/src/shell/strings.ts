export const skipToContent = "Skip to content";
export const tryAgain = "Try again";
export const navigation = "Pages";
export const openMenu = "Open menu";
export const closeMenu = "Close menu";
export const overview = "Overview";
export const smtp = "SMTP settings";
export const emails = "Emails";
export const templates = "Templates";
export const brand = "Brand";
export const sandbox = "Sandbox";
export const monitoring = "Watching";
export const retention = "Retention";
export const audit = "Audit log";
export const apiKeys = "API keys";
export const apiDocs = "API docs";
export const colorScheme = { auto: "System colours", light: "Light colours", dark: "Dark colours" };
export const unreachable =
  "Sendwright does not answer. Your entries stay on this page; it tries again by itself.";
export const recipientsTitle = "Who gets mail";
export const recipients = {
  only: (names: string) => `Mail goes only to ${names}. Sendwright withholds it from all others.`,
  redirect: (names: string) => `Every email goes to ${names} instead of its recipients.`,
  capture: () => "Every email goes to the built-in sandbox. No recipient gets mail.",
};
export const notFoundTitle = "There is no such page";
export const notFoundBody = "The address may be mistyped, or what it named is gone.";
export const notFoundHome = "Go to the overview";
export const crashedTitle = "This page broke";
export const crashedBody =
  "That is a fault of ours. Loading it again usually helps; nothing that was saved is lost.";
export const crashedReload = "Load again";
