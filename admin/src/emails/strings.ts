import type { EmailState } from "../api/model.ts";

export const title = "Emails";
export const states = {
  queued: "Queued",
  sending: "Sending",
  sent: "Sent",
  partial: "Partially sent",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Expired",
  unknown: "Unknown",
  withheld: "Withheld",
} satisfies Record<EmailState, string>;
export const captured = "Captured";
