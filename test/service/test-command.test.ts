import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../src/http/schema/monitoring.ts";
import type { TestReport } from "../../src/http/schema/tests.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { makeAuthority, startTestRelay } from "../../src/testing/index.ts";
import { openBeside } from "../support/beside.ts";
import { emailOnce, getConfig, postEmail, saveConfig } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const auth = { username: "jo@example.com", password: "correct horse" };

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

async function audited(service: Service): Promise<AuditEntry[]> {
  const { body } = await service.call<{ items: AuditEntry[] }>("GET", "/api/audit-log");
  return body.items.filter(({ action }) => action === "smtp_config.tested");
}

describe("sendwright test of saved configs", () => {
  it("tests the first that is enabled, beside the server, and leaves the result and the audit as the page does", async () => {
    await using relay = await startTestRelay({ auth });
    const service = await folder.start();
    await saveConfig(service, relay, { name: "Off", enabled: false });
    const { id } = await saveConfig(service, relay, { name: "Main relay", ...auth });
    const { code, stdout, stderr } = await folder.run(["test"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Main relay, 127\\.0\\.0\\.1:${relay.port}\n`));
    expect(stdout).toMatch(/ {2}✓ Authenticate +.* ms {2}PLAIN\n/);
    expect(stdout).toContain("Passed in");
    expect(stdout).toContain("--send-to");
    expect(relay.messages).toHaveLength(0);
    expect((await getConfig(service, id)).lastTest).toMatchObject({ ok: true });
    expect(await audited(service)).toMatchObject([
      { actor: { id: "system", name: "sendwright test" }, target: id, detail: { ok: true, sendTo: null } },
    ]);
  });

  it("names what is wrong, ends with 1, and never shows the password", async () => {
    await using relay = await startTestRelay({ auth });
    const service = await folder.start();
    const { id } = await saveConfig(service, relay, {
      name: "Main relay",
      ...auth,
      password: "no-such-secret",
    });
    const { code, stdout } = await folder.run(["test", "main RELAY", "--verbose"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/ {2}✗ Authenticate .*\n/);
    expect(stdout).toContain("Wrong username or password");
    expect(stdout).toContain("Fix:");
    expect(stdout).toContain("← 535");
    expect(folder.output.join("")).not.toContain("no-such-secret");
    expect((await getConfig(service, id)).lastTest).toMatchObject({ ok: false, stage: "auth" });
  });

  it("ends a pause when it passes, and the running server sends what waited", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start();
    const { id } = await saveConfig(service, relay);
    const database = openBeside(folder.database);
    database
      .prepare("update smtp_config set paused_until = ?, paused_reason = '535 No', failures = 1")
      .run(Date.now() + 3_600_000);
    database.close();
    const email = await postEmail(service);
    expect(await folder.run(["test"])).toMatchObject({ code: 0 });
    expect(await getConfig(service, id)).toMatchObject({ pausedUntil: null, pausedReason: null });
    await emailOnce(service, email.id, ({ state }) => state === "sent");
  });

  it("sends a real email with --send-to", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start();
    await saveConfig(service, relay);
    const { code, stdout } = await folder.run(["test", "--send-to", "ada@example.com"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/The\s+SMTP\s+server\s+accepted\s+the\s+test\s+email\s+to\s+ada@example\.com/);
    expect(relay.messages.map(({ to }) => to)).toEqual([["ada@example.com"]]);
  });

  it("prints the report of the API with --json, and nothing else", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start();
    const { id } = await saveConfig(service, relay);
    const { code, stdout, stderr } = await folder.run(["test", id, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const report = JSON.parse(stdout) as TestReport;
    const api = await service.call<TestReport>("POST", `/api/smtp-configs/${id}/test`);
    expect(report.ok).toBe(true);
    expect(Object.keys(report)).toEqual(Object.keys(api.body));
    expect(report.stages.map(({ stage }) => stage)).toEqual(api.body.stages.map(({ stage }) => stage));
  });

  it("tests each with --all, and fails if one does", async () => {
    await using relay = await startTestRelay({ auth });
    const service = await folder.start();
    await saveConfig(service, relay, { name: "Good", ...auth });
    await saveConfig(service, relay, { name: "Bad", ...auth, password: "wrong", enabled: false });
    const { code, stdout } = await folder.run(["test", "--all"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Good, [\s\S]*Passed[\s\S]*\nBad, [\s\S]*Failed at "Authenticate"/);
    const json = await folder.run(["test", "--all", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { name: "Good", report: { ok: true }, problem: null },
      { name: "Bad", report: { ok: false }, problem: null },
    ]);
  });

  it("says in one sentence when the secret is wrong or missing, and dials nobody", async () => {
    await using relay = await startTestRelay({ auth });
    const service = await folder.start({ SENDWRIGHT_SECRET: generateKey() });
    await saveConfig(service, relay, { name: "Main relay", ...auth });
    const wrong = await folder.run(["test"], { SENDWRIGHT_SECRET: generateKey() });
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toMatch(
      /^sendwright: "Main relay" was saved with another secret\. .*SENDWRIGHT_SECRET.*\n$/,
    );
    const missing = await folder.run(["test"]);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^sendwright: The key file .* is missing\. .*\n$/);
    expect(await audited(service)).toEqual([]);
  });

  it("needs a database, and makes none", async () => {
    const { code, stderr } = await folder.run(["test"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sendwright: Database .* not found\..*\n$/);
    expect((await folder.run(["doctor"])).stdout).toContain("doesn't exist yet");
  });
});

describe("sendwright test of settings that are not saved", () => {
  it("needs no database, and takes the password from standard input", async () => {
    const authority = makeAuthority();
    const tls = authority.issue({ names: ["127.0.0.1"] });
    await using relay = await startTestRelay({ auth, tls });
    const caFile = join(folder.path, "ca.pem");
    writeFileSync(caFile, authority.caPem);
    const args = ["test", "--server", relay.host, "--port", String(relay.port), "--ca-file", caFile];
    const signIn = ["--username", auth.username, "--password-stdin"];
    const good = await folder.run([...args, ...signIn], {}, `${auth.password}\nnot this\n`);
    expect(good).toMatchObject({ code: 0, stderr: "" });
    expect(good.stdout).toMatch(/… again, encrypted/);
    expect(good.stdout).toMatch(/Sender accepted .*jo@example\.com/);
    const bad = await folder.run([...args, ...signIn], {}, "wrong-password\n");
    expect(bad.code).toBe(1);
    expect(folder.output.join("")).not.toMatch(/correct horse|wrong-password/);
    expect(await folder.run(["doctor"])).toMatchObject({ code: 0 });
  });

  it("says what would mend it in options", async () => {
    await using relay = await startTestRelay();
    const args = [
      "test",
      "--server",
      relay.host,
      "--port",
      String(relay.port),
      "--from",
      "Jo <a@example.com>",
    ];
    const { code, stdout } = await folder.run(args);
    expect(code).toBe(1);
    expect(stdout).toContain("Use: --tls off\n");
    expect((await folder.run([...args, "--tls", "off"])).code).toBe(0);
  });

  it.each([
    [["--server", "x.example.com"], "--from"],
    [["--server", "x.example.com", "--from", "a@b.example", "--port", "25a"], "--port"],
    [["--server", "x.example.com", "--from", "nobody"], "--from"],
    [["--server", "x.example.com", "--from", "Doe, Jo <jo@b.example>"], "put the name in double quotes"],
    [["--server", "x.example.com", "--from", "a@b.example", "--tls", "maybe"], "--tls"],
    [["--server", "x.example.com", "--from", "a@b.example", "--send-to", "nobody"], "--send-to"],
    [["--server", "x.example.com", "--from", "a@b.example", "--ca-file", "/nowhere"], "--ca-file"],
    [["--server", "x.example.com", "--from", "a@b.example", "--password-stdin"], "--username"],
    [["--server", "x.example.com", "--username", "jo@example.com"], "--password-stdin"],
    [["--server", "x.example.com", "--password", "secret"], "--password"],
    [["--port", "25"], "--server"],
    [["--all", "main"], "--all"],
    [["one", "two"], "too many arguments"],
  ])("ends with 2 for %j, and names %s", async (args, named) => {
    const { code, stdout, stderr } = await folder.run(["test", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(named);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("ends with 2 for a config that there is not, and names those that there are", async () => {
    await using relay = await startTestRelay();
    const service = await folder.start();
    await saveConfig(service, relay, { name: "Main relay" });
    expect(await folder.run(["test", "Mian relay"])).toEqual({
      code: 2,
      stdout: "",
      stderr: 'sendwright: SMTP config "Mian relay" not found. Use one of: "Main relay".\n',
    });
  });
});

describe("Ctrl-C", () => {
  it("closes the connection and ends with 130, with the try in the audit", async () => {
    const asked = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await using silent = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("close", () => closed.resolve());
      asked.resolve();
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const service = await folder.start();
    await saveConfig(service, { host: "127.0.0.1", port });
    const run = folder.begin(["test"]);
    await asked.promise;
    run.process.kill("SIGINT");
    const { code, stdout } = await run.ended;
    await closed.promise;
    expect(code).toBe(130);
    expect(stdout).toMatch(/✓ Connect[^✗]*Stopped\.\n$/);
    expect(await audited(service)).toMatchObject([{ detail: { ok: false, finished: false } }]);
  });
});
