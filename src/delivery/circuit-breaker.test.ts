import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Breaker, closedBreaker } from "../store/tables/smtp-config-health.ts";
import { createFixedClock } from "../testing/index.ts";
import {
  type BreakerEvent,
  CircuitBreaker,
  type FailureCause,
  maxCooldownMs,
  nextBreaker,
  trialMs,
} from "./circuit-breaker.ts";

const t0 = Date.UTC(2026, 5, 1, 12);
const second = 1_000;
const minute = 60 * second;

const failed = (cause: FailureCause, isKnownGood = true): BreakerEvent => ({
  kind: "failed",
  cause,
  reason: "535 No",
  isKnownGood,
});
const succeeded: BreakerEvent = { kind: "succeeded" };
const trialBegan: BreakerEvent = { kind: "trial-began", until: t0 + trialMs };

/** The cooldowns of failures in a row, each after a trial. */
function cooldowns(event: BreakerEvent, count: number): (number | null)[] {
  let breaker: Breaker = closedBreaker;
  return Array.from({ length: count }, () => {
    breaker = nextBreaker(breaker, event, t0);
    const cooldownMs = breaker.state === "open" ? breaker.until - t0 : null;
    breaker = nextBreaker(breaker, trialBegan, t0);
    return cooldownMs;
  });
}

