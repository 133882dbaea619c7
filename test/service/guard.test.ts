import type { SQLInputValue } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import type { TestReport } from "../../src/http/schema/tests.ts";
import {
  makeAuthority,
  relayScript,
  type ScriptedServer,
  startScriptedServer,
} from "../../src/testing/index.ts";
import { openBeside } from "../support/beside.ts";
import { emailOnce, getConfig, postEmail, refusal, saveConfig } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const username = "app";
const password = "opened-sesame";
const passwordRequired = { status: 409, code: "config.password_required" };

let folder: ServiceFolder;
let service: Service;
let relay: ScriptedServer;
/** Where a password must never go. */
let thief: ScriptedServer;

beforeAll(async () => {
  folder = makeServiceFolder();
  relay = await startScriptedServer(relayScript({ auth: { username, password } }, () => {}));
  thief = await startScriptedServer(relayScript({ auth: { username, password } }, () => {}));
  service = await folder.start();
});
afterAll(async () => {
  await folder.dispose();
  await Promise.all([relay.close(), thief.close()]);
});

const opened = () => relay.connections.length + thief.connections.length;
const onThisMachine = (server: ScriptedServer) => ({ host: "localhost", port: server.port });

async function saveOnly(): Promise<SmtpConfig> {
  const { body } = await service.call<{ items: SmtpConfig[] }>("GET", "/api/smtp-configs");
  for (const { id } of body.items) await service.call("DELETE", `/api/smtp-configs/${id}`);
  return saveConfig(service, onThisMachine(relay), { username, password });
}

async function test(id: string, body?: unknown): Promise<TestReport> {
  return (await service.call<TestReport>("POST", `/api/smtp-configs/${id}/test`, body)).body;
}

describe("a masked password", () => {
  it("is used for the destination it was saved for, however that is written", async () => {
    const config = await saveOnly();
    expect((await test(config.id, { ...config, smtpServer: "LOCALHOST.", name: "Renamed" })).ok).toBe(true);
    const renamed = { ...config, smtpServer: "LocalHost", fromName: "Shop" };
    expect((await service.call("PUT", `/api/smtp-configs/${config.id}`, renamed)).status).toBe(200);
    expect((await test(config.id)).ok).toBe(true);
  });

  it.each<[string, () => Partial<SmtpConfig>]>([
    ["server", () => ({ smtpServer: "127.0.0.1" })],
    ["port", () => ({ smtpPort: thief.port })],
    ["server and port", () => ({ smtpServer: "127.0.0.1", smtpPort: thief.port })],
    ["TLS", () => ({ useTls: true })],
    ["TLS mode", () => ({ tlsMode: "implicit" })],
    ["CA", () => ({ caPem: makeAuthority().caPem })],
    ["sign-in method", () => ({ authMethod: "login" })],
    ["username", () => ({ username: "App" })],
  ])("is not kept, nor tried, for another %s", async (_what, changed) => {
    const config = await saveOnly();
    const before = opened();
    const edited = { ...config, ...changed() };
    expect(await refusal(service, "PUT", `/api/smtp-configs/${config.id}`, edited)).toEqual(passwordRequired);
    expect(await refusal(service, "POST", `/api/smtp-configs/${config.id}/test`, edited)).toEqual(
      passwordRequired,
    );
    expect(opened()).toBe(before);
    expect(await getConfig(service, config.id)).toEqual(config);
  });

  it("is refused where nothing is saved yet", async () => {
    await saveOnly();
    const before = opened();
    const draft = {
      smtpServer: "localhost",
      smtpPort: thief.port,
      useTls: false,
      fromEmail: "shop@example.com",
      username,
      password: "********",
    };
    const invalid = { status: 400, code: "input.invalid" };
    expect(await refusal(service, "POST", "/api/smtp-configs", draft)).toEqual(invalid);
    expect(await refusal(service, "POST", "/api/smtp-configs/test", draft)).toEqual(invalid);
    expect(opened()).toBe(before);
  });
});

describe("a row changed in the database by other hands", () => {
  /** Writes as another program would, beside the running server. */
  function write(sql: string, ...values: SQLInputValue[]): void {
    const database = openBeside(folder.database);
    try {
      expect(database.prepare(sql).run(...values).changes).toBe(1);
    } finally {
      database.close();
    }
  }
  const set = (assignment: string, value: () => SQLInputValue) => (id: string) =>
    write(`update smtp_config set ${assignment} where id = ?2`, value(), id);
  const copy = (columns: string) => (id: string, other: string) =>
    write(
      `update smtp_config set (${columns}) = (select ${columns} from smtp_config where id = ?2) where id = ?1`,
      id,
      other,
    );

  it.each<[string, (id: string, other: string) => void]>([
    ["server", set("smtp_server = ?1", () => "127.0.0.1")],
    ["port", set("smtp_port = ?1", () => thief.port)],
    ["TLS", set("use_tls = ?1", () => 1)],
    ["TLS mode", set("tls_mode = ?1", () => "implicit")],
    ["CA", set("ca_pem = ?1", () => makeAuthority().caPem)],
    ["sign-in method", set("auth_method = ?1", () => "login")],
    ["username", set("username = ?1", () => "somebody-else")],
    ["permission to sign in without TLS", set("allow_cleartext_auth = ?1", () => 0)],
    ["password, removed", set("password_enc = ?1", () => null)],
    ["password, of another row", copy("password_enc")],
    ["password and seal, of another row", copy("password_enc, seal")],
    [
      "whole destination, password and seal, of another row",
      copy("smtp_server, smtp_port, username, password_enc, seal"),
    ],
    ["seal, made up", set("seal = ?1", () => "nonsense")],
  ])("is not used until the password is entered again: its %s", async (_what, change) => {
    const config = await saveOnly();
    const other = await saveConfig(service, onThisMachine(thief), {
      username,
      password: "another",
      enabled: false,
    });
    const path = `/api/smtp-configs/${config.id}`;
    change(config.id, other.id);
    const before = opened();

    const seen = await getConfig(service, config.id);
    expect(seen.problem?.code).toMatch(/^(seal\.broken|secret\.mismatch)$/);
    const untrusted = { status: expect.any(Number), code: seen.problem?.code };
    expect(await refusal(service, "POST", `${path}/test`)).toEqual(untrusted);
    expect(await refusal(service, "POST", `${path}/test`, { sendTo: "jo@example.com" })).toEqual(untrusted);
    const masked = { ...seen, password: "********" };
    expect(await refusal(service, "POST", `${path}/test`, masked)).toEqual(passwordRequired);
    expect(await refusal(service, "PUT", path, masked)).toEqual(passwordRequired);
    const { id } = await postEmail(service);
    const tried = await emailOnce(service, id, ({ attempts }) => attempts.length > 0);
    expect(tried).toMatchObject({
      state: "queued",
      attempts: [{ outcome: "config", errorCode: seen.problem?.code }],
    });
    expect(opened()).toBe(before);

    // An admin looks at the settings, puts them right, and enters the password.
    const { version } = await getConfig(service, config.id);
    const mended = await service.call<SmtpConfig>("PUT", path, { ...config, version, password });
    expect(mended).toMatchObject({ status: 200, body: { problem: null } });
    await emailOnce(service, id, ({ state }) => state === "sent");
    expect((await test(config.id)).ok).toBe(true);
    expect(thief.connections).toEqual([]);
  });
});
