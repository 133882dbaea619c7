import { Random } from "../world/random.ts";
import {
  type Extent,
  emailPlan,
  faultPlan,
  minuteMs,
  nodePlan,
  refusals,
  relayPlan,
  secondMs,
  tooFast,
} from "./parts.ts";
import type { Fault, Plan } from "./plan.ts";
import { routedPlan } from "./routing.ts";

/** The plan of a seed: of all sorts, or of one of the sorts of trouble that chance would rarely make. */
export function generate(seed: number): Plan {
  return routedPlan(basePlan(seed), new Random(`routing ${seed}`));
}

function basePlan(seed: number): Plan {
  const random = new Random(`plan ${seed}`);
  for (const [share, make] of sorts) {
    if (random.chance(share)) return make(seed, random);
  }
  return anything(seed, random);
}

/** Each with how many of the plans that were not made yet are of its sort. */
const sorts: readonly (readonly [number, (seed: number, random: Random) => Plan])[] = [
  [0.02, crowd],
  [0.02, largeEmails],
  [0.02, muchContent],
  [0.03, slowAnswers],
  [0.03, refusedSignIn],
  [0.03, shortLives],
  [0.02, putOff],
  [0.03, stopInTrouble],
  [0.02, foreignNode],
  [0.02, brokenResolver],
  [0.02, lostLeases],
  [0.03, refusedOutcomes],
];

function anything(seed: number, random: Random): Plan {
  const shared = random.chance(0.3);
  const nodes = Array.from({ length: shared ? random.int(1, 3) : 1 }, (_, index) => nodePlan(random, index));
  const relays = Array.from({ length: random.pick([1, 1, 1, 2, 2, 3]) }, () => relayPlan(random));
  const emails = Array.from({ length: random.int(1, 10) }, () => emailPlan(random, nodes.length));
  const extent: Extent = { shared, nodes: nodes.length, relays: relays.length, emails: emails.length };
  const faults = Array.from({ length: random.int(0, 5) }, () => faultPlan(random, extent)).filter(
    (each) => each !== null,
  );
  return { seed, shared, nodes, relays, emails, faults };
}

/** Many emails for a relay that wants few. */
function crowd(seed: number, random: Random): Plan {
  const relay = { ...relayPlan(random), maxConnections: random.int(1, 2), maxSessions: 10, auth: false };
  const emails = Array.from({ length: random.int(50, 60) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, secondMs),
    startsInMs: 0,
    livesMs: 30 * minuteMs,
  }));
  const point = random.pick(["mail", "rcpt", "dot"] as const);
  const action = { do: "reply", text: random.pick(tooFast) } as const;
  const faults: Fault[] = [{ kind: "relay", at: 0, forMs: 3 * minuteMs, relay: 0, point, action, share: 1 }];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays: [relay], emails, faults };
}

/** A large email among small ones, to a relay that reads slowly. */
function largeEmails(seed: number, random: Random): Plan {
  const relay = {
    ...relayPlan(random),
    bytesPerMs: random.int(80, 120),
    maxConnections: 2,
    maxPerSecond: null,
  };
  const base = { ...emailPlan(random, 1), recipients: 1, livesMs: 30 * minuteMs, startsInMs: 0 };
  const large = { ...base, at: 0, bytes: random.int(2_000_000, 4_000_000) };
  const small = Array.from({ length: random.int(3, 9) }, () => ({
    ...base,
    at: random.int(0, 3 * secondMs),
    bytes: 300,
    priority: random.pick(["high", "normal"] as const),
  }));
  const relays = [{ ...relay, maxBytes: null, maxSessions: 10, pipelining: true }];
  return {
    seed,
    shared: false,
    nodes: [{ joinsAt: 0, skewMs: 0 }],
    relays,
    emails: [large, ...small],
    faults: [],
  };
}

