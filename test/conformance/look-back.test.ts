import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countAdmins } from "../../src/accounts/admin-link.ts";
import { newId } from "../../src/core/id.ts";
import type { AttemptOutcome } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { writeAudit } from "../../src/store/tables/audit-log.ts";
import { countByState, listFailedAttempts } from "../../src/store/tables/failed-attempts.ts";
import { findNewestTime } from "../../src/store/tables/newest-time.ts";
import { countNodes, listNodes, touchNode } from "../../src/store/tables/nodes.ts";
import { storeEmail } from "../support/stored-email.ts";
import { databases } from "./databases.ts";

const now = Date.parse("2026-06-01T12:00:00Z");

describe.each(databases)("what is looked at from outside, on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  async function attempt(emailId: string, at: number, outcome: AttemptOutcome): Promise<void> {
    await store.db
      .insertInto("attempts")
      .values({
        id: newId(at),
        email_id: emailId,
        at,
        config_id: "config-1",
        relay_host: "smtp.example.com",
        stage: "recipient",
        outcome,
        error_code: "smtp.rejected",
        code: 550,
        enhanced_code: "5.1.1",
        reply: "Unknown",
        duration_ms: 12,
        possible_duplicate: 0,
        captured: 0,
      })
      .execute();
  }

  it("is the newest time of all, or none", async () => {
    expect(await findNewestTime(store.db)).toBeNull();
    const id = await storeEmail(store.db, { acceptedAt: now - 5_000 });
    expect(await findNewestTime(store.db)).toBe(now - 5_000);
    await attempt(id, now - 3_000, "sent");
    expect(await findNewestTime(store.db)).toBe(now - 3_000);
    const actor = { id: "system", name: "sendwright" };
    await writeAudit(store.db, { at: now, actor, action: "secret.rotated", target: null, detail: {} });
    expect(await findNewestTime(store.db)).toBe(now);
  });

  it("is what failed last, and how many emails are in each state", async () => {
    expect(await countByState(store.db)).toEqual({});
    const id = await storeEmail(store.db, { acceptedAt: now - 5_000, state: "failed" });
    await storeEmail(store.db, { acceptedAt: now - 5_000 });
    await storeEmail(store.db, { acceptedAt: now - 5_000 });
    await attempt(id, now - 3_000, "temporary");
    await attempt(id, now - 2_000, "sent");
    await attempt(id, now - 1_000, "permanent");
    expect(await countByState(store.db)).toEqual({ failed: 1, sent: 2 });
    expect(await listFailedAttempts(store.db, 50)).toEqual(
      [
        { at: now - 1_000, outcome: "permanent" },
        { at: now - 3_000, outcome: "temporary" },
      ].map((expected) => ({
        ...expected,
        configId: "config-1",
        relayHost: "smtp.example.com",
        tlsVersion: null,
        stage: "recipient",
        errorCode: "smtp.rejected",
        code: 550,
        enhancedCode: "5.1.1",
        reply: "Unknown",
        durationMs: 12,
      })),
    );
    expect(await listFailedAttempts(store.db, 1)).toMatchObject([{ outcome: "permanent" }]);
  });

  it("is how many nodes live, and none of them is forgotten by it", async () => {
    await touchNode(store.db, "gone", now - 60_000);
    await touchNode(store.db, "alive", now);
    expect(await countNodes(store.db, now - 30_000)).toBe(1);
    expect(await listNodes(store.db, now - 90_000)).toEqual(["alive", "gone"]);
  });

  it("is how many admins there are", async () => {
    expect(await countAdmins(store.db)).toEqual({ all: 0, withPassword: 0 });
  });
});