describe("the reducer", () => {
  it("opens for 1, 5, 15, then 60 minutes if a config that has worked is turned away, then needs an admin", () => {
    expect(cooldowns(failed("config"), 6)).toEqual([1, 5, 15, 60, 60, 60].map((minutes) => minutes * minute));
    const states = [1, 2, 3, 4, 5].map((failures) =>
      nextBreaker(
        { state: "half-open", until: t0, reason: null, failures: failures - 1, needsAdmin: false },
        failed("config"),
        t0,
      ),
    );
    expect(states.map((breaker) => breaker.state === "open" && breaker.needsAdmin)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("waits for an admin if a config never worked, and has it tried once an hour", () => {
    const breaker = nextBreaker(closedBreaker, failed("config", false), t0);
    expect(breaker).toEqual({
      state: "open",
      until: t0 + 60 * minute,
      reason: "535 No",
      failures: 1,
      needsAdmin: true,
    });
    expect(cooldowns(failed("config", false), 3)).toEqual([60 * minute, 60 * minute, 60 * minute]);
  });

  it.each(["unreachable", "busy"] as const)("opens at once for 10 s to 5 min if the relay is %s", (cause) => {
    for (const isKnownGood of [true, false]) {
      const expected = [10, 30, 60, 120, 300, 300].map((seconds) => seconds * second);
      expect(cooldowns(failed(cause, isKnownGood), 6)).toEqual(expected);
    }
  });

  it("opens at the second refusal in a row, and at each one of a trial", () => {
    expect(cooldowns(failed("refused"), 4)).toEqual([null, 10 * second, 30 * second, 60 * second]);
    const once = nextBreaker(closedBreaker, failed("refused"), t0);
    expect(nextBreaker(once, succeeded, t0)).toEqual(closedBreaker);
  });

  it("opens for 15, 30, then 60 minutes if the day's quota is used up", () => {
    expect(cooldowns(failed("quota"), 4)).toEqual([15, 30, 60, 60].map((minutes) => minutes * minute));
  });

  it("closes by success, from every state", () => {
    const open = nextBreaker(closedBreaker, failed("config"), t0);
    for (const breaker of [closedBreaker, open, nextBreaker(open, trialBegan, t0)]) {
      expect(nextBreaker(breaker, succeeded, t0)).toEqual(closedBreaker);
    }
  });

  const anyEvent = fc.oneof(
    fc.constant<BreakerEvent>(succeeded),
    fc.constant<BreakerEvent>(trialBegan),
    fc
      .tuple(fc.constantFrom<FailureCause>("unreachable", "busy", "refused", "quota", "config"), fc.boolean())
      .map(([cause, isKnownGood]) => failed(cause, isKnownGood)),
  );

  it("is in no state without an end: open is over within the longest cooldown, and leads to half-open", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let breaker: Breaker = closedBreaker;
        for (const event of events) {
          breaker = nextBreaker(breaker, event, t0);
          if (breaker.state === "closed") expect(breaker.failures).toBeLessThan(2);
          else expect(breaker.failures).toBeGreaterThan(0);
          if (breaker.state === "open") {
            expect(breaker.until).toBeGreaterThan(t0);
            expect(breaker.until).toBeLessThanOrEqual(t0 + maxCooldownMs);
            expect(nextBreaker(breaker, trialBegan, t0).state).toBe("half-open");
          }
          expect(nextBreaker(breaker, succeeded, t0)).toEqual(closedBreaker);
        }
      }),
    );
  });

  it("grows no shorter with failures of one cause in a row", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<FailureCause>("unreachable", "busy", "refused", "quota", "config"),
        fc.boolean(),
        (cause, isKnownGood) => {
          const found = cooldowns(failed(cause, isKnownGood), 12).filter((ms) => ms !== null);
          expect(found).toEqual(found.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});

describe("the breaker of a node", () => {
  function make() {
    const clock = createFixedClock(t0);
    const breaker = new CircuitBreaker(clock);
    const record = (event: BreakerEvent) => breaker.record(event);
    return { clock, breaker, record };
  }

  it("lets nothing through until its cooldown is over, then one trial, then all", async () => {
    const { clock, breaker, record } = make();
    expect(breaker.permission).toBe("all");
    expect(record(failed("unreachable"))).toBe(true);
    expect([breaker.permission, breaker.endsInMs]).toEqual(["none", 10 * second]);
    await clock.advance(10 * second - 1);
    expect(breaker.permission).toBe("none");
    await clock.advance(1);
    expect(breaker.permission).toBe("trial");
    expect(record({ kind: "trial-began", until: clock.now() + trialMs })).toBe(true);
    expect(breaker.permission).toBe("one");
    await clock.advance(1);
    expect(record(succeeded)).toBe(true);
    expect([breaker.permission, breaker.endsInMs]).toEqual(["all", null]);
  });

  it("lets another trial begin if the first one ends without a result", async () => {
    const { clock, breaker, record } = make();
    record(failed("unreachable"));
    await clock.advance(10 * second);
    record({ kind: "trial-began", until: clock.now() + trialMs });
    await clock.advance(trialMs);
    expect(breaker.permission).toBe("trial");
  });

  it("waits while another node tries", () => {
    const { breaker } = make();
    breaker.adopt({ state: "half-open", until: t0 + minute, reason: null, failures: 1, needsAdmin: false });
    expect([breaker.permission, breaker.endsInMs]).toEqual(["none", minute]);
  });

  it("keeps its trial and the rest of its cooldown if the same state is read again", async () => {
    const { clock, breaker, record } = make();
    record(failed("unreachable"));
    const stored = breaker.breaker;
    await clock.advance(4 * second);
    breaker.adopt(stored);
    expect(breaker.endsInMs).toBe(6 * second);
    await clock.advance(6 * second);
    record({ kind: "trial-began", until: clock.now() + trialMs });
    breaker.adopt(breaker.breaker);
    expect(breaker.permission).toBe("one");
  });

  it("keeps its count of refusals if a closed one is read", () => {
    const { breaker, record } = make();
    record(failed("refused"));
    breaker.adopt(closedBreaker);
    expect(record(failed("refused"))).toBe(true);
    expect(breaker.permission).toBe("none");
  });

  it("ends its pause in time, whatever the time of day is set to", async () => {
    for (const stepMs of [-48 * 60 * minute, 48 * 60 * minute]) {
      const { clock, breaker, record } = make();
      record(failed("unreachable"));
      clock.step(stepMs);
      await clock.advance(10 * second - 1);
      expect(breaker.permission).toBe("none");
      await clock.advance(1);
      expect(breaker.permission).toBe("trial");
    }
  });

  it("closes if an admin has closed it, whatever its state is", () => {
    for (const events of [[failed("config")], [failed("config"), trialBegan]]) {
      const { breaker, record } = make();
      for (const event of events) record(event);
      breaker.adopt(closedBreaker);
      expect(breaker.permission).toBe("all");
    }
  });

  it("adopts no pause that is longer than any cooldown", async () => {
    const { clock, breaker } = make();
    breaker.adopt({
      state: "open",
      until: t0 + 48 * 60 * minute,
      reason: null,
      failures: 1,
      needsAdmin: true,
    });
    await clock.advance(maxCooldownMs);
    expect(breaker.permission).toBe("trial");
  });
});
