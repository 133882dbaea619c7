import { guardEnvelope } from "./envelope.ts";
import type { RecipientRule } from "./rule.ts";

/** What becomes of a recipient under a rule. */
export const recipientFates = ["sent", "withheld", "redirected", "captured"] as const;

export interface RecipientFate {
  readonly fate: (typeof recipientFates)[number];
  /** Who gets the email instead of the recipient, or the recipient; nobody if it is withheld or captured. */
  readonly sentTo: readonly string[];
}

/** @throws SendwrightError `address.invalid` for a redirected recipient */
export function recipientFate(rule: RecipientRule, address: string): RecipientFate {
  if (rule.kind === "capture") return { fate: "captured", sentTo: [] };
  const { to } = guardEnvelope(rule, [address]);
  if (rule.kind === "redirect") return { fate: "redirected", sentTo: to };
  return { fate: to.length === 0 ? "withheld" : "sent", sentTo: to };
}
