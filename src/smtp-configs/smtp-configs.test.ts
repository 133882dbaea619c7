import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pauseConfig } from "../../test/support/smtp-config.ts";
import { type Actor, passwordMask } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { smtpConfigView } from "../http/resources/smtp-config-views.ts";
import type { SmtpConfig } from "../http/schema/smtp-configs.ts";
import { decrypt, generateKey, parseKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import type { SmtpConfigRow } from "../store/schema.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { insertEncryptionKey, listEncryptionKeys } from "../store/tables/encryption-keys.ts";
import { recordSmtpConfigTest } from "../store/tables/smtp-config-health.ts";
import { findSmtpConfig } from "../store/tables/smtp-configs.ts";
import { makeAuthority } from "../testing/certificates.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { ConfigSource } from "./repository.ts";
import { ConfigResolver } from "./resolver.ts";
import { smtpConfigCreate, smtpConfigEdited, smtpConfigUpdate } from "./settings.ts";
import { SmtpConfigs } from "./smtp-configs.ts";

const source = new ConfigSource(null);

const actor: Actor = { id: "user:1", name: "Ada" };
const startMs = Date.UTC(2026, 0, 1);
const clock = createFixedClock(startMs);
const secret = generateKey();
const password = "p4ss wörd 密码";
const body = {
  smtpServer: "smtp.example.com",
  smtpPort: 587,
  fromEmail: "shop@example.com",
  username: "jo",
  password,
};

let store: Store;
let secrets: Secrets;
let configs: SmtpConfigs;
let resolver: ConfigResolver;

/** What a start of Sendwright does: unlock, and store a key that fits but is new. */
async function start(primary: string, ...previous: string[]): Promise<void> {
  secrets = await unlock({ rows: await listEncryptionKeys(store.db), primary, previous, clock });
  if (secrets.fits && secrets.newKey !== null) {
    await insertEncryptionKey(store.db, secrets.newKey);
    secrets.newKeyStored();
  }
  configs = configsWith(() => {});
  resolver = new ConfigResolver({ store, source, secrets, accessTokens: null });
}

function configsWith(onChanged: () => void): SmtpConfigs {
  return new SmtpConfigs({ store, source, secrets, clock, accessTokens: null, onChanged });
}

beforeEach(async () => {
  store = await openSqliteStore(":memory:");
  await start(secret);
});

afterEach(() => store.close());

async function create(input: object = {}): Promise<SmtpConfig> {
  return smtpConfigView(await configs.create(parse(smtpConfigCreate, { ...body, ...input }), actor));
}

async function get(id: string): Promise<SmtpConfig> {
  return smtpConfigView(await configs.get(id));
}

async function list(): Promise<SmtpConfig[]> {
  return (await configs.list()).map(smtpConfigView);
}

async function arrange(ids: readonly string[]): Promise<SmtpConfig[]> {
  return (await configs.arrange(ids, actor)).map(smtpConfigView);
}

async function setEnabled(id: string, enabled: boolean): Promise<SmtpConfig> {
  return smtpConfigView(await configs.setEnabled(id, enabled, actor));
}

/** Sends back what GET gave, with changes, as the form does. */
async function put(view: SmtpConfig, change: object = {}): Promise<SmtpConfig> {
  const input = parse(smtpConfigUpdate, { ...view, ...change });
  return smtpConfigView(await configs.update(view.id, input, actor));
}

function testForm(view: SmtpConfig, change: object = {}) {
  return resolver.resolveEdited(view.id, parse(smtpConfigEdited, { ...view, ...change }));
}

async function passwordIn(id: string): Promise<string | undefined> {
  const config = await findSmtpConfig(store.db, id);
  return config && resolver.resolve(config).credentials?.password;
}

function row(id: string): Promise<SmtpConfigRow> {
  return store.db.selectFrom("smtp_config").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

/** Changes a row as somebody with access to the database would. */
async function tamper(id: string, change: Partial<SmtpConfigRow>): Promise<void> {
  await store.db.updateTable("smtp_config").set(change).where("id", "=", id).execute();
}

function code(expected: string) {
  return expect.objectContaining({ code: expected });
}

describe("a saved config", () => {
  test("is shown with the mask, and no form of the password anywhere", async () => {
    const view = await create();
    expect(view).toMatchObject({
      name: "smtp.example.com",
      position: 0,
      password: passwordMask,
      version: 1,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedBy: "Ada",
      lastTest: null,
      problem: null,
    });
    expect(await get(view.id)).toEqual(view);
    expect(await list()).toEqual([view]);
    const { seal, password_enc } = await row(view.id);
    const everything = JSON.stringify([view, await listAudit(store.db, { after: null, limit: 9 })]);
    for (const hidden of [password, Buffer.from(password).toString("base64"), seal, password_enc ?? ""]) {
      expect(everything).not.toContain(hidden);
    }
  });

  test("holds its password as a plain Fernet token of the secret", async () => {
    const view = await create();
    const { password_enc } = await row(view.id);
    expect(decrypt(parseKey(secret)!, password_enc!).toString()).toBe(password);
  });

  test("gives the relay and the credentials to those who send", async () => {
    const view = await create({ smtpServer: "SMTP.Example.com.", smtpPort: 465, fromName: "Shop" });
    expect(await resolver.resolveSaved(view.id)).toEqual({
      relay: { host: "smtp.example.com", port: 465, tls: "implicit", caPem: null, ehloName: null },
      needsToken: null,
      credentials: { username: "jo", password, method: "auto" },
      allowCleartextAuth: false,
      fromEmail: "shop@example.com",
      fromName: "Shop",
      replyTo: null,
    });
    expect(view.smtpServer).toBe("SMTP.Example.com.");
  });

  test("needs no sign-in, and is sealed all the same", async () => {
    const view = await create({ username: null, password: null });
    expect(view).toMatchObject({ password: null, problem: null });
    expect((await resolver.resolveSaved(view.id)).credentials).toBeNull();
    await tamper(view.id, { smtp_server: "evil.example" });
    await expect(resolver.resolveSaved(view.id)).rejects.toThrow(code("seal.broken"));
  });

  test("with a username but no password says what is missing", async () => {
    const view = await create({ password: null });
    expect(view).toMatchObject({ password: null, problem: { code: "config.password_required" } });
    await expect(resolver.resolveSaved(view.id)).rejects.toThrow(code("config.password_required"));
  });

  test("comes after the others unless it says where", async () => {
    const first = await create({ position: 7 });
    const second = await create();
    const third = await create({ position: 1 });
    expect(second.position).toBe(8);
    expect((await list()).map((view) => view.id)).toEqual([third.id, first.id, second.id]);
    const { position: _left, ...rest } = second;
    const update = parse(smtpConfigUpdate, rest);
    expect((await configs.update(second.id, update, actor)).settings.position).toBe(8);
  });

  test("is gone once removed", async () => {
    const view = await create();
    await configs.remove(view.id, actor);
    expect(await list()).toEqual([]);
    for (const work of [
      get(view.id),
      configs.remove(view.id, actor),
      put(view),
      testForm(view),
      resolver.resolveSaved(view.id),
    ]) {
      await expect(work).rejects.toThrow(code("config.not_found"));
    }
  });
});

describe("an update", () => {
  test("with the body of GET changes nothing but the version", async () => {
    const view = await create({ caPem: makeAuthority().caPem, replyTo: "jo@example.com", maxPerSecond: 3 });
    await recordSmtpConfigTest(store.db, view.id, { at: startMs, ok: true, stage: null, title: null });
    const tested = await get(view.id);
    expect(await put(tested)).toEqual({ ...tested, version: 2 });
    expect(await passwordIn(view.id)).toBe(password);
  });

  test("keeps the password by the mask, whatever else is edited beside the destination", async () => {
    const view = await put(await create(), {
      name: "Main",
      enabled: false,
      fromEmail: "other@example.com",
      fromName: "Other",
      ehloName: "app.example.com",
      allowCleartextAuth: true,
      maxConnections: 2,
    });
    expect(view).toMatchObject({ name: "Main", enabled: false, password: passwordMask, problem: null });
    expect(await passwordIn(view.id)).toBe(password);
  });

  test("sets and removes the password", async () => {
    const changed = await put(await create(), { password: "other" });
    expect(await passwordIn(changed.id)).toBe("other");
    const removed = await put(changed, { username: null, password: null });
    expect(removed).toMatchObject({ username: null, password: null, problem: null });
    expect((await row(removed.id)).password_enc).toBeNull();
  });

  test("of an old version is refused and changes nothing", async () => {
    const view = await create();
    const newer = await put(view, { name: "newer" });
    await expect(put(view, { name: "older" })).rejects.toThrow(code("config.version_conflict"));
    expect(await get(view.id)).toEqual(newer);
  });

  test("beside another of the same version: one of them wins", async () => {
    const view = await create();
    const results = await Promise.allSettled([put(view, { name: "a" }), put(view, { name: "b" })]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await get(view.id)).version).toBe(2);
  });

  test("ends a pause, and forgets a test of other settings", async () => {
    const view = await create();
    await pauseConfig(store, view, { until: startMs + 1000, reason: "535", failures: 1, needsAdmin: true });
    await recordSmtpConfigTest(store.db, view.id, { at: startMs, ok: false, stage: "auth", title: "No" });
    const failing = await get(view.id);
    expect(failing).toMatchObject({
      pausedUntil: "2026-01-01T00:00:01.000Z",
      pausedReason: "535",
      lastTest: { at: "2026-01-01T00:00:00.000Z", ok: false, stage: "auth", title: "No" },
    });
    expect(await put(failing, { password: "other" })).toMatchObject({
      pausedUntil: null,
      pausedReason: null,
      lastTest: null,
    });
  });
});

describe("the destination guard", () => {
  const changes = [
    { smtpServer: "smtp.example.org" },
    { smtpPort: 2525 },
    { useTls: false },
    { tlsMode: "starttls" },
    { caPem: makeAuthority().caPem },
    { authMethod: "plain" },
    { username: "JO" },
    { username: null },
  ];

  test.each(changes)("asks for the password when %j is saved or tested with the mask", async (change) => {
    const view = await create();
    const refusal = expect.objectContaining({
      code: "config.password_required",
      issues: [expect.objectContaining({ pointer: "/password" })],
    });
    await expect(put(view, change)).rejects.toThrow(refusal);
    await expect(testForm(view, change)).rejects.toThrow(refusal);
    expect(await get(view.id)).toEqual(view);
    expect((await listAudit(store.db, { after: null, limit: 9 })).length).toBe(1);
  });

  test("takes another way to write the same server", async () => {
    const view = await create({ smtpServer: "bücher.example" });
    const change = { smtpServer: "XN--BCHER-KVA.example." };
    expect((await testForm(view, change)).credentials?.password).toBe(password);
    expect(await put(view, change)).toMatchObject({ ...change, problem: null });
    expect(await passwordIn(view.id)).toBe(password);
  });

  test("lets a new destination pass with a password, or with none", async () => {
    const view = await create();
    const moved = { smtpServer: "smtp.example.org", smtpPort: 25 };
    expect((await testForm(view, { ...moved, password: "other" })).relay.host).toBe("smtp.example.org");
    expect((await testForm(view, { ...moved, username: null, password: null })).credentials).toBeNull();
    await put(view, { ...moved, password: "other" });
    expect(await passwordIn(view.id)).toBe("other");
  });

  test("keeps nothing where nothing is saved", async () => {
    const view = await create({ password: null });
    const change = { password: passwordMask };
    await expect(put(view, change)).rejects.toThrow(code("config.password_required"));
    await expect(testForm(view, change)).rejects.toThrow(code("config.password_required"));
  });
});

describe("the order of configs", () => {
  const names = async () => (await list()).map(({ name, position }) => `${position} ${name}`);
  const three = () =>
    Promise.all(["one", "two", "three"].map((name, position) => create({ name, position: position * 10 })));

  test("is set at once, is written down, and wakes the delivery worker", async () => {
    let changes = 0;
    configs = configsWith(() => changes++);
    const [one, two, last] = await three();
    changes = 0;
    const views = await arrange([last!.id, one!.id, two!.id]);
    expect(await names()).toEqual(["0 three", "1 one", "2 two"]);
    expect(await list()).toEqual(views);
    expect(changes).toBe(1);
    const [entry] = await listAudit(store.db, { after: null, limit: 1 });
    expect(entry).toMatchObject({ action: "smtp_config.arranged", actor });
    expect(entry?.detail).toEqual({ order: ["three", "one", "two"] });
  });

  test("makes a form that was open before a conflict, so that it does not undo the order", async () => {
    const [one, two, last] = await three();
    await arrange([two!.id, one!.id, last!.id]);
    await expect(put(two!)).rejects.toThrow(code("config.version_conflict"));
  });

  test("leaves what stays in its place alone, with tests, pauses and passwords", async () => {
    const [one, two, last] = await three();
    await arrange([one!.id, two!.id, last!.id]);
    const [first, second] = await list();
    await recordSmtpConfigTest(store.db, second!.id, { at: startMs, ok: true, stage: null, title: null });
    await pauseConfig(store, second!, {
      until: startMs + 1,
      reason: "closed port",
      failures: 1,
      needsAdmin: false,
    });
    await arrange([one!.id, last!.id, two!.id]);
    const [kept, , moved] = await list();
    expect(kept).toEqual(first);
    expect(moved).toMatchObject({ id: second!.id, lastTest: { ok: true }, pausedReason: "closed port" });
    expect(await passwordIn(moved!.id)).toBe(password);
  });

  test("writes nothing where nothing moves", async () => {
    const [one, two] = [await create({ name: "one" }), await create({ name: "two" })];
    expect(await arrange([one.id, two.id])).toEqual([one, two]);
    const [entry] = await listAudit(store.db, { after: null, limit: 1 });
    expect(entry?.action).toBe("smtp_config.created");
  });

  test("is refused whole unless it names each config once", async () => {
    const [one, two, last] = (await three()).map(({ id }) => id);
    const before = await names();
    await expect(arrange([one!, two!, two!])).rejects.toThrow(code("input.invalid"));
    for (const ids of [[], [one!, two!], [one!, two!, last!, "gone"], [one!, two!, "gone"]]) {
      await expect(arrange(ids)).rejects.toThrow(code("config.version_conflict"));
    }
    expect(await names()).toEqual(before);
  });
});

describe("the switch of a config", () => {
  test("keeps test, pause and password, is written down, and wakes the delivery worker", async () => {
    let changes = 0;
    configs = configsWith(() => changes++);
    const view = await create();
    const lastTest = { at: startMs, ok: true, stage: null, title: null };
    await recordSmtpConfigTest(store.db, view.id, lastTest);
    changes = 0;
    const off = await setEnabled(view.id, false);
    expect(off).toMatchObject({ enabled: false, version: 2, lastTest: { ok: true }, problem: null });
    expect(await setEnabled(view.id, false)).toEqual(off);
    expect(await setEnabled(view.id, true)).toMatchObject({ enabled: true, version: 3 });
    expect(await passwordIn(view.id)).toBe(password);
    expect(changes).toBe(3);
    const actions = (await listAudit(store.db, { after: null, limit: 9 })).map(({ action }) => action);
    expect(actions).toEqual(["smtp_config.enabled", "smtp_config.disabled", "smtp_config.created"]);
  });

  test("works where the password cannot be read", async () => {
    const view = await create();
    await tamper(view.id, { smtp_server: "evil.example" });
    const off = await setEnabled(view.id, false);
    expect(off).toMatchObject({ enabled: false, problem: { code: "seal.broken" } });
  });

  test("of a config that is gone says so", async () => {
    await expect(setEnabled("gone", true)).rejects.toThrow(code("config.not_found"));
  });
});

describe("a config that takes over from the sandbox", () => {
  const port = 4651;
  const sandbox = { smtpServer: "127.0.0.1", smtpPort: port, useTls: false, username: null, password: null };

  async function takeOver(input: object = {}): Promise<(readonly [server: string, isOn: boolean])[]> {
    await create({ ...sandbox, allowCleartextAuth: false });
    await configs.create(parse(smtpConfigCreate, { ...body, ...input }), actor, port);
    return (await list()).map(({ smtpServer, enabled }) => [smtpServer, enabled]);
  }

  test("turns its configs off, and says so in the audit log", async () => {
    expect(await takeOver()).toEqual([
      ["127.0.0.1", false],
      [body.smtpServer, true],
    ]);
    const entries = await listAudit(store.db, { after: null, limit: 2 });
    expect(entries.map(({ action, detail }) => [action, detail.name])).toEqual(
      expect.arrayContaining([
        ["smtp_config.created", body.smtpServer],
        ["smtp_config.disabled", "127.0.0.1"],
      ]),
    );
  });

  test.each([
    ["is off", { enabled: false }],
    ["sends there too", { ...sandbox, smtpServer: "localhost" }],
  ])("leaves them on if it %s", async (_what, input) => {
    expect(await takeOver(input)).toContainEqual(["127.0.0.1", true]);
  });
});

describe("a test of unsaved settings", () => {
  test("uses the password of the form and stores nothing", async () => {
    const opened = resolver.resolveUnsaved(parse(smtpConfigCreate, body));
    expect(opened.credentials?.password).toBe(password);
    expect(await list()).toEqual([]);
  });

  test("of an edited form uses the saved password and stores nothing", async () => {
    const view = await create();
    const opened = await testForm(view, { fromEmail: "other@example.com" });
    expect(opened).toMatchObject({ fromEmail: "other@example.com", credentials: { password } });
    expect(await get(view.id)).toEqual(view);
  });
});

describe("a row modified outside Sendwright by other hands", () => {
  test.each<Partial<SmtpConfigRow>>([
    { smtp_server: "evil.example" },
    { smtp_port: 26 },
    { use_tls: 0 },
    { tls_mode: "implicit" },
    { username: "eve" },
    { username: null },
    { auth_method: "login" },
    { allow_cleartext_auth: 1 },
    { ca_pem: "-----BEGIN CERTIFICATE-----" },
    { password_enc: null },
    { password_enc: "gAAAAA" },
  ])("is refused: %j", async (change) => {
    const view = await create();
    await tamper(view.id, change);
    const shown = await get(view.id);
    expect(shown.problem?.code).toBe("seal.broken");
    await expect(resolver.resolveSaved(view.id)).rejects.toThrow(code("seal.broken"));
    const keep = { caPem: null, username: "jo", password: passwordMask };
    await expect(put(shown, keep)).rejects.toThrow(code("config.password_required"));
    await expect(testForm(shown, keep)).rejects.toThrow(code("config.password_required"));
  });

  test("says why the mask is refused, and is mended by entering the password again", async () => {
    const view = await create();
    await tamper(view.id, { smtp_server: "evil.example" });
    const shown = await get(view.id);
    await expect(put(shown)).rejects.toThrow(/modified outside Sendwright/);
    const mended = await put(shown, { smtpServer: "smtp.example.com", password });
    expect(mended.problem).toBeNull();
    expect(await passwordIn(view.id)).toBe(password);
  });

  test("may not carry the password of another row", async () => {
    const [one, two] = [await create(), await create({ smtpServer: "evil.example", password: "x" })];
    const { password_enc, seal } = await row(one.id);
    await tamper(two.id, { password_enc });
    await expect(resolver.resolveSaved(two.id)).rejects.toThrow(code("seal.broken"));
    await tamper(two.id, { password_enc, seal });
    await expect(resolver.resolveSaved(two.id)).rejects.toThrow(code("seal.broken"));
  });
});

describe("with a secret that does not fit", () => {
  test("configs are shown, say so, and are not overwritten", async () => {
    const view = await create();
    const before = [await row(view.id), await listEncryptionKeys(store.db)];
    await start(generateKey());
    const [shown] = await list();
    expect(shown).toMatchObject({ password: passwordMask, problem: { code: "secret.mismatch" } });
    await expect(resolver.resolveSaved(view.id)).rejects.toThrow(code("secret.mismatch"));
    await expect(put(shown!)).rejects.toThrow(/another secret/);
    await expect(testForm(shown!)).rejects.toThrow(code("config.password_required"));
    expect([await row(view.id), await listEncryptionKeys(store.db)]).toEqual(before);

    await start(secret);
    expect(await passwordIn(view.id)).toBe(password);
  });

  test("entering the password again mends the config, and its key is found after a restart", async () => {
    const [one, two] = [await create(), await create({ name: "two" })];
    const other = "another passphrase, of some length";
    await start(other);
    expect(await put(await get(one.id), { password: "new" })).toMatchObject({ problem: null });
    expect(secrets).toMatchObject({ fits: true, newKey: null });

    await start(other);
    expect(secrets).toMatchObject({ fits: true, newKey: null });
    expect(await passwordIn(one.id)).toBe("new");
    expect((await get(two.id)).problem?.code).toBe("secret.mismatch");
  });

  test("a refused save stores no key", async () => {
    const view = await create();
    await start(generateKey());
    await expect(put(view, { version: 9, password: "x" })).rejects.toThrow(code("config.version_conflict"));
    expect(await listEncryptionKeys(store.db)).toHaveLength(1);
    expect(secrets.newKey).not.toBeNull();
  });
});

test("a password kept after a change of secrets moves to the new key", async () => {
  const view = await create();
  const other = generateKey();
  await start(other, secret);
  await put(view, { name: "kept" });
  const { password_enc } = await row(view.id);
  expect(decrypt(parseKey(other)!, password_enc!).toString()).toBe(password);
  await start(other);
  expect(await passwordIn(view.id)).toBe(password);
});

test("whoever waits for a config hears of each write that was kept, and of no other", async () => {
  const versions: (number | undefined)[] = [];
  const heard: Promise<void>[] = [];
  const onChanged = () => {
    heard.push(list().then(([view]) => void versions.push(view?.version)));
  };
  configs = configsWith(onChanged);
  const view = await create();
  await put(view);
  await expect(put(view)).rejects.toThrow(code("config.version_conflict"));
  await expect(configs.remove("nothing", actor)).rejects.toThrow(code("config.not_found"));
  await configs.remove(view.id, actor);
  await Promise.all(heard);
  expect(versions).toEqual([1, 2, undefined]);
});

test("the audit log says who changed what, without values", async () => {
  const view = await create();
  const updated = await put(view, { smtpPort: 25, fromName: "Secret Shop", password: "other" });
  await put(updated, { name: "Main" });
  await put(await get(view.id), { username: null, password: null });
  await configs.remove(view.id, actor);
  const entries = await listAudit(store.db, { after: null, limit: 9 });
  expect(entries.reverse().map(({ action, target, detail }) => [action, target === view.id, detail])).toEqual(
    [
      ["smtp_config.created", true, { name: "smtp.example.com", password: "set" }],
      [
        "smtp_config.updated",
        true,
        { name: "smtp.example.com", changed: ["smtpPort", "fromName"], password: "set" },
      ],
      ["smtp_config.updated", true, { name: "Main", changed: ["name"], password: "kept" }],
      ["smtp_config.updated", true, { name: "Main", changed: ["username"], password: "removed" }],
      ["smtp_config.deleted", true, { name: "Main" }],
    ],
  );
  expect(entries.every((entry) => entry.actor.id === actor.id && entry.at === startMs)).toBe(true);
});
