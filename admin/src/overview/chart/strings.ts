export const kinds = { sent: "Sent", waiting: "Queued", failed: "Failed or unknown" };
export const summary = (
  title: string,
  { sent, waiting, failed }: { sent: number; waiting: number; failed: number },
) => `${title}: ${sent} sent, ${waiting} queued, ${failed} failed or unknown`;
export const span = (
  name: string,
  { sent, waiting, failed }: { sent: number; waiting: number; failed: number },
) => `${name}: ${sent} sent, ${waiting} queued, ${failed} failed or unknown`;
export const now = "Now";
export const nothing = "No emails in this period";
export const numbers = "View as table";
export const from = "From";
