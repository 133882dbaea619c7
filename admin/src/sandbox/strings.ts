export const title = "Sandbox";
export const lead =
  "Catches what is sent to the built-in relay. Nothing leaves this machine; the last 200 are kept in memory.";
export const emptyTitle = "Nothing caught yet";
export const empty = "Point an SMTP config at the sandbox, without TLS and sign-in, then send a test email:";
export const goToSettings = "SMTP settings";
export const off = "The sandbox is off";
export const clear = "Clear inbox";
export const clearTitle = "Delete all caught emails?";
export const clearBody = (count: number) =>
  count === 1
    ? "One email is deleted. This cannot be undone."
    : `${count} emails are deleted. This cannot be undone.`;
export const clearConfirm = "Delete all";
export const choose = "Choose an email to see it.";
export const back = "Sandbox";
export const from = "MAIL FROM";
export const to = "RCPT TO";
export const nobody = "nobody (a bounce)";
export const received = "Caught";
export const attachments = "Attachments";
export const source = "Open source";
export const unnamed = "without a name";
