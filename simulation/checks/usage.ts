import type { Claim } from "../database/server.ts";
import { emailOf } from "../node.ts";
import type { Scene } from "../scene.ts";
import type { KnownConfig, KnownLimit } from "./rule.ts";

/** Nodes of a shared database tell the time from each other by less; buckets are as long. */
const skewMs = 1_000;
/** After a clock was set, windows before and after it say nothing. */
const clockLookMs = 15_000;
/** What was counted is known to each node after this time. */
const knownMs = 10_000;

/** No config sends more in any window than its limits say, over all nodes together. */
export function checkWindows(scene: Scene): void {
  for (const config of scene.configs.latest) {
    if (config.limits.length === 0) continue;
    const since = Math.max(scene.configs.limitsSetAt.get(config.id) ?? 0, scene.clocksSetAt + clockLookMs);
    const sent = sentThrough(scene, config)
      .filter(({ at }) => at > since)
      .sort((one, two) => one.at - two.at);
    for (const limit of config.limits) checkWindow(scene, config, limit, sent);
  }
}

interface Sent {
  /** When the email was claimed: from that moment on it counts. */
  readonly at: number;
  readonly emails: number;
  readonly recipients: number;
}

function sentThrough(scene: Scene, { relay }: KnownConfig): readonly Sent[] {
  return (scene.relays[relay]?.accepted ?? []).flatMap(({ messageId, at, by, recipients }) => {
    const email = scene.emails.find((each) => each.messageId === messageId);
    const claim = email === undefined ? undefined : scene.server.claimOf(email.id, at, by.index);
    return claim === undefined ? [] : [{ at: claim.askedAt, emails: 1, recipients: recipients.length }];
  });
}

function checkWindow(scene: Scene, { relay }: KnownConfig, limit: KnownLimit, sent: readonly Sent[]): void {
  const { counts, max, windowMs } = limit;
  for (const [index, { at }] of sent.entries()) {
    const inWindow = sent.slice(index).filter((each) => each.at < at + windowMs - skewMs);
    const sum = inWindow.reduce((total, each) => total + each[counts], 0);
    scene.require(
      sum <= max,
      "no window has more than a limit allows",
      () => `relay${relay} accepted ${sum} ${counts} within ${windowMs / 1_000} s, and ${max} are allowed`,
    );
  }
}

/** Whether a config was free at a claim, and for a while before, whatever became of what else was claimed for it. */
export function wasSurelyFree(scene: Scene, config: KnownConfig, { at, recipients }: Claim): boolean {
  const isCounted = (claim: Claim) => claim.at <= at;
  return hasRoom(scene, config, { at, recipients, extraMs: knownMs, isCounted });
}

/** Whether a config may send so much now, if whatever its relay did not get was counted no more. */
export function hasRoomNow(scene: Scene, config: KnownConfig, recipients: number): boolean {
  // By which time a bucket ends is hard to say once a clock was set.
  if (config.limits.length > 0 && Number.isFinite(scene.clocksSetAt)) return false;
  const isCounted = (claim: Claim) => mayCount(scene, config, claim);
  return hasRoom(scene, config, { at: scene.scheduler.now, recipients, extraMs: skewMs, isCounted });
}

function hasRoom(
  scene: Scene,
  { id, limits }: KnownConfig,
  given: {
    readonly at: number;
    readonly recipients: number;
    readonly extraMs: number;
    readonly isCounted: (claim: Claim) => boolean;
  },
): boolean {
  if (limits.length === 0) return true;
  const { at: now } = given;
  const longest = Math.max(...limits.map(({ windowMs, bucketMs }) => windowMs + bucketMs)) + given.extraMs;
  const counted = [...scene.server.claims.values()]
    .flat()
    .filter((claim) => claim.limitedBy === id && now - claim.at <= longest && given.isCounted(claim));
  return limits.every(({ windowMs, bucketMs, counts, max }) => {
    const current = counted.filter(({ at }) => now - at <= windowMs + bucketMs + given.extraMs);
    const used = current.reduce((sum, { recipients }) => sum + (counts === "emails" ? 1 : recipients), 0);
    return used + (counts === "emails" ? 1 : given.recipients) <= max;
  });
}

/** A claim counts while it is under way, if its content was begun, and if what became of it may be lost. */
function mayCount(scene: Scene, { relay }: KnownConfig, claim: Claim): boolean {
  const { server } = scene;
  if (Math.max(scene.disturbedAt, server.troubleAt) >= claim.at || !server.isWell) return true;
  const claims = server.claims.get(claim.id) ?? [];
  const next = claims[claims.indexOf(claim) + 1];
  const number = scene.emails.find(({ id }) => id === claim.id)?.number;
  const isBegun = (scene.relays[relay]?.begun ?? []).some(
    ({ recipient, by, at }) =>
      emailOf(recipient) === number && by.index === claim.node && at >= claim.at && at <= (next?.at ?? at),
  );
  if (isBegun || next !== undefined) return isBegun;
  const sending = "select 1 from emails where id = ? and state = 'sending'";
  return server.database.look(sending, claim.id).length > 0;
}
