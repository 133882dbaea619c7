import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeEmail } from "../../test/support/stored-email.ts";
import { FreeDisk } from "../core/free-disk.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { Intake } from "./intake.ts";
import { QueueLimit } from "./queue-limit.ts";

let folder: string;
let store: Store;
let clock: FixedClock;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-intake-"));
  store = await openSqliteStore(join(folder, "sendwright.db"));
  clock = createFixedClock();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function intakeOf({ limit = 1_000, floor = 0 } = {}): Intake {
  const queue = new QueueLimit({ store, clock, limit });
  return new Intake({ queue, disk: new FreeDisk({ folder, floor, clock }) });
}

const queue = () => storeEmail(store.db, { acceptedAt: clock.now(), state: "queued" });

describe("the queue", () => {
  test("is full with as many emails as its limit, counted or accepted since", async () => {
    const intake = intakeOf({ limit: 3 });
    await queue();
    await queue();
    expect(await intake.stop()).toBeNull();
    intake.add();
    expect(await intake.stop()).toBe("queue.full");
    await expect(intake.check()).rejects.toMatchObject({ code: "queue.full", retry: "later" });
  });

  test("accepts again within a second after there is room", async () => {
    const intake = intakeOf({ limit: 1 });
    const id = await queue();
    expect(await intake.stop()).toBe("queue.full");
    await store.db.updateTable("emails").set({ state: "sent" }).where("id", "=", id).execute();
    await clock.advance(1_000);
    expect(await intake.stop()).toBeNull();
  });

  test("sees what other nodes accept: after ten seconds, and after one if it is nearly full", async () => {
    const intake = intakeOf({ limit: 10 });
    expect(await intake.stop()).toBeNull();
    for (let count = 0; count < 9; count++) await queue();
    await clock.advance(9_999);
    expect(await intake.stop()).toBeNull();
    await clock.advance(1);
    expect(await intake.stop()).toBeNull();
    await queue();
    await clock.advance(1_000);
    expect(await intake.stop()).toBe("queue.full");
  });
});

test("the disk is full below its floor, whatever the queue is like", async () => {
  const intake = intakeOf({ limit: 1, floor: Number.MAX_SAFE_INTEGER });
  await queue();
  await expect(intake.check()).rejects.toMatchObject({ code: "disk.full", retry: "later" });
});
