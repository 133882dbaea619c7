import { failureOf } from "../emails/attempt-failure.ts";
import { classOf } from "../smtp/reply.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { AttemptFailure } from "../store/tables/emails.ts";
import type { Ending } from "./outcome.ts";

/**
 * What the log keeps of a try that failed at some stage, for its explanation.
 * @param way how the relay was reached, and the sender that it was told
 */
export function failureIn(
  ending: Ending,
  { opened, from }: { readonly opened: ResolvedConfig; readonly from: string },
): AttemptFailure {
  if (ending.kind === "failed") {
    return failureOf(opened, { from, recipient: null, refusal: null, smtp: ending.error.smtp });
  }
  const { recipients, reply, stage, lost } = ending.result;
  const refused = recipients.find(({ outcome }) => outcome !== "sent");
  const isTaken = reply !== null && classOf(reply) === 2;
  const isAlone = recipients.length === 1 || isTaken || stage === "recipient";
  return failureOf(opened, {
    from,
    recipient: isAlone ? (refused?.address ?? null) : null,
    refusal: isTaken ? (refused?.reply ?? null) : null,
    smtp: lost?.smtp,
  });
}
