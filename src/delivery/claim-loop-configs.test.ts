import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClaimingNode } from "../../test/support/claiming-node.ts";
import { idle } from "../../test/support/idle.ts";
import { type GivenEmail, newEmail } from "../../test/support/new-email.ts";
import { type GivenConfig, smtpConfig } from "../../test/support/smtp-config.ts";
import type { Priority } from "../core/model.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { findEmail } from "../store/tables/emails.ts";
import { findSmtpConfig, insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { type BreakerEvent, trialMs } from "./circuit-breaker.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

let clock: FixedClock;
let store: Store;
let node: ClaimingNode;
const others: ClaimingNode[] = [];
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  node = new ClaimingNode(store, clock);
});
afterEach(async () => {
  for (const each of [node, ...others.splice(0)]) await each.close();
  await store.close();
});

/** Another node on the same database. */
function another(): ClaimingNode {
  const other = new ClaimingNode(store, clock);
  others.push(other);
  return other;
}

const save = (given: GivenConfig = {}) => insertSmtpConfig(store.db, smtpConfig(given));
const saveSecond = (given: GivenConfig = {}) =>
  save({ id: "config-2", settings: { name: "spare", position: 1 }, ...given });
/** Its breaker is open for so long. */
const pausedFor = (ms: number): GivenConfig => ({
  health: {
    breaker: { state: "open", until: clock.now() + ms, reason: "421 Busy", failures: 1, needsAdmin: false },
  },
});

async function queue(count: number, given: GivenEmail = {}): Promise<string[]> {
  const emails = Array.from({ length: count }, () => newEmail(clock.now(), given));
  await store.transact([insertEmails(store.db, emails)]);
  return emails.map(({ email }) => email.id);
}

/** An email that these configs have refused. */
async function queueRefused(...refusedBy: readonly string[]): Promise<string> {
  const [id = ""] = await queue(1);
  const refusals = ` ${refusedBy.join(" ")} `;
  await store.db.updateTable("emails").set({ refused_by: refusals }).where("id", "=", id).execute();
  return id;
}

const stored = async () => (await findSmtpConfig(store.db, "config-1"))?.health.breaker;

/** The trial of the first config has ended so, and that is stored. */
async function endTrial(by: ClaimingNode, event: BreakerEvent): Promise<void> {
  const [route] = by.routes.inOrder;
  if (route === undefined) throw new Error("there is a config");
  route.underWay = 0;
  route.breakers.record("config", event, route.breakers.changes);
  const source = new ConfigSource(null);
  for (const unstored of by.routes.unstoredBreakers()) {
    await store.transact([source.breakerStep(store.db, unstored.config, unstored.breaker)]);
    unstored.stored();
  }
}

describe("a config whose cooldown is over", () => {
  it("is tried with one email; the others do not wait for it, but go through the next config", async () => {
    await save(pausedFor(0));
    await saveSecond();
    const ids = await queue(4);
    await node.start();
    expect([...node.ids].sort()).toEqual(ids.sort());
    expect(node.through).toEqual(["config-1", "config-2", "config-2", "config-2"]);
    expect(await stored()).toMatchObject({ state: "half-open", until: clock.now() + trialMs });
  });

  it("is tried with one email if it is the only one; the others follow when that was accepted", async () => {
    await save(pausedFor(10 * second));
    await queue(4);
    await node.start();
    expect(node.begun).toEqual([]);
    await node.pass(10);
    expect(node.begun).toHaveLength(1);
    await node.pass(30);
    expect(node.begun).toHaveLength(1);
    await endTrial(node, { kind: "succeeded" });
    await node.tick();
    expect(node.begun).toHaveLength(4);
  });

  it("is left alone again, and for longer, if that failed", async () => {
    await save(pausedFor(0));
    await queue(4);
    await node.start();
    await endTrial(node, { kind: "failed", cause: "unreachable", reason: null, isKnownGood: true });
    await node.tick();
    await node.pass(29);
    expect(node.begun).toHaveLength(1);
    await node.pass(1);
    expect(node.begun).toHaveLength(2);
  });

  it("is not tried by a node that has no share of its connections: the others would wait for that", async () => {
    await save(pausedFor(0));
    await queue(1);
    const other = another();
    node.membership = { rank: 0, nodes: 2 };
    other.membership = { rank: 1, nodes: 2 };
    await store.db.updateTable("smtp_config").set({ max_connections: 1 }).execute();
    await node.start();
    expect(await stored()).toMatchObject({ state: "open" });
    await other.start();
    expect([node.ids, other.ids.length]).toEqual([[], 1]);
  });

  it("is not tried without an email", async () => {
    await save(pausedFor(0));
    await queue(1, { nextAttemptAt: clock.now() + minute });
    await node.start();
    await node.pass(59);
    expect(await stored()).toMatchObject({ state: "open" });
    await node.pass(1);
    expect([node.begun.length, await stored()]).toMatchObject([1, { state: "half-open" }]);
  });

  it("is not tried with an email that it has refused", async () => {
    await save(pausedFor(0));
    await saveSecond(pausedFor(hour));
    await queueRefused("config-1:1");
    await node.start();
    await node.pass(10);
    expect(await stored()).toMatchObject({ state: "open" });
  });

  it("is not tried if what is due is for a config before it", async () => {
    await save();
    await saveSecond(pausedFor(0));
    await queue(3);
    await node.start();
    expect(node.through).toEqual(["config-1", "config-1", "config-1"]);
    expect(node.routes.inOrder[1]?.breakers.shared).toMatchObject({ state: "open" });
  });

  it("is tried by one of two nodes; the other one goes on with what else there is", async () => {
    const other = another();
    await save(pausedFor(0));
    await saveSecond();
    await queue(6);
    await Promise.all([node.start(), other.start()]);
    await idle();
    const through = [...node.through, ...other.through].sort();
    expect(through).toEqual(["config-1", ...Array.from({ length: 5 }, () => "config-2")]);
  });

  it("is used by the other nodes too once its trial has succeeded and they hear of that", async () => {
    const other = another();
    await save(pausedFor(0));
    const [, ...rest] = await queue(3);
    await node.start();
    await other.start();
    expect([node.begun.length, other.begun.length]).toEqual([1, 0]);
    await node.loop.stopClaiming();
    await endTrial(node, { kind: "succeeded" });
    other.announced();
    await idle();
    expect([...other.ids].sort()).toEqual(rest.sort());
  });

  it("is tried by another node if the one that tried it is gone", async () => {
    const other = another();
    await save(pausedFor(0));
    await queue(2);
    await node.start();
    await other.start();
    await node.loop.stopClaiming();
    await other.pass(trialMs / second - 1);
    expect(other.begun).toEqual([]);
    await other.pass(5);
    expect(other.begun).toHaveLength(1);
  });

  it("is tried although the time of day was set back", async () => {
    await save(pausedFor(10 * second));
    await queue(1);
    await node.start();
    clock.step(-60 * minute);
    await node.pass(10);
    expect(node.begun).toHaveLength(1);
  });
});

