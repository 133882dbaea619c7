import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { startTestRelay, type TestRelay } from "../../testing/test-relay.ts";
import type { Problem } from "../schema/common.ts";
import type { Email } from "../schema/emails.ts";
import type { SmtpConfig, SmtpConfigDraft, SmtpConfigVersion } from "../schema/smtp-configs.ts";
import type { TestReport } from "../schema/tests.ts";

const password = "the first password";
const another = "the second password";

let relay: TestRelay;
/** Where the change leads to. */
let elsewhere: TestRelay;
let app: TestApp;
let config: SmtpConfig;
beforeEach(async () => {
  relay = await startTestRelay({ auth: { username: "shop", password } });
  elsewhere = await startTestRelay({ auth: { username: "shop", password: another } });
  app = await openApp();
  config = await read<SmtpConfig>(
    app.call("POST", "/api/smtp-configs", {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      allowCleartextAuth: true,
      username: "shop",
      password,
      fromEmail: "shop@example.com",
    }),
  );
});
afterEach(async () => {
  await app.close();
  await relay.close();
  await elsewhere.close();
});

const path = (rest = "") => `/api/smtp-configs/${config.id}${rest}`;
const current = () => read<SmtpConfig>(app.call("GET", path()));

async function draftOf(change: object): Promise<SmtpConfigDraft> {
  const saved = await app.call("PUT", path("/draft"), { ...(await current()), ...change });
  expect(saved.status).toBe(200);
  return (await read<{ draft: SmtpConfigDraft }>(saved)).draft;
}

/** To the relay elsewhere. */
const move = () => ({ smtpPort: elsewhere.port, password: another });

async function versions(): Promise<SmtpConfigVersion[]> {
  return (await read<{ items: SmtpConfigVersion[] }>(app.call("GET", path("/versions")))).items;
}

async function send(): Promise<string> {
  const email = { to: "jo@example.com", subject: "Hello", text: "Hello" };
  return (await read<Email>(app.call("POST", "/api/emails", email))).id;
}

async function codeOf(response: Promise<Response>): Promise<string> {
  return (await read<Problem>(response)).code;
}

describe("a draft", () => {
  it("leaves alone what sends", async () => {
    await draftOf(move());
    expect(await current()).toEqual(config);
    await send();
    await relay.delivered(1);
  });

  it("shows no password, and keeps it with the mask for the same destination only", async () => {
    const draft = await draftOf({ fromName: "Shop" });
    expect(draft).toMatchObject({ id: config.id, password: "********", fromName: "Shop", lastTest: null });
    const moved = app.call("PUT", path("/draft"), { ...config, smtpPort: elsewhere.port });
    expect(await codeOf(moved)).toBe("config.password_required");
    await draftOf(move());
    // The mask now also stands for the password of the draft.
    await draftOf({ smtpPort: elsewhere.port, fromName: "Shop" });
    const report = await read<TestReport>(app.call("POST", path("/draft/test")));
    expect(report.ok).toBe(true);
  });

  it("is tested as it is kept, and its result goes with it when it is activated", async () => {
    await draftOf(move());
    expect((await read<TestReport>(app.call("POST", path("/draft/test")))).ok).toBe(true);
    expect((await current()).lastTest).toBeNull();
    const activated = await read<SmtpConfig>(app.call("POST", path("/draft/activate")));
    expect(activated).toMatchObject({ version: 2, smtpPort: elsewhere.port, lastTest: { ok: true } });
    expect(await read(app.call("GET", path("/draft")))).toEqual({ draft: null });
    await send();
    await elsewhere.delivered(1);
  });

  it("may be activated untested, and the history says so", async () => {
    await draftOf(move());
    await app.call("POST", path("/draft/activate"));
    const [now, before] = await versions();
    expect(now).toMatchObject({ version: 2, isCurrent: true, lastTest: null });
    expect(now?.changes).toEqual([
      { setting: "smtpPort", before: String(relay.port), after: String(elsewhere.port) },
      { setting: "password", before: null, after: null },
    ]);
    expect(before).toMatchObject({ version: 1, isCurrent: false, isUsable: true });
  });

  it("is refused where the config was saved since", async () => {
    await draftOf(move());
    await app.call("PUT", path(), { ...config, fromName: "Somebody else was here" });
    expect(await codeOf(app.call("POST", path("/draft/activate")))).toBe("config.version_conflict");
  });

  it("can be discarded, and what is not there can be neither tested nor activated", async () => {
    await draftOf(move());
    expect((await app.call("DELETE", path("/draft"))).status).toBe(204);
    expect(await codeOf(app.call("POST", path("/draft/activate")))).toBe("config.no_draft");
    expect(await codeOf(app.call("POST", path("/draft/test")))).toBe("config.no_draft");
  });

  it("that other hands have changed in the database is refused", async () => {
    await draftOf(move());
    const { db } = app.services.store;
    const row = await db.selectFrom("smtp_config_versions").selectAll().executeTakeFirstOrThrow();
    const settings = { ...JSON.parse(row.settings_json), smtpServer: "evil.example" };
    await db
      .updateTable("smtp_config_versions")
      .set({ settings_json: JSON.stringify(settings) })
      .execute();
    expect(await codeOf(app.call("POST", path("/draft/test")))).toBe("seal.broken");
    expect(await codeOf(app.call("POST", path("/draft/activate")))).toBe("seal.broken");
  });
});

