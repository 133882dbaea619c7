import type { EmailState } from "../api/model.ts";

export const title = "Emails";
export const states = {
  queued: "Waiting",
  sending: "Sending",
  sent: "Sent",
  partial: "Partly sent",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Expired",
  unknown: "Unclear",
  withheld: "Withheld",
} satisfies Record<EmailState, string>;
export const captured = "Captured";