describe("an email that a config has refused", () => {
  it("goes through the next one, which takes nothing else meanwhile", async () => {
    await save();
    await saveSecond();
    const refused = await queueRefused("config-1:1");
    const normal = await queue(3);
    await node.start();
    const taken = new Map(node.begun.map(({ claimed, route }) => [claimed.email.id, route.config.id]));
    expect(taken).toEqual(new Map([[refused, "config-2"], ...normal.map((id) => [id, "config-1"] as const)]));
  });

  it("goes through the first one that has not refused it", async () => {
    await save();
    await saveSecond();
    await save({ id: "config-3", settings: { name: "third", position: 2 } });
    await queueRefused("config-1:1", "config-2:1");
    await node.start();
    expect(node.through).toEqual(["config-3"]);
  });

  it("waits for a config that cannot be used now, while the others go on", async () => {
    await save();
    await saveSecond(pausedFor(minute));
    const refused = await queueRefused("config-1:1");
    const normal = await queue(2);
    await node.start();
    await node.pass(59);
    expect([...node.ids].sort()).toEqual(normal.sort());
    await node.pass(6);
    expect(node.ids.at(-1)).toBe(refused);
    expect(node.through.at(-1)).toBe("config-2");
  });

  it.each(["deleted", "turned off"] as const)(
    "goes through the same config again once the one that it waits for is %s: nobody else can end it",
    async (how) => {
      await save();
      await saveSecond(pausedFor(hour));
      const id = await queueRefused("config-1:1");
      await node.start();
      await node.pass(10);
      expect(node.begun).toEqual([]);
      const second = store.db.updateTable("smtp_config").set({ enabled: 0 }).where("id", "=", "config-2");
      const gone = store.db.deleteFrom("smtp_config").where("id", "=", "config-2");
      await (how === "deleted" ? gone : second).execute();
      node.loop.configsChanged();
      await idle();
      expect([node.ids, node.through]).toEqual([[id], ["config-1"]]);
    },
  );

  it("does so too if that happened before the start", async () => {
    await save();
    const id = await queueRefused("config-1:1", "config-9:1");
    await node.start();
    expect([node.ids, node.through]).toEqual([[id], ["config-1"]]);
  });

  it("goes through the same config again once that was saved anew", async () => {
    await save();
    await saveSecond(pausedFor(hour));
    const id = await queueRefused("config-1:1");
    await node.start();
    expect(node.ids).toEqual([]);
    await store.db.updateTable("smtp_config").set({ version: 2 }).execute();
    await node.readConfigs();
    expect(node.ids).toEqual([id]);
  });

  it("is left by a config that takes over from another one, if it was this config that refused", async () => {
    await save(pausedFor(minute));
    await saveSecond();
    const refused = await queueRefused("config-2:1");
    const normal = await queue(2);
    await node.start();
    expect([...node.ids].sort()).toEqual(normal.sort());
    expect(await findEmail(store.db, refused)).toMatchObject({ state: "queued" });
  });
});

describe("priorities", () => {
  it("are shares: while urgent emails are queued, three of sixteen are normal and one is low", async () => {
    await save();
    const priorities: readonly Priority[] = ["high", "normal", "low"];
    const ids = new Map<string, Priority>();
    for (const priority of priorities) {
      for (const id of await queue(40, { priority })) ids.set(id, priority);
    }
    await node.start();
    while (node.begun.length < 120) await idle();
    const ofPriority = (some: readonly string[]) =>
      priorities.map((priority) => some.filter((id) => ids.get(id) === priority).length);
    // The capacity of a config that has sent nothing yet is one email, so each claim is of one.
    expect(ofPriority(node.ids.slice(16, 32))).toEqual([12, 3, 1]);
    expect(ofPriority(node.ids.slice(32, 48))).toEqual([12, 3, 1]);
    expect(ofPriority(node.ids)).toEqual([40, 40, 40]);
  });

  it("leave what one does not need to the others", async () => {
    await save();
    const low = await queue(5, { priority: "low" });
    await node.start();
    expect([...node.ids].sort()).toEqual(low.sort());
  });
});
