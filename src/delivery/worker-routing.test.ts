import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeliveringNode } from "../../test/support/delivering-node.ts";
import { listRecipients } from "../store/tables/emails.ts";
import type { TestRelay } from "../testing/index.ts";

let node: DeliveringNode;
beforeEach(async () => {
  node = await DeliveringNode.open();
});
afterEach(() => node[Symbol.asyncDispose]());

const from = (address: string) => ({ from: { name: null, address } });
const via = (configId: string, fallback = false) => ({ via: { configId, fallback } });
const sentBy = ({ messages }: TestRelay) => messages.length;
const headerOf = (relay: TestRelay, name: string) =>
  new RegExp(`^${name}: (.*)$`, "im").exec(Buffer.from(relay.messages[0]?.content ?? "").toString())?.[1];
const notOwned = (command: string) =>
  command.includes("hi@b.example") ? undefined : "553 5.7.1 Sender address rejected: not owned by user b";

describe("an email", () => {
  it("goes to the config that owns its sender, and the others are not asked", async () => {
    const a = await node.relay({ onMail: () => "550 5.7.1 Not yours" });
    const b = await node.relay();
    const c = await node.relay({}, { senders: ["@shop.example"] });
    const ids = [await node.queue(from("hi@b.example")), await node.queue(from("news@shop.example"))];
    await node.worker.start();
    for (const id of ids) expect(await node.final(id)).toMatchObject({ state: "sent" });
    expect([sentBy(a), sentBy(b), sentBy(c)]).toEqual([0, 1, 1]);
    expect(headerOf(c, "From")).toBe("news@shop.example");
    expect(await node.attempts(ids[1] ?? "")).toMatchObject([{ configName: "c", route: { by: "sender" } }]);
  });

  it("whose sender the first config may not use goes through the next, which sends as itself", async () => {
    await node.relay({
      onRcpt: () => "553 5.7.1 <x@nobody.example>: Sender address rejected: not owned by user a",
    });
    const b = await node.relay({ onMail: notOwned });
    await node.worker.start();
    const id = await node.queue(from("x@nobody.example"));
    expect(await node.final(id)).toMatchObject({ state: "sent", refusedBy: ["a:1"] });
    expect([headerOf(b, "From"), headerOf(b, "Reply-To")]).toEqual(["hi@b.example", "x@nobody.example"]);
    const route = { by: "stand-in", for: "a", because: "refused" };
    expect(await node.attempts(id)).toMatchObject([{ route: { by: "first" } }, { route }]);
  });

  it("that names a config waits for it, and goes elsewhere only if it may", async () => {
    const a = await node.relay();
    const b = await node.relay({ onMail: () => "550 5.7.1 Sender address not verified" });
    await node.worker.start();
    const alone = await node.queue(via("b"));
    const either = await node.queue(via("b", true));
    expect(await node.final(either)).toMatchObject({ state: "sent" });
    await node.pass(300);
    expect(await node.email(alone)).toMatchObject({ state: "queued", attemptCount: 0 });
    expect([sentBy(a), sentBy(b)]).toEqual([1, 0]);
    expect((await node.attempts(either)).at(-1)).toMatchObject({
      route: { by: "stand-in", for: "b", because: "paused" },
    });
  });

  it("never goes from a config that fails to the sandbox", async () => {
    await node.relay({ greeting: "554 No service" });
    const sandbox = await node.sandbox();
    await node.worker.start();
    const id = await node.queue();
    const own = await node.queue(from("hi@b.example"));
    expect(await node.final(own)).toMatchObject({ state: "sent" });
    await node.pass(60);
    expect([(await node.email(id)).state, sentBy(sandbox)]).toEqual(["queued", 1]);
  });

  it("with more recipients than its config may still send to goes through the next one", async () => {
    const a = await node.relay({}, { maxRecipientsPerDay: 4 });
    const b = await node.relay();
    await node.worker.start();
    const three = { recipients: ["x@example.com", "y@example.com", "z@example.com"] };
    const first = await node.queue(three);
    expect(await node.final(first)).toMatchObject({ state: "sent" });
    const second = await node.queue(three);
    expect(await node.final(second)).toMatchObject({ state: "sent" });
    expect([sentBy(a), sentBy(b)]).toEqual([1, 1]);
    const route = { by: "stand-in", for: "a", because: "limit" };
    expect(await node.attempts(second)).toMatchObject([{ route }]);
  });

  it("for an address beyond ASCII goes to a config that has SMTPUTF8", async () => {
    const a = await node.relay({ ehlo: ["PIPELINING", "8BITMIME"] });
    await node.relay();
    await node.worker.start();
    const id = await node.queue({ needsSmtpUtf8: true, recipients: ["jörg@example.org"] });
    expect(await node.final(id)).toMatchObject({ state: "sent" });
    expect([sentBy(a), await node.way(id)]).toEqual([0, ["a permanent", "b sent"]]);
  });
});

