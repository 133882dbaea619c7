import { expect, it } from "vitest";
import { checkQueue } from "./queue.ts";

const now = Date.UTC(2026, 5, 1);
const empty = { due: 0, scheduled: 0, sending: 0, oldestDueAt: null };

it("is well where empty, or not for long", () => {
  expect(checkQueue(empty, false, now)).toMatchObject({ status: "ok", found: "empty" });
  const busy = { due: 3, scheduled: 1, sending: 2, oldestDueAt: now - 40_000 };
  expect(checkQueue(busy, true, now)).toMatchObject({
    status: "ok",
    found: "3 due, oldest: 40 s, 1 scheduled, 2 being sent",
  });
});

it("wants attention where emails wait and nobody sends", () => {
  const waiting = { ...empty, due: 1, oldestDueAt: now };
  expect(checkQueue(waiting, false, now)).toMatchObject({
    status: "warning",
    remedy: expect.stringContaining("sendwright start"),
  });
  expect(checkQueue({ ...empty, scheduled: 5 }, false, now).status).toBe("ok");
});

it("wants attention where a server runs, and emails wait all the same", () => {
  expect(checkQueue({ ...empty, due: 1, oldestDueAt: now - 600_000 }, true, now)).toMatchObject({
    status: "warning",
    remedy: expect.stringContaining("sendwright test"),
  });
});
