import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { newId } from "../core/id.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { ConfigResolver } from "../smtp-configs/resolver.ts";
import { smtpConfigCreate, smtpConfigUpdate } from "../smtp-configs/settings.ts";
import { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { Drafts } from "../smtp-configs/versions/drafts.ts";
import { VersionHistory } from "../smtp-configs/versions/history.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { findContent } from "../store/tables/email-content.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { insertEncryptionKey, listEncryptionKeys } from "../store/tables/encryption-keys.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { changeWebhook, readWebhook } from "../webhooks/endpoint.ts";
import { type RotateOptions, type RotateStep, rotate } from "./key-rotation.ts";

const source = new ConfigSource(null);

const actor: Actor = { id: "system", name: "sendwright rotate" };
const clock = createFixedClock();
const oldSecret = "0123456789abcdef".repeat(4);
const newSecret = generateKey();

let store: Store;

async function unlocked(primary: string, ...previous: string[]): Promise<Secrets> {
  return unlock({ rows: await listEncryptionKeys(store.db), primary, previous, clock });
}

/** A fresh database under the old secret. */
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
  const secrets = await unlocked(oldSecret);
  if (secrets.newKey !== null) await insertEncryptionKey(store.db, secrets.newKey);
});

afterEach(() => store.close());

const leastConfig = { smtpServer: "a.example", smtpPort: 25, fromEmail: "a@b.example" };

function configsWith(secrets: Secrets): SmtpConfigs {
  return new SmtpConfigs({ store, source, secrets, clock, accessTokens: null });
}

/** A saved config as it connects. */
function resolve(secrets: Secrets, id: string): Promise<ResolvedConfig> {
  return new ConfigResolver({ store, source, secrets, accessTokens: null }).resolveSaved(id);
}

async function addConfig(secrets: Secrets, input: object = {}): Promise<string> {
  const settings = parse(smtpConfigCreate, { ...leastConfig, ...input });
  return (await configsWith(secrets).create(settings, actor)).id;
}

/** The earlier version and the draft of a config, each with a password of its own. */
async function addVersions(secrets: Secrets): Promise<string> {
  const id = await addConfig(secrets, { username: "jo", password: "first" });
  const configs = configsWith(secrets);
  const form = { ...leastConfig, username: "jo" };
  await configs.update(id, parse(smtpConfigUpdate, { ...form, password: "second", version: 1 }), actor);
  const draft = parse(smtpConfigUpdate, { ...form, password: "third", version: 2 });
  await new Drafts({ store, secrets, clock }).save(id, draft, actor);
  return id;
}