describe("a quota of the account", () => {
  const daily = "550 5.4.5 Daily user sending limit exceeded.";

  it("fails no email: the next config sends the rest", async () => {
    let left = 2;
    const a = await node.relay({ onDot: () => (left-- > 0 ? undefined : daily) });
    const b = await node.relay();
    await node.worker.start();
    const ids: string[] = [];
    for (let count = 0; count < 6; count++) ids.push(await node.queue());
    for (const id of ids) expect(await node.final(id)).toMatchObject({ state: "sent" });
    expect([sentBy(a), sentBy(b)]).toEqual([2, 4]);
  });

  it("is for the recipients whom it meets: these get the email through the next config", async () => {
    await node.relay({ onRcpt: (command: string) => (command.includes("r3") ? daily : undefined) });
    const b = await node.relay();
    await node.worker.start();
    const id = await node.queue({ recipients: ["r1@example.org", "r2@example.org", "r3@example.org"] });
    expect(await node.final(id)).toMatchObject({ state: "sent" });
    expect(b.messages[0]?.to).toEqual(["r3@example.org"]);
    const recipients = (await listRecipients(node.store.db, [id])).get(id);
    expect(recipients?.map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
  });

  it("holds the queue of a single config, and burns none of it", async () => {
    let isOver = false;
    let asked = 0;
    const onDot = () => {
      asked++;
      return isOver ? undefined : daily;
    };
    await node.relay({ onDot });
    await node.worker.start();
    const ids: string[] = [];
    for (let count = 0; count < 20; count++) ids.push(await node.queue());
    await node.pass(600);
    for (const id of ids) expect(await node.email(id)).toMatchObject({ state: "queued", attemptCount: 0 });
    expect(asked).toBeLessThan(10);
    isOver = true;
    await node.pass(600);
    for (const id of ids) expect(await node.final(id)).toMatchObject({ state: "sent" });
  });
});

describe("the limits of a config", () => {
  it("let mail overflow to the next one", async () => {
    const a = await node.relay({}, { maxPerMinute: 3 });
    const b = await node.relay();
    await node.worker.start();
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.push(await node.queue());
    for (const id of ids) expect(await node.final(id)).toMatchObject({ state: "sent" });
    expect([sentBy(a), sentBy(b)]).toEqual([3, 2]);
    const attempts = await Promise.all(ids.map((id) => node.attempts(id)));
    const limited = attempts.flat().filter(({ configName }) => configName === "b");
    for (const { route } of limited) expect(route).toEqual({ by: "stand-in", for: "a", because: "limit" });
    await node.pass(61);
    await node.final(await node.queue());
    expect([sentBy(a), sentBy(b)]).toEqual([4, 2]);
  });

  it("make mail wait where there is no other config, and for no longer than they must", async () => {
    const only = await node.relay({}, { maxPerMinute: 2, maxPerHour: 5 });
    await node.worker.start();
    for (let count = 0; count < 12; count++) await node.queue();
    const sentAfter: number[] = [];
    // A window ends with the last part of it: a minute after a second more, an hour after a minute more.
    for (const seconds of [1, 58, 3, 61, 3_420, 63, 61]) {
      await node.pass(seconds);
      sentAfter.push(sentBy(only));
    }
    expect(sentAfter).toEqual([2, 2, 4, 5, 5, 5, 7]);
  });

  it("count no attempt of which the relay has accepted nothing", async () => {
    let isBusy = true;
    const only = await node.relay(
      { onMail: () => (isBusy ? "451 4.3.0 Later" : undefined) },
      { maxPerDay: 1 },
    );
    await node.worker.start();
    const id = await node.queue();
    await node.pass(30);
    expect(await node.way(id)).toEqual(["a temporary"]);
    isBusy = false;
    await node.pass(120);
    expect([await node.way(id), sentBy(only)]).toEqual([["a temporary", "a sent"], 1]);
    await node.queue();
    await node.pass(120);
    expect(sentBy(only)).toBe(1);
  });
});
