import type { Clock } from "../core/clock.ts";
import type { QueueFigures } from "../core/metrics.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { findOldestWaiting } from "../store/tables/email-counts.ts";
import { countOpen } from "../store/tables/emails.ts";
import { configIssues, type MailFacts, mailStatus } from "./status.ts";

/** How the service is, for monitoring: `ok` while emails can be accepted and delivered. */
export interface Health {
  readonly ok: boolean;
  /** In words: what keeps mail from being delivered; empty when nothing does. */
  readonly problems: readonly string[];
  readonly key: "fits" | "mismatch";
  readonly emails: { readonly queued: number; readonly sending: number };
}

export interface HealthDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configs: SmtpConfigs;
  readonly clock: Clock;
}

/** @throws SendwrightError `store.unavailable` */
export async function readHealth({ store, secrets, configs, clock }: HealthDependencies): Promise<Health> {
  const emails = await countOpen(store.reader);
  const saved = await configs.list();
  const now = clock.now();
  const problems = problemsOf({ keyFits: secrets.fits, configs: saved, now });
  return { ok: problems.length === 0, problems, key: secrets.fits ? "fits" : "mismatch", emails };
}

/** Only what keeps mail from being delivered: that it is late, untested or in the sandbox is no problem of the service. */
function problemsOf(facts: Pick<MailFacts, "keyFits" | "configs" | "now">): string[] {
  const { level, sentence } = mailStatus({
    ...facts,
    oldestWaitingAt: null,
    lastSentAt: null,
    sandbox: null,
  });
  if (level === "bad" || level === "none") return [sentence];
  return configIssues(facts.configs, facts.now)
    .filter(({ code }) => code === "problem" || code === "paused")
    .map(({ reason }) => reason);
}

/** The figures about the queue that `/metrics` shows. */
export async function readQueueFigures({ reader }: Store, clock: Clock): Promise<QueueFigures> {
  const now = clock.now();
  const oldest = await findOldestWaiting(reader, now);
  return { ...(await countOpen(reader)), oldestAgeMs: oldest === null ? 0 : now - oldest.createdAt };
}
