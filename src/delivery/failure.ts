import { failureOf } from "../emails/attempt-failure.ts";
import { classOf } from "../smtp/reply.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { AttemptFailure } from "../store/tables/emails.ts";
import type { AttemptEnd } from "./outcome.ts";

/**
 * What the log stores of an attempt that failed at some stage, for its explanation.
 * @param relay how it was reached, and the sender that it was given
 */
export function failureIn(
  end: AttemptEnd,
  { resolved, from }: { readonly resolved: ResolvedConfig; readonly from: string },
): AttemptFailure {
  if (end.kind === "failed") {
    return failureOf(resolved, { from, recipient: null, refusal: null, smtp: end.error.smtp });
  }
  const { recipients, reply, stage, lost } = end.result;
  const refused = recipients.find(({ outcome }) => outcome !== "sent");
  const isTaken = reply !== null && classOf(reply) === 2;
  const isAlone = recipients.length === 1 || isTaken || stage === "recipient";
  return failureOf(resolved, {
    from,
    recipient: isAlone ? (refused?.address ?? null) : null,
    refusal: isTaken ? (refused?.reply ?? null) : null,
    smtp: lost?.smtp,
  });
}
