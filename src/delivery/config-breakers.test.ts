import { beforeEach, describe, expect, it } from "vitest";
import { closedBreaker } from "../store/tables/smtp-config-health.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import type { BreakerEvent } from "./circuit-breaker.ts";
import { ConfigBreakers } from "./config-breakers.ts";

const second = 1_000;
const unreachable: BreakerEvent = { kind: "failed", cause: "unreachable", reason: "gone", isKnownGood: true };
const succeeded: BreakerEvent = { kind: "succeeded" };

let clock: FixedClock;
let breakers: ConfigBreakers;
beforeEach(() => {
  clock = createFixedClock();
  breakers = new ConfigBreakers(clock);
});

const openAt = (until: number) =>
  ({ state: "open", until, reason: "stored", failures: 1, needsAdmin: false }) as const;

describe("the breakers of a config", () => {
  it("are told nothing new by attempts that began before the latest change", () => {
    const before = breakers.changes;
    expect(breakers.record("config", unreachable, before)).toMatchObject({ state: "open", failures: 1 });
    expect(breakers.record("config", unreachable, before)).toBeNull();
    expect(breakers.record("config", succeeded, before)).toBeNull();
    breakers.succeeded(before);
    expect(breakers.shared).toMatchObject({ state: "open", failures: 1 });
  });

  it("let through what both allow", async () => {
    expect(breakers.permission).toBe("all");
    breakers.record("node", unreachable, breakers.changes);
    expect([breakers.permission, breakers.endsInMs]).toEqual(["none", 10 * second]);
    expect(breakers.nodeFault).toBe("gone");
    await clock.advance(5 * second);
    breakers.record("config", unreachable, breakers.changes);
    expect(breakers.endsInMs).toBe(5 * second);
    await clock.advance(5 * second);
    expect([breakers.permission, breakers.trialsDue()]).toEqual(["none", ["node"]]);
    await clock.advance(5 * second);
    expect([breakers.permission, breakers.trialsDue()]).toEqual(["trial", ["config", "node"]]);
    for (const owner of breakers.trialsDue()) breakers.trialBegan(owner, breakers.trialEnd());
    expect(breakers.permission).toBe("one");
    breakers.succeeded(breakers.changes);
    expect([breakers.permission, breakers.nodeFault]).toEqual(["all", null]);
  });

  it("leave what is shared alone if this node has a fault of its own", () => {
    breakers.record("node", unreachable, breakers.changes);
    expect([breakers.shared, breakers.unstored]).toEqual([closedBreaker, null]);
  });

  it("count for themselves until their change is stored, and then until a later reading", () => {
    breakers.record("config", unreachable, breakers.changes);
    const { unstored } = breakers;
    if (unstored === null) throw new Error("the change is to be stored");
    breakers.adopt(closedBreaker, 1);
    expect(breakers.permission).toBe("none");
    breakers.stored(unstored, 3);
    expect(breakers.unstored).toBeNull();
    breakers.adopt(closedBreaker, 2);
    expect(breakers.permission).toBe("none");
    breakers.adopt(closedBreaker, 3);
    expect(breakers.permission).toBe("all");
  });

  it("have a change to store that came while an earlier one was stored", () => {
    breakers.record("config", unreachable, breakers.changes);
    const first = breakers.unstored;
    breakers.succeeded(breakers.changes);
    if (first === null) throw new Error("the change is to be stored");
    breakers.stored(first, 2);
    expect(breakers.unstored).toEqual(closedBreaker);
  });

  it("keep a trial that begins while the change before it is still to be stored", async () => {
    breakers.record("config", unreachable, breakers.changes);
    await clock.advance(10 * second);
    breakers.trialBegan("config", breakers.trialEnd());
    const { unstored } = breakers;
    expect(unstored).toMatchObject({ state: "half-open" });
    if (unstored === null) throw new Error("the trial is to be stored");
    breakers.stored(unstored, 2);
    breakers.adopt(unstored, 2);
    expect(breakers.permission).toBe("one");
  });

  it("adopt a pause that another node has stored, and end it by the monotonic clock", async () => {
    breakers.adopt(openAt(clock.now() + 10 * second), 1);
    clock.step(-3_600 * second);
    await clock.advance(10 * second);
    expect(breakers.permission).toBe("trial");
  });
});
