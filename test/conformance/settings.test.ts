import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateKey } from "../../src/secret/fernet.ts";
import type { Secrets } from "../../src/secret/secrets.ts";
import { unlock } from "../../src/secret/unlock.ts";
import { changeSettings, readSettings, type SettingsChange } from "../../src/settings.ts";
import { listAudit } from "../../src/store/tables/audit-log.ts";
import { createFixedClock } from "../../src/testing/fixed-clock.ts";
import { readWebhook } from "../../src/webhooks/endpoint.ts";
import { databases, type OpenDatabase } from "./databases.ts";

type Change = Omit<SettingsChange, "version">;

const clock = createFixedClock();
const ada = { id: "user:1", name: "Ada" };
const bo = { id: "user:2", name: "Bo" };

/** Each part of the settings by itself: how it is changed, and how it is changed again. */
const parts: readonly (readonly [name: string, one: Change, other: Change])[] = [
  ["contentRetentionDays", { contentRetentionDays: 7 }, { contentRetentionDays: 8 }],
  ["emailRetentionDays", { emailRetentionDays: 365 }, { emailRetentionDays: 100 }],
  ["returnFailedChanges", { returnFailedChanges: true }, { returnFailedChanges: false }],
  ["brand.name", { brand: { name: "Fjord Supply" } }, { brand: { name: null } }],
  ["brand.url", { brand: { url: "https://shop.example.com/" } }, { brand: { url: null } }],
  ["brand.color", { brand: { color: "#0f766e" } }, { brand: { color: "#000000" } }],
  [
    "brand.footerLinks",
    { brand: { footerLinks: [{ label: "Help", url: "https://example.com/" }] } },
    { brand: { footerLinks: [] } },
  ],
  ["checkEveryHours", { checkEveryHours: 6 }, { checkEveryHours: 0 }],
  ["alertEmails", { alertEmails: ["ops@example.com"] }, { alertEmails: null }],
  ["webhookUrl", { webhookUrl: "https://hook.example.com/" }, { webhookUrl: "https://other.example.com/" }],
];

describe.each(databases)("settings on $name", (database) => {
  let opened: OpenDatabase;
  let secrets: Secrets;
  /** How often templates were told to look again. */
  let reloads = 0;

  beforeAll(() => database.start());
  afterAll(() => database.stop());
  beforeEach(async () => {
    opened = await database.open();
    secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
    reloads = 0;
  });
  afterEach(() => opened.dispose());

  const read = () => readSettings(opened.store.db);
  const templatesChanged = async () => {
    reloads += 1;
  };
  const save = (change: SettingsChange, actor = ada) =>
    changeSettings({ store: opened.store, secrets, clock, templatesChanged }, change, actor);
  const audit = () => listAudit(opened.store.db, { after: null, limit: 100 });
  /** Everything that is in the table, so that nothing is overlooked. */
  const rows = async () => {
    const stored = await opened.store.db.selectFrom("settings").selectAll().orderBy("key").execute();
    return stored.map(({ key, value_json }) => [key, value_json]);
  };

  it.each(parts)(
    "%s changes alone, and its change leaves all others as they are",
    async (name, one, other) => {
      // All others have values of their own by then, so that a default could not be taken for them.
      for (const [, change] of parts) await save({ version: (await read()).version, ...change });
      const before = await read();
      const webhook = await readWebhook(opened.store.db, secrets);
      reloads = 0;
      const { settings } = await save({ version: before.version, ...other }, bo);

      const expected = { ...before, ...other, version: before.version + 1 };
      const brand = Object.entries({ ...before.brand, ...other.brand });
      const isThere = ([, value]: [string, unknown]) =>
        value !== null && !(Array.isArray(value) && value.length === 0);
      expect(settings).toEqual({ ...expected, brand: Object.fromEntries(brand.filter(isThere)) });
      expect(await read()).toEqual(settings);
      expect(reloads).toBe(name.startsWith("brand.") ? 1 : 0);
      expect((await audit()).find(({ actor }) => actor.id === bo.id)).toMatchObject({
        actor: bo,
        action: "settings.updated",
        detail: { changed: name === "webhookUrl" ? ["webhookUrl", "webhookSecret"] : [name] },
      });
      if (name !== "webhookUrl") expect(await readWebhook(opened.store.db, secrets)).toEqual(webhook);
      expect(one).not.toEqual(other);
    },
  );

  it("are not changed by who has read an older version, and say who saved the newer one", async () => {
    const { version } = await read();
    await save({ version, contentRetentionDays: 60 }, bo);
    const before = await rows();
    await expect(save({ version, brand: { name: "Fjord Supply" } })).rejects.toMatchObject({
      code: "config.version_conflict",
      message: expect.stringContaining("Bo saved version 2"),
    });
    expect([await rows(), (await audit()).length, reloads]).toEqual([before, 1, 0]);
    const { settings } = await save({ version: 2, brand: { name: "Fjord Supply" } });
    expect(settings).toMatchObject({ contentRetentionDays: 60, brand: { name: "Fjord Supply" }, version: 3 });
  });

  it("take one of two changes that come at the same moment", async () => {
    const stores = database.shared ? [opened.store, await opened.another()] : [opened.store, opened.store];
    const { version } = await read();
    const results = await Promise.allSettled(
      stores.map((store, index) =>
        changeSettings(
          { store, secrets, clock, templatesChanged },
          { version, ...(index === 0 ? { contentRetentionDays: 7 } : { checkEveryHours: 6 }) },
          ada,
        ),
      ),
    );
    const saved = results.filter((result) => result.status === "fulfilled");
    const refused = results.find((result) => result.status === "rejected");
    expect(saved).toHaveLength(1);
    expect(refused?.reason).toMatchObject({ code: "config.version_conflict" });
    expect(await read()).toEqual(saved[0]?.value.settings);
  });

  it.each<readonly [string, Change, string]>([
    ["days do not go together", { contentRetentionDays: 91 }, "input.invalid"],
    ["a secret cannot be encrypted", { webhookUrl: "https://hook.example.com/" }, "secret.mismatch"],
  ])("store nothing of a change if %s", async (_, wrong, code) => {
    await save({ version: 1, brand: { name: "Fjord Supply" } });
    const { newKey } = secrets;
    if (newKey === null) throw new Error("A new database has no key yet.");
    // In use is a key that this secret does not give.
    const rowsOfAnother = [{ ...newKey, keyId: "another" }];
    const stranger = await unlock({ rows: rowsOfAnother, primary: generateKey(), previous: [], clock });
    const before = [await rows(), await audit()];
    const change = {
      version: 2,
      returnFailedChanges: true,
      checkEveryHours: 6,
      alertEmails: [],
      brand: { name: "Another" },
      ...wrong,
    };
    reloads = 0;
    const parts = { store: opened.store, secrets: stranger, clock, templatesChanged };
    await expect(changeSettings(parts, change, ada)).rejects.toMatchObject({ code });
    expect([await rows(), await audit()]).toEqual(before);
    expect(reloads).toBe(0);
  });

  it("store nothing of a change if the database refuses its last statement", async () => {
    await save({ version: 1, contentRetentionDays: 20 });
    const before = await rows();
    const { store } = opened;
    // The audit log is written last.
    await store.db.schema.alterTable("audit_log").renameTo("audit_log_away").execute();
    const all = Object.assign({ version: 2 }, ...parts.map(([, change]) => change));
    await expect(save(all)).rejects.toThrow();
    await store.db.schema.alterTable("audit_log_away").renameTo("audit_log").execute();
    expect(await rows()).toEqual(before);
    expect(reloads).toBe(0);
  });
});
