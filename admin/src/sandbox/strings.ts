export const title = "Sandbox";
export const lead =
  "The built-in SMTP server captures every email instead of delivering it. It keeps the last 200 in memory.";
export const emptyTitle = "No captured emails";
export const empty =
  "Point an SMTP config at the sandbox, without TLS and authentication. Then send a test email:";
export const goToSettings = "SMTP settings";
export const off = "The sandbox is off";
export const clear = "Delete all emails";
export const clearTitle = "Delete all captured emails?";
export const clearBody = (count: number) =>
  count === 1
    ? "Sendwright deletes one email. You can't undo this."
    : `Sendwright deletes ${count} emails. You can't undo this.`;
export const clearConfirm = "Delete all";
export const choose = "Select an email to view it.";
export const back = "Sandbox";
export const from = "MAIL FROM";
export const to = "RCPT TO";
export const nobody = "empty (a bounce)";
export const received = "Captured";
export const attachments = "Attachments";
export const source = "View source";
export const unnamed = "unnamed";
