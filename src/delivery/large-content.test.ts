import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { ByteBudget } from "../core/byte-budget.ts";
import { LargeContent, type LargeContentDependencies } from "./large-content.ts";

const headers = Buffer.from("From: a@a.test\r\n");
const stored = Buffer.from("Subject: hi\r\n\r\n");
const bytes = headers.length + stored.length;

function contentWith(overrides: Partial<LargeContentDependencies> = {}): LargeContent {
  return new LargeContent({
    headers,
    storedBytes: stored.length,
    read: async () => stored,
    budget: null,
    signal: new AbortController().signal,
    ...overrides,
  });
}

it("a large content is the fields of its sender and what is stored, and says its size before it is read", async () => {
  const content = contentWith();
  expect(content.maxSize).toBe(bytes);
  expect(Buffer.concat(await content.read())).toEqual(Buffer.concat([headers, stored]));
  content.release();
});

it("a large content that is purged is gone", async () => {
  const reading = contentWith({ read: async () => undefined }).read();
  await expect(reading).rejects.toMatchObject({ code: "email.content_gone" });
});

it("a large content is not read before its bytes fit into the budget, and holds them until it is released", async () => {
  const budget = new ByteBudget(bytes);
  const [first, second] = [contentWith({ budget }), contentWith({ budget })];
  await first.read();
  // Again, as if the message had moved to another session.
  await first.read();
  expect(budget.inUse).toBe(bytes);
  let isRead = false;
  const reading = second.read().then(() => {
    isRead = true;
  });
  await turn();
  expect(isRead).toBe(false);
  first.release();
  first.release();
  await reading;
  expect(budget.inUse).toBe(bytes);
  second.release();
  expect(budget.inUse).toBe(0);
});

it("a large content gives up its place in the budget when sending is cut off", async () => {
  const budget = new ByteBudget(bytes);
  const first = contentWith({ budget });
  await first.read();
  const cut = new AbortController();
  const second = contentWith({ budget, signal: cut.signal });
  const reading = second.read();
  cut.abort();
  await expect(reading).rejects.toBe(cut.signal.reason);
  second.release();
  first.release();
  expect([budget.inUse, budget.waiting]).toEqual([0, 0]);
});
