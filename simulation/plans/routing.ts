import type { Random } from "../world/random.ts";
import { type Extent, emailPlan, faultPlan, minuteMs, nodePlan, relayPlan, secondMs } from "./parts.ts";
import { type EmailPlan, type Fault, fromEmailOf, type Plan, type RelayPlan } from "./plan.ts";

/** Senders that emails ask for; configs own some of them. */
const wanted = ["orders@shop.test", "any@shop.test", "news@brand.test", "nobody@elsewhere.test"];
const owned = ["orders@shop.test", "@shop.test", "news@brand.test", "@brand.test"];
/** What relays say of the account or its sender, rather than of the message. */
const refusedHere = [
  "553 5.7.1 Sender address rejected: not owned by user shop",
  "550 5.4.5 Daily user sending limit exceeded",
  "550 5.1.8 Access denied, bad outbound sender",
];
/** With more emails than this, small limits would only make them expire. */
const fewEmails = 12;

/** A plan in which some emails have a sender or name a config, and some configs have limits; or the plan as it was. */
export function routedPlan(plan: Plan, random: Random): Plan {
  if (random.chance(0.06)) return senders(plan.seed, random);
  if (random.chance(0.06)) return limits(plan.seed, random);
  if (random.chance(0.06)) return refusedSenders(plan.seed, random);
  if (!random.chance(0.25)) return plan;
  const relays = plan.relays.map((relay) => withSenders(relay, random));
  const hasLimits = plan.emails.length <= fewEmails && random.chance(0.5);
  const emails = plan.emails.map((email) => routedEmail(email, relays.length, random));
  const faults = random.chance(0.5) ? [...plan.faults, routingFault(relays.length, random)] : plan.faults;
  return {
    ...plan,
    relays: hasLimits ? relays.map((each) => limited(each, random)) : relays,
    emails,
    faults,
  };
}

function withSenders(relay: RelayPlan, random: Random): RelayPlan {
  return { ...relay, senders: owned.filter(() => random.chance(0.3)), isSandbox: random.chance(0.06) };
}

function limited(relay: RelayPlan, random: Random): RelayPlan {
  const kind = random.next();
  return {
    ...relay,
    maxPerMinute: kind < 0.4 ? random.int(1, 3) : null,
    maxPerHour: kind >= 0.3 && kind < 0.6 ? random.int(1, 5) : null,
    maxRecipientsPerDay: kind >= 0.6 && kind < 0.75 ? random.int(2, 8) : null,
  };
}

function routedEmail(email: EmailPlan, relays: number, random: Random): EmailPlan {
  const relay = random.int(0, relays - 1);
  const from = random.chance(0.3) ? fromEmailOf(relay) : random.pick(wanted);
  return {
    ...email,
    from: random.chance(0.6) ? from : null,
    via: random.chance(0.25) ? { relay: random.int(0, relays - 1), fallback: random.chance(0.5) } : null,
  };
}

function routingFault(relays: number, random: Random): Fault {
  const at = random.int(0, minuteMs);
  const relay = random.int(0, relays - 1);
  const forMs = random.pick([5 * secondMs, 30 * secondMs, 2 * minuteMs]);
  if (random.chance(0.4)) {
    return { kind: "config", at, forMs, relay, edit: random.pick(["senders", "limits", "last"] as const) };
  }
  const point = random.pick(["mail", "rcpt", "rcpt", "dot"] as const);
  const action = { do: "reply", text: random.pick(refusedHere) } as const;
  return { kind: "relay", at, forMs, relay, point, action, share: random.pick([0.3, 0.6, 1]) };
}

/** Several configs with senders of their own, while relays refuse some and an admin changes others. */
function senders(seed: number, random: Random): Plan {
  const shared = random.chance(0.3);
  const nodes = Array.from({ length: shared ? 2 : 1 }, (_, index) => nodePlan(random, index));
  const relays = Array.from({ length: random.int(2, 3) }, () => withSenders(relayPlan(random), random));
  const emails = Array.from({ length: random.int(4, 10) }, () =>
    routedEmail(emailPlan(random, nodes.length), relays.length, random),
  );
  const faults = Array.from({ length: random.int(0, 3) }, () => routingFault(relays.length, random));
  return { seed, shared, nodes, relays, emails, faults };
}

/** A relay that lets its account not send as some senders, while it says so to each recipient. */
function refusedSenders(seed: number, random: Random): Plan {
  const relays = Array.from({ length: random.int(1, 2) }, () => ({
    ...relayPlan(random),
    serviceMs: 5,
    maxBytes: null,
    maxSessions: 20,
  }));
  const emails = Array.from({ length: random.int(1, 5) }, () => ({
    ...emailPlan(random, 1),
    at: random.int(0, minuteMs),
    recipients: random.int(1, 3),
    startsInMs: 0,
    from: random.pick([null, "nobody@elsewhere.test"]),
  }));
  const text = random.pick(refusedHere);
  const share = random.pick([0.4, 0.7, 1]);
  const action = { do: "reply", text } as const;
  const span = { at: random.int(0, 20 * secondMs), forMs: random.pick([20 * secondMs, minuteMs]) };
  const faults: Fault[] = [{ ...span, kind: "relay", relay: 0, point: "rcpt", action, share }];
  return { seed, shared: false, nodes: [{ joinsAt: 0, skewMs: 0 }], relays, emails, faults };
}

/** More emails than the limits of the configs let through at once, perhaps with another trouble. */
function limits(seed: number, random: Random): Plan {
  const shared = random.chance(0.4);
  const nodes = Array.from({ length: shared ? 2 : 1 }, (_, index) => nodePlan(random, index));
  const relays = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => ({
    ...limited(relayPlan(random), random),
    serviceMs: random.pick([5, 5, 1_000]),
  }));
  const livesMs = random.chance(0.1) ? 70 * minuteMs : random.int(4, 12) * minuteMs;
  const emails = Array.from({ length: random.int(4, 9) }, () => ({
    ...emailPlan(random, nodes.length),
    startsInMs: 0,
    livesMs,
  }));
  const extent: Extent = { shared, nodes: nodes.length, relays: relays.length, emails: emails.length };
  const trouble = random.next();
  const refusing: Fault = {
    kind: "relay",
    at: 0,
    forMs: random.int(1, 3) * minuteMs,
    relay: 0,
    point: random.pick(["mail", "rcpt"] as const),
    action: { do: "reply", text: "451 4.3.0 Try later" },
    share: random.pick([0.6, 1]),
  };
  const other = trouble < 0.4 ? refusing : trouble < 0.7 ? faultPlan(random, extent) : null;
  return { seed, shared, nodes, relays, emails, faults: other === null ? [] : [other] };
}
