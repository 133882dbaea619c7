import type { SimulatedNode } from "../node.ts";
import type { Scene } from "../scene.ts";
import { askedAt } from "./configs.ts";
import { type WaitingEmail, Ways } from "./ways.ts";

interface OpenRow extends WaitingEmail {
  readonly state: "queued" | "sending";
  readonly next_attempt_at: number | null;
  readonly expires_at: number;
  readonly lease: number;
  readonly lease_until: number | null;
}

/** There is a tick at least once a minute; with what it does, that is the longest wait for a lost wake-up. */
const tickMs = 65_000;
/** One node that has nothing else to do begins at once. */
const idleNodeMs = 4_000;
/** A lease whose claim was committed, while its answer was lost, is found by the next tick. */
const leaseOverMs = 75_000;
/** A breaker that the database has refused is stored after this time. */
const breakerMs = 65_000;
/** Nodes have seen by then that the clock of their database was set. */
const clockLookMs = 15_000;
/** So long after a step forward nothing expires that had time left before it; with a tick. */
const stepGraceMs = 11 * 60_000;
const lateMs = 5 * 60_000;
const behindMs = 5_000;
/** What an email may wait behind: a relay of these plans reads it in less than the time above. */
export const largeBytes = 256 * 1024;

/** Since when something has been so, as of the last looks. */
export class QueueMemory {
  readonly #since = new Map<string, number>();

  /** For how long it has been so without a break. */
  lasts(what: string, isSo: boolean, now: number): number {
    if (!isSo) {
      this.#since.delete(what);
      return 0;
    }
    const since = this.#since.get(what) ?? now;
    this.#since.set(what, since);
    return now - since;
  }
}

/** @returns how many emails are open, and whether one is under way or due. */
export function checkQueue(scene: Scene, memory: QueueMemory): { open: number; isBusy: boolean } {
  const rows = scene.database.look<OpenRow>(
    "select id, state, next_attempt_at, expires_at, lease, lease_until, refused_by from emails where state in ('queued', 'sending')",
  );
  const { now } = scene.scheduler;
  const { working, server } = scene;
  const isWell =
    working.length > 0 &&
    server.isWell &&
    now - server.troubleAt > 10_000 &&
    now - server.breakerRefusedAt > breakerMs;
  const latest = (time: (node: SimulatedNode) => number) => Math.min(...working.map(time));
  /** By the slowest clock. */
  const today = latest(({ clock }) => clock.now());
  const ways = new Ways(scene, today);
  const hasNode = working.some(({ hasFault }) => !hasFault);
  const isUsableBy = (row: OpenRow) => hasNode && ways.isUsable(row);
  // What was to be sent at once is due whatever the clocks were set to since.
  const isFresh = ({ id, lease }: OpenRow) =>
    lease === 0 && scene.emails.some((email) => email.id === id && email.plan.startsInMs === 0);
  const isDue = (row: OpenRow) =>
    row.state === "queued" && row.expires_at > today && ((row.next_attempt_at ?? 0) <= today || isFresh(row));
  const due = rows.filter(isDue);
  checkProgress(scene, memory, {
    due: due.filter(isUsableBy),
    isWell: isWell && now - scene.clocksSetAt > clockLookMs,
  });
  checkIdleNode(scene, memory, {
    rows,
    due: due.filter((row) => ways.isFree(row)),
    isWell,
  });
  for (const row of rows) {
    checkRow(scene, memory, row, { isWell, today });
    const isLate =
      isWell &&
      hasNode &&
      ways.isUsable(row, { isLimited: false }) &&
      scene.isResolving &&
      isDue(row) &&
      scene.relays.every((relay) => relay.isWell);
    const ms = memory.lasts(`${row.id} is late`, isLate, now);
    scene.require(
      ms <= lateMs + scene.plan.emails.length * slowestMs(scene),
      "no email is late",
      () => `${scene.nameOf(row.id)} has been due for ${ms} ms`,
    );
  }
  return { open: rows.length, isBusy: due.length > 0 || rows.some(({ state }) => state === "sending") };
}

