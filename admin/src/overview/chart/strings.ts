export const kinds = { sent: "Sent", waiting: "Waiting", failed: "Failed or unclear" };
export const summary = (
  title: string,
  { sent, waiting, failed }: { sent: number; waiting: number; failed: number },
) => `${title}: ${sent} sent, ${waiting} waiting, ${failed} failed or unclear`;
export const span = (
  name: string,
  { sent, waiting, failed }: { sent: number; waiting: number; failed: number },
) => `${name}: ${sent} sent, ${waiting} waiting, ${failed} failed or unclear`;
export const now = "Now";
export const nothing = "No email in this time";
export const numbers = "In numbers";
export const from = "From";