/** More large emails at once than a node has memory for. */
function muchContent(seed: number, random: Random): Plan {
  const relay = {
    ...relayPlan(random),
    bytesPerMs: random.int(30, 100),
    maxConnections: random.int(2, 4),
    maxPerSecond: null,
  };
  const emails = Array.from({ length: random.int(3, 6) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, secondMs),
    livesMs: 30 * minuteMs,
    startsInMs: 0,
    bytes: random.pick([300, 300_000, 450_000]),
  }));
  const relays = [{ ...relay, maxBytes: null, maxSessions: 10 }];
  const extent: Extent = { shared: false, nodes: 1, relays: 1, emails: emails.length };
  const fault = random.chance(0.5) ? faultPlan(random, extent) : null;
  return {
    seed,
    shared: false,
    nodes: [{ joinsAt: 0, skewMs: 0 }],
    relays,
    emails,
    faults: fault === null ? [] : [fault],
  };
}

/** Answers that take longer than a lease, while the clocks are set. */
function slowAnswers(seed: number, random: Random): Plan {
  const shared = random.chance(0.6);
  const nodes = Array.from({ length: shared ? 2 : 1 }, (_, index) => ({
    joinsAt: index * secondMs,
    skewMs: 0,
  }));
  const relay = { ...relayPlan(random), serviceMs: random.int(45, 150) * secondMs };
  const emails = Array.from({ length: random.int(1, 5) }, () => ({
    ...emailPlan(random, nodes.length),
    livesMs: 30 * minuteMs,
  }));
  const byMs = random.pick([-60, -20, -5, 5]) * minuteMs;
  const faults: Fault[] = [{ kind: "clock", at: random.int(0, 20 * secondMs), forMs: 0, node: null, byMs }];
  return { seed, shared, nodes, relays: [relay], emails, faults };
}

/** A config that has worked, and whose relay refuses a session for good, once or for a while. */
function refusedSignIn(seed: number, random: Random): Plan {
  const relay = { ...relayPlan(random), auth: true, serviceMs: 5 };
  const times = [
    0,
    random.int(1, 10) * secondMs,
    random.int(20, 60) * secondMs,
    random.int(40, 200) * secondMs,
  ];
  const emails = times.map((at) => ({ ...emailPlan(random, 1), at, startsInMs: 0 }));
  const point = random.pick(["auth", "greeting", "ehlo"] as const);
  const text = random.pick(refusals[point]?.filter((each) => each.startsWith("5")) ?? []);
  const span = { at: 15 * secondMs, forMs: random.pick([10, 60, 200]) * secondMs };
  const faults: Fault[] = [
    { ...span, kind: "relay", relay: 0, point, action: { do: "reply", text }, share: 1 },
  ];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays: [relay], emails, faults };
}

/** Emails whose time is over soon, to a relay that takes nothing for a part of it. */
function shortLives(seed: number, random: Random): Plan {
  const livesMs = () => random.pick([1, 3, 8, 15]) * minuteMs + random.int(0, 50 * secondMs);
  const emails = Array.from({ length: random.int(1, 6) }, () => ({
    ...emailPlan(random, 1),
    livesMs: livesMs(),
  }));
  const point = random.pick(["mail", "rcpt", "data", "dot"] as const);
  const action = { do: "reply", text: "451 4.3.0 Try later" } as const;
  const forMs = random.int(1, 12) * minuteMs;
  const faults: Fault[] = [
    { at: 0, forMs, kind: "relay", relay: 0, point, action, share: random.pick([0.5, 1]) },
  ];
  const relays = [relayPlan(random)];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays, emails, faults };
}

/** Emails whose recipients are put off until their time is over. */
function putOff(seed: number, random: Random): Plan {
  const relay = { ...relayPlan(random), serviceMs: 5, maxSessions: 20, maxPerSecond: null };
  const emails = Array.from({ length: random.int(1, 3) }, () => ({
    ...emailPlan(random, 1),
    livesMs: random.int(3, 8) * minuteMs,
    startsInMs: 0,
  }));
  const action = { do: "reply", text: "451 4.2.0 Greylisted" } as const;
  const faults: Fault[] = [
    { at: 0, forMs: 12 * minuteMs, kind: "relay", relay: 0, point: "rcpt", action, share: 1 },
  ];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays: [relay], emails, faults };
}

