import { emailOf } from "../node.ts";
import type { Relay } from "../relay/relay.ts";
import type { Scene } from "../scene.ts";

interface ConfigRow {
  readonly id: string;
  readonly name: string;
  readonly paused_until: number | null;
  readonly trial_until: number | null;
  readonly failures: number;
  readonly version: number;
  readonly proven_version: number | null;
}

/** Waits for replies end after ten minutes, sessions and transactions after a quarter of an hour. */
const longestWaitMs = 16 * 60_000;
/** After its first failure, a config that has worked is used again soon. */
const firstPauseMs = 90_000;
/** Nodes know of each other after this time. */
const settledMs = 45_000;
/** Messages that begin a second apart may arrive closer to each other. */
const jitterMs = 100;
/** The rate is that of acquiring slots: messages that wait in a session for a slow relay begin as it answers. */
const slotsPerSession = 3;
const windowMs = 10_000;
/** What may be under way in one session when its relay begins to turn messages away. */
const perSession = 15;

/** @param pauses until when each config was paused when this was called last, by name. */
export function checkConfigs(scene: Scene, pauses: Map<string, number | null>): void {
  const rows = scene.database.look<ConfigRow>(
    "select id, name, paused_until, trial_until, failures, version, proven_version from smtp_config",
  );
  for (const relay of scene.relays) {
    const row = rows.find(({ name }) => name === relay.name);
    if (row === undefined) continue;
    const before = pauses.get(relay.name) ?? null;
    pauses.set(relay.name, row.paused_until);
    // A trial begins with the first email after a pause, however late that comes.
    if (row.paused_until !== null && row.trial_until === null && row.paused_until !== before)
      checkPause(scene, relay, row, before);
    checkLimits(scene, relay);
    checkRestraint(scene, relay);
  }
}

function checkPause(scene: Scene, relay: Relay, row: ConfigRow, before: number | null): void {
  const { now } = scene.scheduler;
  const [node] = scene.working;
  if (node === undefined) return;
  const ms = (row.paused_until ?? 0) - node.clock.now();
  if (ms <= 0) return;
  scene.trace.note(relay.name, `is paused for ${Math.round(ms / 1_000)} s`);
  // One of several nodes keeps its own fault to itself.
  const isOwnFault =
    !scene.plan.shared && (!scene.isResolving || now - scene.resolverTroubleAt <= longestWaitMs);
  scene.require(
    isOwnFault || now - relay.troubleAt <= longestWaitMs,
    "no config is paused without a reason of its relay",
    () => `${relay.name} is paused, and did nothing wrong`,
  );
  const isFirst = before === null && row.failures <= 1;
  const isProven = row.proven_version === row.version;
  const isAboutAccount = now - relay.accountTroubleAt <= longestWaitMs;
  scene.require(
    !isFirst || !isProven || isAboutAccount || ms <= firstPauseMs || now - scene.clocksSetAt < settledMs,
    "a config that has worked is used again soon",
    () => `${relay.name} is paused for ${Math.round(ms / 1_000)} s after one failure`,
  );
}

/**
 * Over all nodes together, once they know of each other. Sessions from before go on until their messages are done:
 * they are not counted.
 */
function checkLimits(scene: Scene, relay: Relay): void {
  const { now } = scene.scheduler;
  const { server, disturbedAt } = scene;
  const settledAt = Math.max(disturbedAt, server.troubleAt) + settledMs;
  if (now < settledAt || !server.isWell) return;
  const { maxConnections, maxPerSecond } = relay.plan;
  const sessions = [...relay.sessions.keys()].filter(({ openedAt }) => openedAt > settledAt).length;
  scene.require(
    sessions <= maxConnections,
    "the limits of a config hold",
    () => `${sessions} sessions with ${relay.name}, which may have ${maxConnections}`,
  );
  if (maxPerSecond === null) return;
  const begun = relay.decided.map(({ arrivedAt }) => arrivedAt).filter((at) => at > settledAt);
  begun.sort((one, two) => one - two);
  const waiting = slotsPerSession * maxConnections;
  const tooSoon = begun.findIndex((at, first) =>
    begun.slice(first).some((later, ahead) => {
      const allowed = maxPerSecond * (1 + (later - at + jitterMs) / 1_000) + waiting;
      return ahead + 1 > allowed;
    }),
  );
  scene.require(
    tooSoon === -1,
    "the limits of a config hold",
    () => `more than ${maxPerSecond} messages a second for ${relay.name} from ${begun[tooSoon]} ms on`,
  );
}

/** A relay that asks for slowness gets it. */
function checkRestraint(scene: Scene, relay: Relay): void {
  const since = scene.scheduler.now - windowMs;
  relay.turnedAway = relay.turnedAway.filter((at) => at > since);
  const { length } = relay.turnedAway;
  scene.require(
    length <= perSession * (relay.plan.maxConnections + 1),
    "a relay that turns mail away is left alone",
    () => `${relay.name} turned ${length} away in ${windowMs / 1_000} s`,
  );
}

/** When a relay was last asked for a recipient of this email. */
export function askedAt(relays: readonly Relay[], number: number): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const relay of relays) {
    for (const [recipient, at] of relay.askedAt) {
      if (emailOf(recipient) === number) latest = Math.max(latest, at);
    }
  }
  return latest;
}