function configRow(id: string) {
  return store.db.selectFrom("smtp_config").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

async function addEmail(content: string, secrets: Secrets | null): Promise<string> {
  const id = newId(clock.now());
  const keyring = secrets?.keyringFor("contents", id);
  await store.transact([
    insertEmails(store.db, [
      {
        email: {
          id,
          state: "queued",
          priority: "normal",
          from: null,
          replyTo: [],
          subject: "",
          template: null,
          tags: [],
          messageId: `<${id}@sendwright.example>`,
          caller: "library",
          sensitive: secrets !== null,
          needsSmtpUtf8: false,
          onUnknown: "resend",
          possibleDuplicate: false,
          captured: false,
          attemptCount: 0,
          nextAttemptAt: null,
          expiresAt: clock.now(),
          lease: 0,
          via: null,
          resentFrom: null,
          refusedBy: [],
          createdAt: clock.now(),
          sentAt: null,
          finishedAt: null,
        },
        idempotency: null,
        content: Buffer.from(keyring?.encrypt(content) ?? content),
        encrypted: keyring !== undefined,
        recipients: [{ address: "jo@example.com", role: "to" }],
      },
    ]),
  ]);
  return id;
}

async function contentOf(id: string): Promise<string> {
  return Buffer.from((await findContent(store.db, id))?.content ?? []).toString();
}

async function run(change: Partial<RotateOptions> = {}) {
  const secrets = await unlocked(newSecret, oldSecret);
  return rotate({ store, secrets, clock, actor, ...change });
}

async function everything() {
  return [
    await store.db.selectFrom("smtp_config").selectAll().execute(),
    await store.db.selectFrom("email_content").selectAll().execute(),
    await store.db.selectFrom("encryption_key").selectAll().execute(),
    await store.db.selectFrom("audit_log").selectAll().execute(),
  ];
}

test("rotation puts all under the new key, so that the old secret may be forgotten", async () => {
  const old = await unlocked(oldSecret);
  const withPassword = await addConfig(old, { username: "jo", password: "secret" });
  const without = await addConfig(old);
  const sensitive = [await addEmail("reset link", old), await addEmail("sign-in code", old)];
  const plain = await addEmail("order", null);

  const report = await run();
  expect(report).toEqual({ rotated: 4, current: 0, failed: [], retiredKeyIds: [old.primaryKeyId] });

  const secrets = await unlocked(newSecret);
  expect(secrets).toMatchObject({ fits: true, newKey: null, unknownKeyIds: [] });
  expect((await resolve(secrets, withPassword)).credentials?.password).toBe("secret");
  expect((await resolve(secrets, without)).credentials).toBeNull();
  const contents = sensitive.map(async (id) =>
    secrets
      .keyringFor("contents", id)
      .decrypt(await contentOf(id))
      .toString(),
  );
  expect(await Promise.all(contents)).toEqual(["reset link", "sign-in code"]);
  expect(await contentOf(plain)).toBe("order");
  expect((await unlocked(oldSecret)).fits).toBe(false);

  const [entry] = await listAudit(store.db, { after: null, limit: 1 });
  expect(entry).toMatchObject({ action: "secret.rotated", actor, detail: { rotated: 4, failed: 0 } });
});

test("a second run finds everything done", async () => {
  const old = await unlocked(oldSecret);
  await addConfig(old, { username: "jo", password: "secret" });
  await addEmail("reset link", old);
  await run();
  expect(await run()).toEqual({ rotated: 0, current: 2, failed: [], retiredKeyIds: [] });
});

test("a dry run tells the same and writes nothing", async () => {
  const old = await unlocked(oldSecret);
  await addConfig(old, { username: "jo", password: "secret" });
  await addEmail("reset link", old);
  const before = await everything();
  const dry = await run({ dryRun: true });
  expect(await everything()).toEqual(before);
  expect(await run()).toEqual(dry);
});

test("a run that was stopped is resumed", async () => {
  const old = await unlocked(oldSecret);
  const ids = [await addConfig(old), await addEmail("1", old), await addEmail("2", old)];
  const stop = new Error("stopped");
  const seen: RotateStep[] = [];
  function stopAtSecond(step: RotateStep): void {
    seen.push(step);
    if (seen.length === 2) throw stop;
  }
  await expect(run({ onProgress: stopAtSecond })).rejects.toBe(stop);
  expect(seen.map(({ kind, id }) => [kind, id])).toEqual([
    ["smtp_config", ids[0]],
    ["email", ids[1]],
  ]);
  expect(await run()).toMatchObject({ rotated: 1, current: 2, retiredKeyIds: [old.primaryKeyId] });
});

test("what cannot be read is named and left alone, and its key stays in use", async () => {
  const old = await unlocked(oldSecret);
  const good = await addConfig(old);
  const changed = await addConfig(old);
  const damaged = await addEmail("x", old);
  await store.db
    .updateTable("smtp_config")
    .set({ smtp_server: "evil.example" })
    .where("id", "=", changed)
    .execute();
  await store.db
    .updateTable("email_content")
    .set({ content: Buffer.from("gAAAAA") })
    .execute();
  const before = await configRow(changed);

  const report = await run();
  expect(report).toMatchObject({ rotated: 1, retiredKeyIds: [] });
  expect(report.failed.map(({ kind, id }) => [kind, id])).toEqual([
    ["smtp_config", changed],
    ["email", damaged],
  ]);
  expect(report.failed[0]?.reason).toMatch(/modified outside Sendwright/);
  expect(await configRow(changed)).toEqual(before);
  expect(await contentOf(damaged)).toBe("gAAAAA");
  const configs = configsWith(await unlocked(newSecret, oldSecret));
  expect((await configs.get(good)).problem).toBeNull();
  expect((await configs.get(changed)).problem?.code).toBe("seal.broken");
});

test("a config saved while it was being rotated keeps what was saved, and is rotated too", async () => {
  const old = await unlocked(oldSecret);
  const id = await addConfig(old, { username: "jo", password: "older" });
  const before = await configRow(id);
  const settings = parse(smtpConfigUpdate, { ...leastConfig, username: "jo", password: "newer", version: 1 });
  await configsWith(old).update(id, settings, actor);
  const saved = await configRow(id);
  const write = (row: typeof saved) =>
    store.db.updateTable("smtp_config").set(row).where("id", "=", id).execute();
  await write(before);

  const secrets = await unlocked(newSecret, oldSecret);
  const saves: Promise<unknown>[] = [];
  const rotateToken = secrets.rotate.bind(secrets);
  vi.spyOn(secrets, "rotate").mockImplementation((token) => {
    if (saves.length === 0) saves.push(write(saved));
    return rotateToken(token);
  });
  expect(await run({ secrets })).toMatchObject({
    // With the version that was replaced.
    rotated: 2,
  });
  await Promise.all(saves);

  const after = await unlocked(newSecret);
  expect((await resolve(after, id)).credentials?.password).toBe("newer");
  expect((await configsWith(after).get(id)).revision.version).toBe(2);
});

test("a secret that was retired comes back into use when all is rotated to it again", async () => {
  const id = await addConfig(await unlocked(oldSecret), { username: "jo", password: "secret" });
  await run();
  const back = await unlocked(oldSecret, newSecret);
  await rotate({ store, secrets: back, clock, actor });
  const secrets = await unlocked(oldSecret);
  expect(secrets).toMatchObject({ fits: true, newKey: null });
  expect((await unlocked(newSecret)).fits).toBe(false);
  expect((await resolve(secrets, id)).credentials?.password).toBe("secret");
});

test("secrets that fit nothing rotate nothing", async () => {
  const before = await everything();
  await expect(run({ secrets: await unlocked(newSecret) })).rejects.toThrow(
    expect.objectContaining({ code: "secret.mismatch" }),
  );
  expect(await everything()).toEqual(before);
});

test("re-encrypts and reseals earlier versions and drafts, which can then be used as before", async () => {
  const id = await addVersions(await unlocked(oldSecret));
  const report = await rotate({ store, secrets: await unlocked(newSecret, oldSecret), clock, actor });
  expect(report).toMatchObject({ rotated: 3, failed: [] });

  const after = { store, secrets: await unlocked(newSecret), clock };
  const versions = new VersionHistory(after);
  expect((await new Drafts(after).resolve(id)).config.credentials?.password).toBe("third");
  await versions.restore(id, 1, 2, actor);
  expect((await versions.list(id)).map(({ isUsable }) => isUsable)).toEqual([true, true, true]);
});

test("takes the webhook's secret along", async () => {
  const webhookUrl = "https://hook.example.com/";
  const made = await changeWebhook(store.db, await unlocked(oldSecret), { webhookUrl });
  const secrets = await unlocked(newSecret, oldSecret);
  const run = (options: Partial<RotateOptions> = {}) => rotate({ store, secrets, clock, actor, ...options });
  expect(await run({ dryRun: true })).toMatchObject({ rotated: 1, failed: [] });
  expect(await run()).toMatchObject({ rotated: 1, failed: [] });
  expect(await run()).toMatchObject({ rotated: 0, current: 1 });
  expect(await readWebhook(store.db, await unlocked(newSecret))).toEqual({
    url: webhookUrl,
    secret: made.secret,
  });
});
