import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { composeTestEmail } from "../../src/diagnosis/test-email.ts";
import { logTestEmail, type TestEmailEnding } from "../../src/diagnosis/test-email-log.ts";
import { resolveSettings } from "../../src/smtp-configs/open.ts";
import type { Store } from "../../src/store/store.ts";
import { claimEmails, nextDueAt } from "../../src/store/tables/email-claims.ts";
import { releaseLeases } from "../../src/store/tables/email-leases.ts";
import { requeueEmails } from "../../src/store/tables/email-retry.ts";
import { findEmail, listAttempts, listRecipients } from "../../src/store/tables/emails.ts";
import { purgeContents } from "../../src/store/tables/retention.ts";
import { LoadedTemplates } from "../../src/templates/engine/templates.ts";
import { claimOf } from "../support/claim.ts";
import { smtpConfig } from "../support/smtp-config.ts";
import { storeEmail } from "../support/stored-email.ts";
import { databases } from "./databases.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const hour = 3_600_000;
const config = smtpConfig();
const opened = resolveSettings(config.settings, null);

function answered(code: number | null): TestEmailEnding {
  const reply = code === null ? null : { code, enhancedCode: null, lines: ["so it is"] };
  const outcome = code === null ? "unknown" : code < 300 ? "sent" : code < 500 ? "temporary" : "permanent";
  const recipients = [{ address: "pat@example.net", outcome, reply } as const];
  const result = {
    recipients,
    reply,
    stage: "message",
    bodyStarted: true,
    lost: null,
    durationMs: 5,
  } as const;
  return { kind: "answered", result };
}

describe.each(databases)("test emails in the log on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  async function put(ending: TestEmailEnding): Promise<string> {
    const connection = { address: "192.0.2.1", tls: null };
    const parts = { to: "pat@example.net", templates: new LoadedTemplates(), connection, now };
    const email = composeTestEmail(opened, parts);
    const actor = { id: "user:1", name: "Ada" };
    await logTestEmail(store, { email, ending, opened, connection, endedAt: now + 5 }, { config, actor });
    return email.id;
  }

  it.each([
    [250, "sent", "sent"],
    [451, "failed", "temporary"],
    [554, "failed", "permanent"],
    [null, "unknown", "unknown"],
  ] as const)("are final at once: %s is %s", async (code, state, outcome) => {
    const id = await put(answered(code));
    expect(await findEmail(store.db, id)).toMatchObject({ state, finishedAt: now + 5, nextAttemptAt: null });
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ state, code }]);
    expect(await listAttempts(store.db, id)).toMatchObject([
      { outcome, code, configId: config.id, durationMs: 5, failure: state === "sent" ? null : { port: 587 } },
    ]);
  });

  it("are never claimed, neither now nor after a restart", async () => {
    for (const code of [250, 451, 554, null]) await put(answered(code));
    const later = now + hour;
    expect(await store.transaction((db) => releaseLeases(db, Number.MAX_SAFE_INTEGER, later))).toBe(0);
    expect(await nextDueAt(store.db)).toBeNull();
    const claim = claimOf({ now: later, leaseMs: hour, limit: 10 });
    expect(await store.transact([claimEmails(store.db, claim)])).toEqual([[]]);
  });

  it("are left out where many emails are tried again", async () => {
    const id = await put(answered(554));
    const other = await storeEmail(store.db, { acceptedAt: now, state: "failed", template: null });
    const change = { state: "failed", now: now + hour, expiresAt: now + 2 * hour } as const;
    expect(await requeueEmails(store.db, [id, other], change)).toBe(1);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "failed" });
    expect(await findEmail(store.db, other)).toMatchObject({ state: "queued" });
  });

  it("lose their contents with those of other emails", async () => {
    const id = await put(answered(250));
    const contents = () => store.db.selectFrom("email_content").select("email_id").execute();
    expect(await contents()).toEqual([{ email_id: id }]);
    await purgeContents(store.db, { finalBy: now + 5, after: "", limit: 10, maxBytes: 1e6 });
    expect(await contents()).toEqual([]);
  });
});