describe("an earlier version", () => {
  it("comes back with its password by one call, and nothing is lost", async () => {
    await app.call("PUT", path(), { ...config, ...move() });
    const restored = await app.call("POST", path("/versions/1/restore"), { version: 2 });
    expect(await read(restored)).toMatchObject({ version: 3, smtpPort: relay.port, password: "********" });
    await send();
    await relay.delivered(1);
    expect((await versions()).map(({ version }) => version)).toEqual([3, 2, 1]);
  });

  it("is not restored over what somebody else saved meanwhile", async () => {
    await app.call("PUT", path(), { ...config, fromName: "One" });
    await app.call("PUT", path(), { ...config, fromName: "Two", version: 2 });
    const stale = app.call("POST", path("/versions/1/restore"), { version: 2 });
    expect(await codeOf(stale)).toBe("config.version_conflict");
    const unknown = app.call("POST", path("/versions/9/restore"), { version: 3 });
    expect(await codeOf(unknown)).toBe("config.no_version");
  });

  it("shows neither passwords nor tokens in the history, the audit log and the settings", async () => {
    await app.call("PUT", path(), { ...config, ...move() });
    const replies = await Promise.all(
      ["/versions", "/draft", ""].map(async (rest) => (await app.call("GET", path(rest))).text()),
    );
    const audit = await (await app.call("GET", "/api/audit-log")).text();
    for (const reply of [...replies, audit]) {
      expect(reply).not.toContain(password);
      expect(reply).not.toContain(another);
      expect(reply).not.toContain("gAAAA");
    }
  });

  it("is dropped once there are twenty later ones", async () => {
    for (let version = 1; version <= 24; version++) {
      await app.call("PUT", path(), { ...config, fromName: `Name ${version}`, version });
    }
    const stored = (await versions()).map(({ version }) => version);
    expect(stored).toHaveLength(21);
    expect(stored.at(-1)).toBe(5);
  });

  it("goes with its config", async () => {
    await app.call("PUT", path(), { ...config, ...move() });
    await app.call("DELETE", path());
    const left = await app.services.store.db.selectFrom("smtp_config_versions").selectAll().execute();
    expect(left).toEqual([]);
  });
});

describe("a change that fails with its first email", () => {
  const wrong = () => ({ ...config, password: "mistyped" });

  it("offers the return to the earlier version, which sends the email that waited", async () => {
    await app.call("PUT", path(), wrong());
    await send();
    await expect.poll(async () => (await current()).returnTo).toBe(1);
    await app.call("POST", path("/versions/1/restore"), { version: 2 });
    await relay.delivered(1);
    expect((await current()).returnTo).toBeNull();
  });

  it("returns by itself where that is the setting, and tells who did it", async () => {
    await app.call("PATCH", "/api/settings", { version: 1, returnFailedChanges: true });
    await app.call("PUT", path(), wrong());
    await send();
    await relay.delivered(1);
    const [now] = await versions();
    expect(now).toMatchObject({ version: 3, savedBy: "Sendwright" });
    const { items } = await read<{ items: { action: string }[] }>(app.call("GET", "/api/audit-log"));
    expect(items.map(({ action }) => action)).toContain("smtp_config.returned");
  });

  it("goes back no further than once where returning does not help either", async () => {
    await app.call("PATCH", "/api/settings", { version: 1, returnFailedChanges: true });
    await app.call("PUT", path(), { ...config, ...move() });
    await app.call("PUT", path(), { ...config, password: "mistyped", version: 2 });
    // Nothing that was ever saved is of use: the relay knows another password by now.
    await elsewhere.close();
    elsewhere = await startTestRelay({ auth: { username: "shop", password: "changed at the relay" } });
    await app.call("PUT", path(), { ...config, smtpPort: elsewhere.port, password: another, version: 3 });
    await app.call("PUT", path(), { ...config, smtpPort: elsewhere.port, password: "mistyped", version: 4 });
    await send();
    await expect.poll(async () => (await current()).pausedUntil).not.toBeNull();
    await expect.poll(async () => (await versions())[0]?.savedBy).toBe("Sendwright");
    await expect.poll(async () => (await current()).pausedUntil).not.toBeNull();
    expect((await current()).version).toBe(6);
  });

  it("goes back to the version that took emails, not to one that failed between", async () => {
    const id = await send();
    await expect
      .poll(async () => (await read<Email>(app.call("GET", `/api/emails/${id}`))).state)
      .toBe("sent");
    await app.call("PUT", path(), { ...config, password: "mistyped" });
    await send();
    await expect.poll(async () => (await current()).returnTo).toBe(1);
    await app.call("PUT", path(), { ...config, password: "mistyped again", version: 2 });
    await expect.poll(async () => (await current()).returnTo).toBe(1);
  });

  it("offers nothing once an email was taken through it: what fails then is no change", async () => {
    let isTaken = true;
    const onMail = () => (isTaken ? undefined : "553 5.7.1 Sender address rejected: not owned by user");
    await using moody = await startTestRelay({ onMail });
    const change = { ...config, smtpPort: moody.port, username: null, password: null };
    await app.call("PUT", path(), change);
    await send();
    await moody.delivered(1);
    isTaken = false;
    const id = await send();
    await expect
      .poll(async () => (await read<Email>(app.call("GET", `/api/emails/${id}`))).attempts)
      .toMatchObject([{ outcome: "permanent" }]);
    expect(await current()).toMatchObject({ returnTo: null, breaker: { state: "open", needsAdmin: false } });
  });

  it("also where the relay no longer takes the sender that the config names", async () => {
    const onMail = () => "553 5.7.1 Sender address rejected: not owned by user";
    await using strict = await startTestRelay({ onMail });
    await app.call("PUT", path(), {
      ...config,
      smtpPort: strict.port,
      username: null,
      password: null,
    });
    await send();
    await expect.poll(async () => (await current()).returnTo).toBe(1);
  });
});
