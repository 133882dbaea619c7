import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Check } from "../../src/cli/doctor/checks/check.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { startTestRelay } from "../../src/testing/index.ts";
import { openBeside } from "../support/beside.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { emailOnce, postEmail, saveConfig } from "./calls.ts";
import { apiKey, makeServiceFolder, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

const admin = { SENDWRIGHT_ADMIN_EMAIL: "ada@example.com", SENDWRIGHT_ADMIN_PASSWORD: "a long sentence" };

/** The checks as programs see them, by id. */
async function doctor(env?: Record<string, string>) {
  const { code, stdout, stderr } = await folder.run(["doctor", "--json"], env);
  expect(stderr).toBe("");
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  expect(code).toBe(ok ? 0 : 1);
  return { ok, checks: new Map(checks.map((check) => [check.id, check])) };
}

/** Those that are not well, in short. */
async function troubles(env?: Record<string, string>): Promise<Record<string, string>> {
  const { checks } = await doctor(env);
  return Object.fromEntries(
    [...checks.values()].filter(({ status }) => status !== "ok").map(({ id, status }) => [id, status]),
  );
}

/** Every file of the data folder with its bytes. */
const contents = () =>
  readdirSync(folder.dataDir).map((name) => [name, readFileSync(join(folder.dataDir, name), "base64")]);

describe("sendwright doctor", () => {
  it("finds all well beside a running server", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start(admin);
    await saveConfig(service, relay, { name: "Main relay" });
    expect(await folder.run(["test"])).toMatchObject({ code: 0 });
    expect(await troubles()).toEqual({});
    const { code, stdout } = await folder.run(["doctor"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ Main relay {2}127\.0\.0\.1:\d+, test passed \d+ s ago\n/);
    expect(stdout).toMatch(/\nAll checks passed\.\n$/);
  });

  it("changes nothing", async () => {
    await (await folder.start()).end("SIGTERM");
    const before = contents();
    await doctor();
    expect(contents()).toEqual(before);
  });

  it("makes nothing where there is nothing yet", async () => {
    expect(await troubles()).toEqual({ "data.folder": "warning", "database.file": "warning" });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("says that nobody serves, that nothing is set up, and how to sign in", async () => {
    await (await folder.start()).end("SIGTERM");
    const { checks } = await doctor();
    expect(checks.get("database.server")).toMatchObject({
      status: "warning",
      remedy: "Run `sendwright start`.",
    });
    expect(checks.get("configs.enabled")).toMatchObject({ status: "warning" });
    expect(checks.get("admins.count")?.remedy).toContain("`sendwright admin reset`");
  });

  it("reports a missing key, a wrong secret, and a key that others may read", async () => {
    await (await folder.start()).end("SIGTERM");
    const keyFile = join(folder.dataDir, "sendwright.key");
    chmodSync(keyFile, 0o644);
    const { checks } = await doctor();
    expect(checks.get("data.key_file")).toMatchObject({
      status: "warning",
      remedy: `Run \`chmod 600 ${keyFile}\`.`,
    });
    expect(await troubles({ SENDWRIGHT_SECRET: generateKey() })).toMatchObject({
      "secret.fits": "failed",
    });
    rmSync(keyFile);
    expect((await doctor()).checks.get("secret.fits")).toMatchObject({
      status: "failed",
      found: expect.stringContaining("Restore it"),
    });
    expect(readdirSync(folder.dataDir)).not.toContain("sendwright.key");
  });

  it("asks for a rotation while an earlier secret is needed", async () => {
    await using relay = await startTestRelay();
    const old = generateKey();
    const service = await folder.start({ SENDWRIGHT_SECRET: old });
    await saveConfig(service, relay);
    await service.end("SIGTERM");
    const env = { SENDWRIGHT_SECRET: generateKey(), SENDWRIGHT_PREVIOUS_SECRETS: old };
    expect((await doctor(env)).checks.get("secret.fits")).toMatchObject({ status: "warning" });
    await folder.start(env);
    expect((await doctor(env)).checks.get("secret.previous")).toMatchObject({
      status: "warning",
      remedy: expect.stringContaining("sendwright rotate"),
    });
    expect(await folder.run(["rotate"], env)).toMatchObject({ code: 0 });
    expect((await doctor(env)).checks.get("secret.previous")).toMatchObject({ status: "ok" });
  });

  it("reports a database that is locked, foreign or newer, and does not break", async () => {
    await (await folder.start()).end("SIGTERM");
    const database = openBeside(folder.database);
    database.exec("pragma journal_mode = delete; begin exclusive");
    expect((await doctor()).checks.get("database.file")).toMatchObject({
      status: "failed",
      found: expect.stringContaining("locked"),
    });
    database.exec("rollback; insert into kysely_migration values ('9999-later', '2026-01-01')");
    database.close();
    expect((await doctor()).checks.get("database.schema")).toMatchObject({
      status: "failed",
      found: expect.stringContaining("newer Sendwright"),
    });
    writeFileSync(folder.database, "something else altogether, and no database");
    expect((await doctor()).checks.get("database.file")).toMatchObject({ status: "failed" });
  });

  it("reports every variable that is wrong", async () => {
    expect(await troubles({ SENDWRIGHT_PORT: "x", SENDWRIGHT_EGRESS: "all" })).toEqual({
      "environment.SENDWRIGHT_PORT": "failed",
      "environment.SENDWRIGHT_EGRESS": "failed",
    });
    expect(await troubles({ SENDWRIGHT_PROT: "1" })).toMatchObject({
      "environment.SENDWRIGHT_PROT": "warning",
    });
  });

  it("tells of a config that was changed by other hands, and of a clock that went back", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start();
    const { id } = await saveConfig(service, relay);
    const database = openBeside(folder.database);
    database.exec("update smtp_config set smtp_server = 'localhost'");
    database.exec("update audit_log set at = at + 3600000");
    database.close();
    expect(await troubles()).toMatchObject({ [`configs.${id}`]: "failed", "machine.clock": "failed" });
  });
});

describe("sendwright doctor --bundle", () => {
  it("holds what helps, but no secret and no address of anybody", async () => {
    const password = "opened-sesame";
    const said = Buffer.from(`\0app-user-7\0${password}`).toString("base64");
    await using relay = await startTestRelay({
      auth: { username: "app-user-7", password },
      onRcpt: (to) => `550 5.1.1 <${to}> unknown to app-user-7 (${said}, ${password}, ${apiKey})`,
    });
    const secret = generateKey();
    const env = { ...admin, SENDWRIGHT_SECRET: secret };
    const service = await folder.start(env);
    await saveConfig(service, relay, { name: "ops@example.com", username: "app-user-7", password });
    const email = { to: "jo.smith@customer.example", subject: "Private matters" };
    const { id } = await postEmail(service, email);
    await emailOnce(service, id, ({ state }) => state === "failed");
    // As an older version or another hand may have left it: nothing was redacted.
    const database = openBeside(folder.database);
    const reply = `<jo.smith@customer.example> unknown to app-user-7 (${said}, ${password}, ${apiKey}, ${secret})`;
    database.prepare("update attempts set reply = ?").run(reply);
    database.close();

    const file = join(folder.path, "report.json");
    const { code, stderr } = await folder.run(["doctor", "--bundle", file], env);
    expect(code).toBe(0);
    expect(stderr).toContain(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, "utf8");
    for (const hidden of [password, said, apiKey, secret, admin.SENDWRIGHT_ADMIN_PASSWORD, "app-user-7"]) {
      expect(text).not.toContain(hidden);
    }
    expect(text).not.toMatch(/jo\.smith|ada@|shop@|ops@|Private matters/);
    expect(JSON.parse(text)).toMatchObject({
      options: { SENDWRIGHT_SECRET: "set", SENDWRIGHT_DATABASE_URL: "not set", SENDWRIGHT_API_KEY: "set" },
      smtpConfigs: [
        {
          name: "***@example.com",
          smtpServer: relay.host,
          smtpPort: relay.port,
          password: "set",
          username: "***",
        },
      ],
      emails: {
        byState: { failed: 1 },
        latestFailedAttempts: [
          { stage: "recipient", code: 550, reply: expect.stringContaining("***@customer.example") },
        ],
      },
    });
    expect(JSON.parse(text).checks).not.toHaveLength(0);
  });

  it("takes no file's place", async () => {
    const file = join(folder.path, "report.json");
    writeFileSync(file, "mine");
    const { code, stderr } = await folder.run(["doctor", "--bundle", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sendwright: .*already exists.*\n$/);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("is written of an installation that does not even start", async () => {
    const file = join(folder.path, "report.json");
    await folder.run(["doctor", "--bundle", file], { SENDWRIGHT_PORT: "x" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      options: null,
      checks: [{ id: "machine.node" }, { id: "environment.SENDWRIGHT_PORT", status: "failed" }],
    });
  });
});

describe("with PostgreSQL", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres({ fsync: false });
  });
  afterAll(() => postgres.stop());

  it("tests and examines beside the nodes, and keeps the database's password to itself", async () => {
    await using relay = await startTestRelay();
    const url = await postgres.createDatabase();
    const env = { ...admin, SENDWRIGHT_DATABASE_URL: url, SENDWRIGHT_SECRET: generateKey() };
    const { password } = new URL(url);
    expect(await troubles(env)).toEqual({ "database.schema": "warning" });
    const service = await folder.start(env);
    const { id } = await saveConfig(service, relay, { name: "Main relay" });
    expect(await folder.run(["test", "Main relay"], env)).toMatchObject({ code: 0, stderr: "" });
    const { body } = await service.call<{ lastTest: unknown }>("GET", `/api/smtp-configs/${id}`);
    expect(body.lastTest).toMatchObject({ ok: true });

    const { checks } = await doctor(env);
    expect(await troubles(env)).toEqual({});
    expect(checks.get("database.version")?.found).toMatch(/^\d+\.\d+/);
    expect(checks.get("database.clock")).toMatchObject({ status: "ok" });
    expect(checks.get("database.server")).toMatchObject({ status: "ok" });
    const file = join(folder.path, "report.json");
    await folder.run(["doctor", "--bundle", file], env);
    expect(readFileSync(file, "utf8")).not.toContain(password);
    expect(JSON.parse(readFileSync(file, "utf8")).options.SENDWRIGHT_DATABASE_URL).toMatch(
      /^postgres(?:ql)?:\/\/127/,
    );

    await postgres.stopServer();
    expect((await doctor(env)).checks.get("database.schema")).toMatchObject({
      status: "failed",
      remedy: expect.stringContaining("SENDWRIGHT_DATABASE_URL"),
    });
    await service.end("SIGKILL");
  });
});
