import type { RecipientResult, SendResult } from "../smtp/connection.ts";
import type { RecipientRule } from "./rule.ts";

/** What became of an email for its own recipients, from what became of the message that was sent. */
export function resultFor(
  rule: RecipientRule,
  recipients: readonly string[],
  withheld: readonly string[],
  result: SendResult,
): SendResult {
  if (rule.kind === "redirect") {
    const redirected = best(result.recipients);
    if (redirected === null) return result;
    return { ...result, recipients: recipients.map((address) => ({ ...redirected, address })) };
  }
  return withheld.length === 0 ? result : { ...result, withheld };
}

/** Best first: once one of several redirect addresses has the message, another attempt would send it there twice. */
const order: readonly RecipientResult["outcome"][] = ["sent", "unknown", "temporary", "permanent"];

function best(results: readonly RecipientResult[]): RecipientResult | null {
  const ranked = [...results].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  return ranked[0] ?? null;
}
