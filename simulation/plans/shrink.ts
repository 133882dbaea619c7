import type { Plan } from "./plan.ts";

/** Most runs that are spent on a smaller plan. */
const maxRuns = 250;

/**
 * A smaller plan that fails in the same way: without whatever it fails without, and with less of the rest.
 * @param fails whether a plan still fails in that way.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  let runs = 0;
  for (let isSmaller = true; isSmaller && runs < maxRuns; ) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      if (runs++ >= maxRuns) break;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** The largest steps first. */
function* smallerThan(plan: Plan): Generator<Plan> {
  for (const faults of without(plan.faults)) yield { ...plan, faults };
  for (const emails of without(plan.emails)) if (emails.length > 0) yield { ...plan, emails };
  if (plan.nodes.length > 1) yield { ...plan, nodes: plan.nodes.slice(0, -1) };
  if (plan.relays.length > 1) yield { ...plan, relays: plan.relays.slice(0, -1) };
  if (plan.shared && plan.nodes.length === 1) yield { ...plan, shared: false };
  for (const [index, email] of plan.emails.entries()) {
    const simple = {
      ...email,
      recipients: 1,
      bytes: Math.min(email.bytes, 100),
      startsInMs: 0,
      hold: false,
      node: 0,
    };
    const unrouted = [
      { ...email, via: null },
      { ...email, from: null },
    ];
    for (const simpler of [simple, ...unrouted]) {
      if (!isSame(simpler, email)) yield { ...plan, emails: plan.emails.with(index, simpler) };
    }
  }
  for (const [index, fault] of plan.faults.entries()) {
    if ("share" in fault && fault.share < 1) {
      yield { ...plan, faults: plan.faults.with(index, { ...fault, share: 1 }) };
    }
    const forMs = Math.floor(fault.forMs / 2);
    if (forMs >= 500) yield { ...plan, faults: plan.faults.with(index, { ...fault, forMs }) };
  }
  for (const [index, relay] of plan.relays.entries()) {
    const simple = {
      ...relay,
      auth: false,
      maxPerSecond: null,
      maxSessions: 20,
      maxBytes: null,
      smtpUtf8: false,
    };
    const unlimited = { ...relay, maxPerMinute: null, maxPerHour: null, maxRecipientsPerDay: null };
    for (const simpler of [simple, unlimited, { ...relay, senders: [], isSandbox: false }]) {
      if (!isSame(simpler, relay)) yield { ...plan, relays: plan.relays.with(index, simpler) };
    }
  }
}

/** The list without each half, each quarter and so on, down to each single element. */
function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < list.length; start += size) yield list.toSpliced(start, size);
  }
}

function isSame(one: object, two: object): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}