/** Whatever is due begins, on whichever node. */
function checkProgress(
  scene: Scene,
  memory: QueueMemory,
  given: { due: readonly OpenRow[]; isWell: boolean },
): void {
  const { now } = scene.scheduler;
  const active = Math.max(
    scene.server.lastEmailChangeAt,
    ...scene.relays.map(({ lastContactAt }) => lastContactAt),
  );
  // A relay that is at something may have no room for more.
  const hasRoom = scene.relays.every(({ sessions }) => [...sessions.keys()].every(({ isBusy }) => !isBusy));
  const isQuiet = memory.lasts("quiet", given.isWell && hasRoom && given.due.length > 0, now);
  const ms = Math.min(isQuiet, now - active);
  scene.require(
    ms <= tickMs,
    "no wake-up is lost",
    () => `${given.due.length} emails are due, and nothing has happened for ${ms} ms`,
  );
}

function checkIdleNode(
  scene: Scene,
  memory: QueueMemory,
  given: { rows: readonly OpenRow[]; due: readonly OpenRow[]; isWell: boolean },
): void {
  const { now } = scene.scheduler;
  const isIdle =
    !scene.plan.shared &&
    given.isWell &&
    given.due.length > 0 &&
    given.rows.every(({ state }) => state === "queued") &&
    now - scene.clocksSetAt > tickMs &&
    now - scene.disturbedAt > idleNodeMs;
  const ms = memory.lasts("idle", isIdle && now - scene.server.lastEmailChangeAt > busyFor, now);
  scene.require(
    ms <= idleNodeMs,
    "a node with nothing else to do begins at once",
    () => `${given.due.length} emails are due, and the node has been idle for ${ms} ms`,
  );
}

/** What one email may take of the time of those behind it. */
export function slowestMs({ plan }: Scene): number {
  return Math.max(
    ...plan.relays.map(
      ({ serviceMs, latencyMs, maxPerSecond }) =>
        serviceMs + 20 * latencyMs + 1_000 / (maxPerSecond ?? 1_000),
    ),
  );
}

/** So long a node may look idle between two emails. */
const busyFor = 1_500;

function checkRow(
  scene: Scene,
  memory: QueueMemory,
  row: OpenRow,
  { isWell, today }: { isWell: boolean; today: number },
): void {
  const { now } = scene.scheduler;
  const leaseTime = scene.plan.shared ? scene.server.clock.now() : today;
  // By the time before a step forward it may have time left.
  const isExpired =
    isWell && now - scene.clocksSetAt > stepGraceMs && row.state === "queued" && row.expires_at <= today;
  const expiredMs = memory.lasts(`${row.id} is expired`, isExpired, now);
  scene.require(
    expiredMs <= tickMs,
    "an email whose time is over ends",
    () => `${scene.nameOf(row.id)} has been queued for ${expiredMs} ms past its time`,
  );
  const isOver = isWell && row.state === "sending" && (row.lease_until ?? 0) <= leaseTime;
  const overMs = memory.lasts(`${row.id} has no lease`, isOver, now);
  scene.require(
    overMs <= leaseOverMs,
    "a lease is renewed or freed",
    () => `the lease of ${scene.nameOf(row.id)} ran out ${overMs} ms ago`,
  );
  checkOrder(scene, memory, row, isWell);
}

/** No email waits behind a large one while a session is free. */
function checkOrder(scene: Scene, memory: QueueMemory, row: OpenRow, isWell: boolean): void {
  const { now } = scene.scheduler;
  const email = scene.emails.find(({ id }) => id === row.id);
  const hasLarge = scene.plan.emails.some(({ bytes }) => bytes > largeBytes);
  const isCalm = isWell && hasLarge && !scene.plan.shared && scene.relays.every((relay) => relay.isWell);
  const isWaiting = row.state === "sending" && isCalm && email !== undefined;
  const key = `${row.id} waits by lease ${row.lease}`;
  const waitedMs = memory.lasts(key, isWaiting, now);
  if (!isWaiting || waitedMs < behindMs || email === undefined) return;
  if (askedAt(scene.relays, email.number) > now - waitedMs - behindMs) return;
  // Two large ones may have to wait for each other.
  if (email.plan.bytes > largeBytes) return;
  const free = scene.relays.find(({ sessions }) => {
    const all = [...sessions.keys()];
    return (
      all.some((session) => session.isBusy) &&
      all.some((session) => !session.isBusy && now - session.idleSince > behindMs)
    );
  });
  scene.require(
    free === undefined,
    "a large email holds up nobody beside a free session",
    () => `${scene.nameOf(row.id)} has waited for ${waitedMs} ms beside a free session of ${free?.name}`,
  );
}
