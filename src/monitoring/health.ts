import type { Clock } from "../core/clock.ts";
import { ageInWords } from "../core/format.ts";
import type { QueueFigures } from "../core/metrics.ts";
import type { NodeFault } from "../delivery/routes.ts";
import type { Intake } from "../emails/intake.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { findOldestWaiting } from "../store/tables/email-counts.ts";
import { countOpen } from "../store/tables/emails.ts";
import { configIssues, intakeSentences, type MailFacts, mailStatus } from "./status.ts";

/** How the service is, for monitoring: `ok` while emails can be accepted and delivered. */
export interface Health {
  readonly ok: boolean;
  /** In words: what prevents delivery of mail; empty when nothing does. */
  readonly problems: readonly string[];
  readonly key: "fits" | "mismatch";
  readonly emails: { readonly queued: number; readonly sending: number };
}

export interface HealthDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configs: SmtpConfigs;
  readonly intake: Intake;
  readonly clock: Clock;
  /** Whether everything goes to the sandbox. */
  readonly isCaptured: boolean;
  /** What is wrong with this node. */
  readonly nodeFaults: () => readonly NodeFault[];
  /** By how many milliseconds this node's time of day is ahead of the database's. */
  readonly skewMs: () => number;
}

/** A clock that is further off makes certificates look expired, or not valid yet. Milliseconds. */
const maxSkewMs = 60_000;

/** @throws SendwrightError `store.unavailable` */
export async function readHealth(dependencies: HealthDependencies): Promise<Health> {
  const { store, secrets, configs, intake, clock, isCaptured, nodeFaults, skewMs } = dependencies;
  const emails = await countOpen(store.reader);
  const saved = await configs.list();
  const now = clock.now();
  const stop = await intake.stop();
  const problems = [
    ...(stop === null ? [] : [intakeSentences[stop]]),
    ...problemsOf({ keyFits: secrets.fits, nodeFaults: nodeFaults(), configs: saved, isCaptured, now }),
    ...clockProblems(skewMs()),
  ];
  return { ok: problems.length === 0, problems, key: secrets.fits ? "fits" : "mismatch", emails };
}

/** Only what prevents delivery: late, untested or captured mail is not a problem of the service. */
function problemsOf(
  facts: Pick<MailFacts, "keyFits" | "nodeFaults" | "configs" | "isCaptured" | "now">,
): string[] {
  const { level, sentence } = mailStatus({
    ...facts,
    intakeStop: null,
    oldestWaitingAt: null,
    lastSentAt: null,
    sandboxPort: null,
  });
  if (level === "bad" || level === "none") return [sentence];
  // Captured mail needs no config.
  if (facts.isCaptured) return [];
  return configIssues(facts.configs, facts)
    .filter(({ code }) => code === "problem" || code === "paused" || code === "node_fault")
    .map(({ reason }) => reason);
}

function clockProblems(skewMs: number): string[] {
  if (Math.abs(skewMs) <= maxSkewMs) return [];
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return [
    `This node's clock is ${ageInWords(Math.abs(skewMs))} ${direction} the database's. Correct the time on this node.`,
  ];
}

/** The figures about the queue that `/metrics` shows. */
export async function readQueueFigures({ reader }: Store, clock: Clock): Promise<QueueFigures> {
  const now = clock.now();
  const oldest = await findOldestWaiting(reader, now);
  return { ...(await countOpen(reader)), oldestAgeMs: oldest === null ? 0 : now - oldest.createdAt };
}
