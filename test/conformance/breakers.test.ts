import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import {
  type Breaker,
  beginTrial,
  breakerStep,
  closeBreaker,
  closedBreaker,
  endCooldowns,
  type TriedBreaker,
} from "../../src/store/tables/smtp-config-health.ts";
import { findSmtpConfig, insertSmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { smtpConfig } from "../support/smtp-config.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const t0 = Date.parse("2026-06-01T12:00:00Z");
const minute = 60_000;

const config = smtpConfig();
const open = { state: "open", until: t0, reason: "535 No", failures: 2, needsAdmin: true } as const;
const tried = { ...open, state: "half-open", until: t0 + 2 * minute } as const;

describe.each(databases)("the breaker of a config on $name", ({ shared, start, open: openOne, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await openOne();
    store = database.store;
    await insertSmtpConfig(store.db, config);
  });
  afterEach(() => database.dispose());

  const write = (breaker: Breaker, read = config) => store.transact([breakerStep(store.db, read, breaker)]);
  const stored = async () => (await findSmtpConfig(store.db, config.id))?.health.breaker;
  const begin = (read: TriedBreaker, until: number, by = store) => beginTrial(by.db, config, read, until);

  it.each<Breaker>([closedBreaker, { ...open, reason: null, needsAdmin: false }, open, tried])(
    "is read as it was written: $state",
    async (breaker) => {
      await write(tried);
      await write(breaker);
      expect(await stored()).toEqual(breaker);
    },
  );

  it("of settings that were saved since is left alone", async () => {
    await write(open, { ...config, revision: { ...config.revision, version: 2 } });
    expect(await stored()).toEqual(closedBreaker);
    await write(open);
    const older = { ...config, revision: { ...config.revision, version: 0 } };
    expect(await beginTrial(store.db, older, open, t0 + minute)).toBe(false);
    expect(await stored()).toEqual(open);
  });

  it("becomes half-open for the first who begins a trial, and stays so until that one's time", async () => {
    await write(open);
    expect(await begin(open, tried.until)).toBe(true);
    expect(await stored()).toEqual(tried);
    expect(await begin(open, tried.until + 1)).toBe(false);
    expect(await stored()).toEqual(tried);
    const next = tried.until + 2 * minute;
    expect(await begin(tried, next)).toBe(true);
    expect(await begin(tried, next + 1)).toBe(false);
    expect(await stored()).toEqual({ ...tried, until: next });
  });

  it("becomes half-open for one of those who begin a trial at once", async () => {
    const nodes = shared ? [store, await database.another(), await database.another()] : [store];
    const beginAll = (read: TriedBreaker, until: number) =>
      Promise.all(Array.from({ length: 9 }, (_, at) => begin(read, until + at, nodes[at % nodes.length])));
    await write(open);
    expect((await beginAll(open, tried.until)).filter((isOurs) => isOurs)).toHaveLength(1);
    const breaker = await stored();
    if (breaker?.state !== "half-open") throw new Error("it is half-open");
    expect((await beginAll(breaker, t0 + 9 * minute)).filter((isOurs) => isOurs)).toHaveLength(1);
  });

  it("begins no trial if it was closed, or opened again, since it was read", async () => {
    await write(open);
    expect(await closeBreaker(store.db, config.id)).toBe(true);
    expect(await begin(open, tried.until)).toBe(false);
    expect(await stored()).toEqual(closedBreaker);
    await write({ ...open, until: t0 + minute });
    expect(await begin(open, tried.until)).toBe(false);
    await write(tried);
    await write({ ...open, until: t0 + 5 * minute, failures: 3 });
    expect(await begin(tried, t0 + 9 * minute)).toBe(false);
    expect(await stored()).toEqual({ ...open, until: t0 + 5 * minute, failures: 3 });
  });

  it("has its cooldown or trial ended by a start, and may be tried then", async () => {
    for (const breaker of [{ ...open, until: t0 + 60 * minute }, tried]) {
      await write(breaker);
      await endCooldowns(store.db, t0);
      expect(await stored()).toEqual(open);
      expect(await begin(open, tried.until)).toBe(true);
    }
  });

  it("that an earlier version of Sendwright opened or closed is taken for what that meant", async () => {
    await write(tried);
    const change = (paused_until: number | null) =>
      store.db.updateTable("smtp_config").set({ paused_until }).execute();
    await change(tried.until + minute);
    expect(await stored()).toEqual({ ...open, until: tried.until + minute });
    await change(null);
    expect(await stored()).toMatchObject({ state: "closed" });
  });
});
