import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EmailState } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { readQueueDepth } from "../../src/store/tables/queue-depth.ts";
import { storeEmail } from "../support/stored-email.ts";
import { databases } from "./databases.ts";

const now = Date.parse("2026-06-01T12:00:00Z");

describe.each(databases)("the depth of the queue on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  async function put(state: EmailState, dueAt: number | null = null, priority = 1): Promise<void> {
    const id = await storeEmail(store.db, { acceptedAt: now - 3_600_000, state });
    const times = { next_attempt_at: dueAt, priority };
    await store.db.updateTable("emails").set(times).where("id", "=", id).execute();
  }

  it("is nothing where nothing waits", async () => {
    await put("sent");
    expect(await readQueueDepth(store.db, now)).toEqual({
      due: 0,
      scheduled: 0,
      sending: 0,
      oldestDueAt: null,
    });
  });

  it("tells what is due from what is for later, over all priorities", async () => {
    await put("queued", now - 60_000, 0);
    await put("queued", now - 180_000, 2);
    await put("queued", now);
    await put("queued", now + 1);
    await put("queued", now + 86_400_000, 2);
    await put("sending", now - 600_000);
    await put("failed");
    expect(await readQueueDepth(store.db, now)).toEqual({
      due: 3,
      scheduled: 2,
      sending: 1,
      oldestDueAt: now - 180_000,
    });
  });
});