/** A node that is to stop while its relay is slow and its database is not there. */
function stopInTrouble(seed: number, random: Random): Plan {
  const shared = random.chance(0.5);
  const relay = { ...relayPlan(random), serviceMs: random.int(1, 20) * secondMs };
  const emails = Array.from({ length: random.int(1, 6) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, 2 * secondMs),
  }));
  const how = random.pick(["away", "locked", "timeout"] as const);
  const deadlineMs = random.pick([500, 3_000, 10_000]);
  const faults: Fault[] = [
    { at: 2_500, forMs: random.int(30, 90) * secondMs, kind: "database", how, node: null, share: 1 },
    { at: random.int(1, 15) * secondMs, forMs: 5_000, kind: "stop", node: 0, deadlineMs },
  ];
  return { seed, shared, nodes: [{ joinsAt: 0, skewMs: 0 }], relays: [relay], emails, faults };
}

/** A relay that cannot be used while the database refuses what became of emails. */
function refusedOutcomes(seed: number, random: Random): Plan {
  const emails = Array.from({ length: random.int(1, 6) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, minuteMs),
  }));
  const point = random.pick(["dial", "greeting", "ehlo"] as const);
  const span = { at: random.int(0, 10 * secondMs), forMs: random.int(10, 60) * secondMs };
  const faults: Fault[] = [
    { ...span, kind: "relay", relay: 0, point, action: { do: "drop" }, share: 1 },
    { ...span, kind: "database", how: "refusing", node: null, share: random.pick([0.6, 1]) },
  ];
  const relays = [relayPlan(random)];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays, emails, faults };
}

/** A node with another secret beside one that is right. */
function foreignNode(seed: number, random: Random): Plan {
  const emails = Array.from({ length: random.int(2, 8) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, minuteMs),
    startsInMs: 0,
  }));
  const faults: Fault[] = [
    { kind: "foreign-node", at: random.int(0, 5 * secondMs), forMs: random.int(20, 80) * secondMs },
  ];
  const relays = [{ ...relayPlan(random), auth: true }];
  return { seed, shared: true, nodes: [{ joinsAt: 0, skewMs: 0 }], relays, emails, faults };
}

/** Two nodes, one of which finds no relay for a while. */
function brokenResolver(seed: number, random: Random): Plan {
  const nodes = [0, 1].map((index) => nodePlan(random, index));
  const emails = Array.from({ length: random.int(2, 8) }, () => emailPlan(random, 2));
  const faults: Fault[] = [
    { kind: "resolver", node: 0, at: random.int(0, 5 * secondMs), forMs: random.int(20, 120) * secondMs },
  ];
  return { seed, shared: true, nodes, relays: [relayPlan(random)], emails, faults };
}

/** A node that does not reach its database until another one has its emails, which wait for a slow relay. */
function lostLeases(seed: number, random: Random): Plan {
  const nodes = [0, 1].map((index) => ({ ...nodePlan(random, index), joinsAt: index * 5 * secondMs }));
  const relay = {
    ...relayPlan(random),
    pipelining: true,
    maxConnections: 2,
    maxSessions: 20,
    maxPerSecond: null,
    serviceMs: random.int(10, 25) * secondMs,
  };
  const emails = Array.from({ length: random.int(4, 9) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, 2 * secondMs),
    startsInMs: 0,
    livesMs: 30 * minuteMs,
  }));
  const how = random.pick(["away", "timeout"] as const);
  const span = { at: random.int(6, 12) * secondMs, forMs: random.int(50, 100) * secondMs };
  const faults: Fault[] = [{ ...span, kind: "database", how, node: 0, share: 1 }];
  return { seed, shared: true, nodes, relays: [relay], emails, faults };
}
