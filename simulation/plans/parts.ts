import type { Random } from "../world/random.ts";
import type { EmailPlan, Fault, Misbehavior, NodePlan, Point, RelayPlan } from "./plan.ts";

export const secondMs = 1_000;
export const minuteMs = 60_000;

export function nodePlan(random: Random, index: number): NodePlan {
  const farMs = random.pick([-10 * minuteMs, -45 * secondMs, 45 * secondMs, 10 * minuteMs]);
  const nearMs = random.int(-secondMs, secondMs);
  return {
    joinsAt: index === 0 ? 0 : random.int(0, 20 * secondMs),
    skewMs: random.chance(0.4) ? farMs : nearMs,
  };
}

export function relayPlan(random: Random): RelayPlan {
  const maxConnections = random.int(1, 5);
  return {
    pipelining: random.chance(0.8),
    smtpUtf8: random.chance(0.5),
    maxBytes: random.chance(0.3) ? random.pick([1_500, 10_000_000]) : null,
    auth: random.chance(0.4),
    latencyMs: random.pick([1, 5, 20, 80, 400]),
    serviceMs: random.pick([1, 5, 50, 1_000, 8_000]),
    bytesPerMs: random.pick([10, 1_000, 100_000]),
    maxSessions: random.chance(0.2) ? random.int(1, maxConnections) : 20,
    maxConnections,
    maxPerSecond: random.chance(0.2) ? random.int(1, 4) : null,
    maxPerMinute: null,
    maxPerHour: null,
    maxRecipientsPerDay: null,
    senders: [],
    isSandbox: false,
  };
}

export function emailPlan(random: Random, nodes: number): EmailPlan {
  return {
    at: random.chance(0.6) ? random.int(0, 2 * secondMs) : random.int(0, 3 * minuteMs),
    node: random.int(0, nodes - 1),
    recipients: random.pick([1, 1, 1, 2, 3]),
    bytes: random.pick([100, 300, 2_000]),
    priority: random.pick(["high", "normal", "low"]),
    livesMs: random.pick([2, 10, 15, 30, 30, 100]) * minuteMs,
    startsInMs: random.chance(0.1) ? random.int(secondMs, 10 * minuteMs) : 0,
    hold: random.chance(0.2),
    from: null,
    via: null,
  };
}

/** How many there are of what a fault may hit. */
export interface Extent {
  readonly shared: boolean;
  readonly nodes: number;
  readonly relays: number;
  readonly emails: number;
}

export const tooFast = [
  "421 4.7.0 Too many messages",
  "451 4.7.1 Rate limit exceeded",
  "450 4.2.1 Slow down",
];
/** What relays reply where they refuse, by the point of the session. */
export const refusals: Partial<Record<Point, readonly string[]>> = {
  greeting: ["421 4.3.2 Shutting down", "554 5.7.1 No service for you"],
  ehlo: ["421 4.3.2 Shutting down", "550 5.7.1 Not you"],
  auth: ["454 4.7.0 Try later", "535 5.7.8 Temporary trouble with LDAP", "421 4.3.2 Shutting down"],
  mail: [...tooFast, "550 5.7.1 Sender address not verified"],
  rcpt: ["451 4.2.0 Greylisted", "421 4.3.2 Shutting down"],
  data: ["451 4.3.0 Try later", "421 4.3.2 Shutting down"],
  dot: [
    "451 4.3.0 Try later",
    "550 5.4.5 Daily user sending limit exceeded",
    "554 5.7.1 Looks like spam",
    "452 4.3.1 Disk full",
  ],
};

export function faultPlan(random: Random, extent: Extent): Fault | null {
  const span = {
    at: random.chance(0.5) ? random.int(0, 5 * secondMs) : random.int(0, 3 * minuteMs),
    forMs: random.pick([500, 5 * secondMs, 30 * secondMs, minuteMs, 4 * minuteMs]),
  };
  const node = random.int(0, extent.nodes - 1);
  const relay = random.int(0, extent.relays - 1);
  const kind = random.next();
  if (kind < 0.4)
    return { ...span, kind: "relay", relay, ...misbehavior(random), share: random.pick([0.2, 0.6, 1]) };
  if (kind < 0.6) {
    const how = random.pick(["away", "locked", "refusing", "timeout", "answer-lost"] as const);
    const isOfAll = !extent.shared || random.chance(0.5);
    return { ...span, kind: "database", how, node: isOfAll ? null : node, share: random.pick([0.3, 1]) };
  }
  if (kind < 0.65) return { ...span, kind: "poison", email: random.int(0, extent.emails - 1) };
  if (kind < 0.75) return { ...span, kind: "kill", node };
  if (kind < 0.8) return { ...span, kind: "stop", node, deadlineMs: random.pick([500, 3_000, 20_000]) };
  if (kind < 0.86) {
    const byMs = random.pick([-60, -10, -1, 1, 10, 60]) * minuteMs;
    return { ...span, kind: "clock", node: random.chance(0.7) ? null : node, byMs };
  }
  if (kind < 0.88) return { ...span, kind: "freeze", node };
  if (kind < 0.9) return { ...span, kind: "resolver", node };
  if (kind < 0.96) {
    return {
      ...span,
      kind: "config",
      relay,
      edit: random.pick(["save", "disable", "wrong-password"] as const),
    };
  }
  if (!extent.shared) return null;
  return random.chance(0.5)
    ? { ...span, kind: "announcements", how: random.pick(["lost", "late"] as const) }
    : { ...span, kind: "foreign-node" };
}

function misbehavior(random: Random): { point: Point; action: Misbehavior } {
  if (random.chance(0.5)) {
    const point = random.pick(Object.keys(refusals) as Point[]);
    return { point, action: { do: "reply", text: random.pick(refusals[point] ?? []) } };
  }
  const point = random.pick([
    "dial",
    "greeting",
    "ehlo",
    "mail",
    "rcpt",
    "data",
    "content",
    "dot",
    "accepted",
  ] as const);
  return { point, action: { do: random.pick(["drop", "cut", "stall"] as const) } };
}
