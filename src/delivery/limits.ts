import { maxRecipients } from "../store/tables/email-claim-statement.ts";
import { copiesOf, type Usage, type UsageLimit } from "../store/tables/smtp-config-usage.ts";

/** How many more recipients the limits allow; null if that is enough for any email. */
export function recipientsLeft(limits: readonly UsageLimit[], usage: Usage): number | null {
  const lefts = limits.flatMap(({ window, counts, max }) =>
    counts === "recipients" ? [max - usage[window].recipients - copiesOf(limits)] : [],
  );
  const left = Math.min(maxRecipients, ...lefts);
  return left < maxRecipients ? left : null;
}

/**
 * Until when a config has used up one of its limits, in milliseconds since the epoch; null if it has not. Then some of
 * what counts is old enough to count no more.
 */
export function limitedUntil(limits: readonly UsageLimit[], usage: Usage, now: number): number | null {
  const ends = limits.flatMap(({ window, counts, max }) => {
    const used = usage[window];
    return used[counts] >= max && used.lessAt !== null && used.lessAt > now ? [used.lessAt] : [];
  });
  return ends.length === 0 ? null : Math.max(...ends);
}
