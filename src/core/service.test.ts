import { beforeEach, describe, expect, test } from "vitest";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { createLog } from "./log.ts";
import { Poll, type PollOptions, type Service, ServiceGroup } from "./service.ts";

describe("a group of services", () => {
  let calls: string[];

  beforeEach(() => {
    calls = [];
  });

  function service(name: string, failing: { start?: Error; stop?: Error } = {}): Service {
    return {
      async start() {
        if (failing.start !== undefined) throw failing.start;
        calls.push(`start ${name}`);
      },
      async stop(deadlineMs) {
        calls.push(deadlineMs === undefined ? `stop ${name}` : `stop ${name} within ${deadlineMs}`);
        if (failing.stop !== undefined) throw failing.stop;
      },
    };
  }

  test("starts in order and stops in reverse order", async () => {
    const group = new ServiceGroup([service("a"), service("b"), service("c")]);
    await group.start();
    await group.stop(500);
    expect(calls).toEqual([
      "start a",
      "start b",
      "start c",
      "stop c within 500",
      "stop b within 500",
      "stop a within 500",
    ]);
  });

  test("stops what had started when a start fails, and throws that failure", async () => {
    const failure = new Error("port in use");
    const group = new ServiceGroup([
      service("a"),
      service("b"),
      service("c", { start: failure }),
      service("d"),
    ]);
    await expect(group.start()).rejects.toBe(failure);
    expect(calls).toEqual(["start a", "start b", "stop b within 0", "stop a within 0"]);
  });

  test("throws the failure of the start even if a stop fails after it", async () => {
    const failure = new Error("port in use");
    const group = new ServiceGroup([
      service("a"),
      service("b", { stop: new Error("stuck") }),
      service("c", { start: failure }),
    ]);
    await expect(group.start()).rejects.toBe(failure);
    expect(calls.at(-1)).toBe("stop a within 0");
  });

  test("stops the others too when one fails to stop, and throws that failure in the end", async () => {
    const failure = new Error("stuck");
    const group = new ServiceGroup([service("a"), service("b", { stop: failure }), service("c")]);
    await group.start();
    await expect(group.stop()).rejects.toBe(failure);
    expect(calls.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
  });

  test("stops each service once, however often it is stopped itself", async () => {
    const group = new ServiceGroup([service("a")]);
    await group.start();
    await group.stop();
    await group.stop();
    expect(calls).toEqual(["start a", "stop a"]);
  });
});

describe("a poll", () => {
  let clock: FixedClock;
  let runs: number[];

  beforeEach(() => {
    clock = createFixedClock(0);
    runs = [];
  });

  function poll(options: Partial<PollOptions> = {}): Poll {
    const run = async () => {
      runs.push(clock.now());
      return 100;
    };
    return new Poll(
      { clock, log: createLog("silent") },
      { run, firstMs: 10, retryMs: 1_000, failure: "work failed; retrying", ...options },
    );
  }

  test("runs first after its first delay, then after what each run asked for", async () => {
    const polling = poll();
    polling.start();
    await clock.advance(300);
    expect(runs).toEqual([10, 110, 210]);
    await polling.stop();
  });

  test("runs again after a run that threw", async () => {
    const polling = poll({
      run: async () => {
        runs.push(clock.now());
        throw new Error("database away");
      },
    });
    polling.start();
    await clock.advance(1_500);
    expect(runs).toEqual([10, 1_010]);
    await polling.stop();
  });

  test("never runs twice at the same time: what wakes it during a run is one more run after it", async () => {
    const ends: (() => void)[] = [];
    let atOnce = 0;
    const polling = poll({
      run: async () => {
        expect(++atOnce).toBe(1);
        runs.push(clock.now());
        await new Promise<void>((resolve) => ends.push(resolve));
        atOnce--;
        return null;
      },
    });
    const first = polling.wake();
    void polling.wake();
    void polling.wake();
    expect(runs).toHaveLength(1);
    ends.shift()?.();
    await clock.advance(0);
    expect(runs).toHaveLength(2);
    ends.shift()?.();
    await first;
    await clock.advance(10_000);
    expect(runs).toHaveLength(2);
    await polling.stop();
  });

  test("loses no wake, however close to the end of a run it comes", async () => {
    for (let microtasks = 0; microtasks < 12; microtasks++) {
      runs = [];
      const polling = poll();
      void polling.wake();
      for (let count = 0; count < microtasks; count++) await null;
      void polling.wake();
      await clock.advance(0);
      expect(runs, `after ${microtasks} microtasks`).toHaveLength(2);
      await polling.stop();
    }
  });

  test("brings a run forward, and never puts one off", async () => {
    const polling = poll({ firstMs: 1_000 });
    polling.start();
    polling.wakeIn(50);
    polling.wakeIn(500);
    await clock.advance(60);
    expect(runs).toEqual([50]);
    await polling.stop();
  });

  test("leaves no timer and runs no more once it is stopped", async () => {
    const polling = poll();
    polling.start();
    await clock.advance(10);
    await polling.stop();
    expect(clock.waiting).toBe(0);
    await polling.wake();
    polling.wakeIn(1);
    await clock.advance(1_000);
    expect(runs).toEqual([10]);
  });

  test("waits at its stop for the run under way, whose signal is aborted", async () => {
    let aborted = false;
    const polling = poll({
      run: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            setImmediate(() => resolve(5));
          });
        }),
    });
    void polling.wake();
    await polling.stop();
    expect(aborted).toBe(true);
    expect(clock.waiting).toBe(0);
  });
});
