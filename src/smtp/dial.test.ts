import { expect, it } from "vitest";
import { createFixedClock } from "../testing/index.ts";
import { type DialOptions, dialWithFallback } from "./dial.ts";
import { StageRecorder } from "./observer.ts";
import { redactor } from "./redact.ts";

/** A host with these addresses, none of which ever answers; when each was tried, in seconds. */
async function dialInVain(count: number, more: Partial<DialOptions> = {}) {
  const clock = createFixedClock(0);
  const addresses = Array.from({ length: count }, (_, i) => ({
    address: `192.0.2.${i + 1}`,
    family: 4 as const,
  }));
  const tried: [string, number][] = [];
  let open = 0;
  const reaching = dialWithFallback({
    host: "mail.test",
    port: 587,
    egress: { resolve: async () => ({ addresses, refused: [] }) },
    dial: ({ address }, _, signal) => {
      tried.push([address, clock.now() / 1000]);
      open++;
      signal.addEventListener("abort", () => open--);
      return new Promise(() => {});
    },
    clock,
    timeoutMs: 30_000,
    signal: undefined,
    stages: new StageRecorder({}, redactor(null), clock),
    ...more,
  }).catch((error: unknown) => error);
  await clock.advance(60_000);
  return { error: await reaching, tried, open, waiting: clock.waiting };
}

it("gives an address that swallows packets ten seconds at most, and the last one the rest (RFC 5321 §5.1)", async () => {
  const { error, tried, open, waiting } = await dialInVain(2);
  expect(tried).toEqual([
    ["192.0.2.1", 0],
    ["192.0.2.2", 10],
  ]);
  expect(error).toMatchObject({ code: "smtp.timeout", smtp: { stage: "connect", systemCode: "ETIMEDOUT" } });
  expect([open, waiting]).toEqual([0, 0]);
});

it("shares the time out among many addresses, so that each is tried", async () => {
  const { tried } = await dialInVain(6);
  expect(tried.map(([, at]) => at)).toEqual([0, 5, 10, 15, 20, 25]);
});

it("says so where a name has no address that answers", async () => {
  const { error } = await dialInVain(1, {
    dial: () => Promise.reject(Object.assign(new Error("connect EHOSTUNREACH"), { code: "EHOSTUNREACH" })),
  });
  expect(error).toMatchObject({
    code: "smtp.connect",
    retry: "later",
    smtp: { stage: "connect", systemCode: "EHOSTUNREACH" },
    message: expect.stringContaining("192.0.2.1: EHOSTUNREACH"),
  });
});
