import { expect, test } from "vitest";
import { Inbox } from "./inbox.ts";
import type { SandboxMessage } from "./sandbox-message.ts";

const message = (id: string): SandboxMessage => ({
  id,
  receivedAt: 0,
  from: "",
  to: [],
  subject: "",
  date: null,
  html: null,
  text: null,
  attachments: [],
  size: 0,
  headers: [],
});

test("lets the oldest go when there are too many bytes", () => {
  const inbox = new Inbox({ maxMessages: 10, maxBytes: 100 });
  inbox.add(message("a"), new Uint8Array(60));
  inbox.add(message("b"), new Uint8Array(40));
  expect(inbox.list().map(({ id }) => id)).toEqual(["b", "a"]);
  inbox.add(message("c"), new Uint8Array(1));
  expect(inbox.list().map(({ id }) => id)).toEqual(["c", "b"]);
});

test("counts from nothing again once cleared", () => {
  const inbox = new Inbox({ maxMessages: 10, maxBytes: 100 });
  inbox.add(message("a"), new Uint8Array(100));
  inbox.clear();
  inbox.add(message("b"), new Uint8Array(100));
  expect(inbox.list()).toHaveLength(1);
  expect(inbox.get("a")).toBeUndefined();
});
