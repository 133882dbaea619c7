import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Email, EmailSummary } from "../../src/http/schema/emails.ts";
import type { Health } from "../../src/http/schema/monitoring.ts";
import type { SandboxEmailSummary } from "../../src/http/schema/sandbox.ts";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import type { TestReport } from "../../src/http/schema/tests.ts";
import { relayScript, type ScriptedServer, startScriptedServer } from "../../src/testing/index.ts";
import { emailOnce, getConfig, postEmail, saveConfig, settingsFor } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const admin = { email: "ada@evil.test", password: "a long sentence for Ada" };
const env = { SENDWRIGHT_ADMIN_EMAIL: admin.email, SENDWRIGHT_ADMIN_PASSWORD: admin.password };
const onlyAcme = { ...env, SENDWRIGHT_RECIPIENTS: "only:@acme.test" };

const browsers = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
];

let folder: ServiceFolder;
let relay: ScriptedServer;
const contents: string[] = [];

beforeEach(async () => {
  folder = makeServiceFolder();
  contents.length = 0;
  relay = await startScriptedServer(
    relayScript({}, ({ content }) => contents.push(Buffer.from(content).toString())),
  );
});
afterEach(async () => {
  await folder.dispose();
  await relay.close();
});

/** Every address that the relay was ever told of, whether a message followed or not. */
function named(): readonly string[] {
  const received = relay.connections.map((connection) => connection.received.toString()).join("");
  return [...received.matchAll(/^RCPT TO:<(.*)>/gim)].map(([, address = ""]) => address);
}

/** The email is read after its recipients and attempts, and may be newer than these. */
const isFinal = ({ finishedAt, recipients, attempts }: Email) =>
  finishedAt !== null && attempts.length > 0 && recipients.every(({ state }) => state !== "queued");
const states = ({ recipients }: Email) => recipients.map(({ address, state }) => [address, state]);

/** Puts emails into the queue through every door of the API. @returns their ids */
async function queueThroughEveryDoor(service: Service): Promise<readonly string[]> {
  const mixed = { cc: "qa@acme.test", bcc: ["bo@evil.test", "QA2@Acme.Test"] };
  const direct = await postEmail(service, { to: "jo@evil.test", ...mixed });
  const hidden = await postEmail(service, { to: "qa@acme.test", bcc: "jo@evil.test" });
  const scheduled = await postEmail(service, { to: "jo@mail.acme.test", onUnknown: "hold" });
  const template = { template: "sign-in-code", data: { code: "123456" } };
  const sensitive = await postEmail(service, {
    to: "jo@evil.test",
    subject: undefined,
    text: undefined,
    ...template,
  });
  const message = { subject: "Hello", text: "Hello" };
  const { body } = await service.call<{ results: { id: string }[] }>("POST", "/api/emails/batch", {
    emails: [
      { to: "jo@evil.test", ...message },
      { to: ["qa@acme.test", "jo@evil.test"], ...message },
      { to: "large@evil.test", subject: "Large", text: "x".repeat(400_000) },
    ],
  });
  return [direct, hidden, scheduled, sensitive, ...body.results].map(({ id }) => id);
}

async function testReport(service: Service, path: string, body: unknown): Promise<TestReport> {
  return (await service.call<TestReport>("POST", path, body)).body;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("only", () => {
  it("holds what was queued before it was set, for everybody but those whom it names", async () => {
    const before = await folder.start(env);
    const { id } = await saveConfig(before, relay, { enabled: false });
    const ids = await queueThroughEveryDoor(before);
    await before.end("SIGTERM");
    const service = await folder.start(onlyAcme);
    await service.call("POST", `/api/smtp-configs/${id}/enable`);
    const [direct, hidden, ...others] = await Promise.all(
      ids.map((email) => emailOnce(service, email, isFinal)),
    );
    expect(named().toSorted()).toEqual(["QA2@acme.test", "qa@acme.test", "qa@acme.test", "qa@acme.test"]);
    expect(direct).toMatchObject({ state: "partial", captured: false });
    expect(direct === undefined ? null : states(direct)).toEqual([
      ["jo@evil.test", "withheld"],
      ["qa@acme.test", "sent"],
      ["bo@evil.test", "withheld"],
      ["QA2@acme.test", "sent"],
    ]);
    expect(hidden?.state).toBe("partial");
    expect(others.map(({ state }) => state)).toEqual([
      "withheld",
      "withheld",
      "withheld",
      "partial",
      "withheld",
    ]);
    expect(others[0]?.recipients[0]?.reply).toBe(
      "SENDWRIGHT_RECIPIENTS does not allow mail to this recipient.",
    );

    // Asked for again, one by one and all at once, they are withheld again.
    await service.call("POST", `/api/emails/${others[0]?.id}/retry`);
    const retried = await emailOnce(service, others[0]?.id ?? "", (email) => email.attempts.length === 2);
    expect(retried.attempts.map(({ outcome }) => outcome)).toEqual(["withheld", "withheld"]);
    const bulk = await service.call<{ retried: number }>("POST", "/api/emails/retry", {
      filter: { state: "withheld" },
    });
    expect(bulk.body.retried).toBe(3);
    for (const { id: again, attempts } of others.filter(
      ({ state, sensitive }) => state === "withheld" && !sensitive,
    )) {
      await emailOnce(service, again, (email) => email.attempts.length > attempts.length && isFinal(email));
    }
    expect(named().every((address) => /@acme\.test$/i.test(address))).toBe(true);
  });

  it("holds test emails of every config, and the command line's", async () => {
    const service = await folder.start(onlyAcme);
    const saved = await saveConfig(service, relay);
    const at = `/api/smtp-configs/${saved.id}`;
    const sendTo = "jo@evil.test";
    const form = { ...settingsFor(relay), fromName: "Edited" };
    const edited = { ...saved, fromName: "Edited" };
    await service.call("PUT", `${at}/draft`, edited);
    const reports = [
      await testReport(service, "/api/smtp-configs/test", { ...form, sendTo }),
      await testReport(service, `${at}/test`, { sendTo }),
      await testReport(service, `${at}/test`, { ...edited, sendTo }),
      await testReport(service, `${at}/draft/test`, { sendTo }),
    ];
    for (const { ok, stages } of reports) {
      expect(ok).toBe(false);
      expect(stages.at(-1)).toMatchObject({
        stage: "message",
        status: "failed",
        problem: { code: "recipient.withheld" },
      });
    }
    const { body } = await service.call<{ items: EmailSummary[] }>("GET", "/api/emails");
    expect(body.items).toMatchObject([{ state: "withheld", template: "test-email" }]);
    const server = [
      "--server",
      relay.host,
      "--port",
      String(relay.port),
      "--tls",
      "off",
      "--from",
      "shop@example.com",
    ];
    for (const args of [["test"], ["test", ...server]]) {
      const { code, stdout } = await folder.run([...args, "--send-to", sendTo], onlyAcme);
      expect(code).toBe(1);
      expect(stdout).toContain("Sendwright withheld this recipient");
    }
    expect(named()).toEqual([]);
    expect((await testReport(service, `${at}/test`, { sendTo: "qa@acme.test" })).ok).toBe(true);
    expect(new Set(named())).toEqual(new Set(["qa@acme.test"]));
  });

  it("holds what Sendwright itself sends to admins", async () => {
    const service = await folder.start(onlyAcme);
    await saveConfig(service, relay);
    await service.call("POST", "/api/auth/forgot-password", { email: admin.email });
    const { body: settings } = await service.call<{ version: number }>("GET", "/api/settings");
    await service.call("PATCH", "/api/settings", {
      version: settings.version,
      alertEmails: ["ops@evil.test"],
    });
    const signIn = { username: "jo", password: "wrong" };
    await using locked = await startScriptedServer(
      relayScript({ auth: { username: "jo", password: "right" } }, () => {}),
    );
    const broken = await saveConfig(service, locked, signIn);
    await service.call("POST", `/api/smtp-configs/${broken.id}/check`);
    for (const user of browsers) {
      await service.call("POST", "/api/auth/sign-in/email", admin, { "user-agent": user });
    }
    const templates = ["config-alert", "new-sign-in", "password-reset"];
    for (let found: readonly (string | null)[] = []; !templates.every((name) => found.includes(name)); ) {
      const { body } = await service.call<{ items: EmailSummary[] }>("GET", "/api/emails?state=withheld");
      found = body.items.map(({ template }) => template);
    }
    expect(named()).toEqual([]);
  });

  it("is told to admins, in the log and by the doctor", async () => {
    const service = await folder.start(onlyAcme);
    const { body } = await service.call<Health>("GET", "/api/health");
    expect(body.recipients).toEqual({ rule: "only", to: ["@acme.test"] });
    expect(service.stdout).toContain('"recipients":"only:@acme.test"');
    const { stdout } = await folder.run(["doctor"], onlyAcme);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "Sendwright sends only to @acme.test and withholds all other email.",
    );
  });

  it.each(["only:", "everybody", "only:*@acme.test", "redirect:acme.test"])(
    "keeps the service from starting if the rule is %s",
    async (rule) => {
      const { code, stderr } = await folder.run(["start"], { ...env, SENDWRIGHT_RECIPIENTS: rule });
      expect(code).not.toBe(0);
      expect(stderr).toContain("SENDWRIGHT_RECIPIENTS");
    },
  );
});

describe("redirect", () => {
  const redirected = { ...env, SENDWRIGHT_RECIPIENTS: "redirect:qa@acme.test" };

  it("sends all mail to its address, with the originals in a field", async () => {
    const service = await folder.start(redirected);
    const { id } = await saveConfig(service, relay);
    const emails = await queueThroughEveryDoor(service);
    const [direct, ...others] = await Promise.all(emails.map((email) => emailOnce(service, email, isFinal)));
    expect(direct?.recipients.every(({ state }) => state === "sent")).toBe(true);
    expect(others.every(({ state }) => state === "sent")).toBe(true);
    expect((await testReport(service, `/api/smtp-configs/${id}/test`, { sendTo: "jo@evil.test" })).ok).toBe(
      true,
    );
    expect(new Set(named())).toEqual(new Set(["qa@acme.test"]));
    expect(contents).toHaveLength(emails.length + 1);
    const originals = ["jo@evil.test", "qa@acme.test", "bo@evil.test", "QA2@acme.test"];
    const fields = originals.map((address) => `X-Original-To: ${address}\r\n`).join("");
    expect(contents.some((content) => content.startsWith(fields))).toBe(true);
    expect(
      contents.every((content) => /^X-Original-To: .+\r\n(?:X-Original-To: .+\r\n)*From: /.test(content)),
    ).toBe(true);
  });
});

describe("capture", () => {
  async function start(): Promise<Service> {
    const port = String(await freePort());
    return folder.start({ ...env, SENDWRIGHT_RECIPIENTS: "capture", SENDWRIGHT_SANDBOX_PORT: port });
  }

  const caught = async (service: Service) =>
    (await service.call<{ items: SandboxEmailSummary[] }>("GET", "/api/sandbox/emails")).body.items;

  it("sends everything to the sandbox, whichever config would have sent it", async () => {
    const service = await start();
    const saved: SmtpConfig = await saveConfig(service, relay, { username: "jo", password: "secret" });
    const ids = await queueThroughEveryDoor(service);
    const emails = await Promise.all(ids.map((id) => emailOnce(service, id, isFinal)));
    expect(emails.map(({ state, captured }) => [state, captured])).toEqual(ids.map(() => ["sent", true]));
    expect(emails[0]?.attempts).toMatchObject([{ captured: true, relay: "127.0.0.1", config: saved.name }]);
    expect(await caught(service)).toHaveLength(ids.length);
    expect(relay.connections).toEqual([]);
    // What was captured shows nothing of the config.
    expect(await getConfig(service, saved.id)).toMatchObject({
      version: 1,
      lastTest: null,
      breaker: { state: "closed" },
    });
  });

  it("tests the connection that is saved, and captures the test email", async () => {
    const service = await start();
    const { id } = await saveConfig(service, relay);
    expect((await testReport(service, `/api/smtp-configs/${id}/test`, { sendTo: "jo@evil.test" })).ok).toBe(
      true,
    );
    expect(relay.connections).toHaveLength(1);
    expect(named()).toEqual([]);
    expect(await caught(service)).toMatchObject([{ to: ["jo@evil.test"] }]);
    const { body } = await service.call<{ items: EmailSummary[] }>("GET", "/api/emails");
    expect(body.items).toMatchObject([{ state: "sent", captured: true }]);
  });

  it("needs no config", async () => {
    const service = await start();
    const { id } = await postEmail(service);
    expect(await emailOnce(service, id, isFinal)).toMatchObject({ state: "sent", captured: true });
    expect((await service.call<Health>("GET", "/api/health")).body).toMatchObject({
      ok: true,
      recipients: { rule: "capture", to: [] },
    });
  });

  it("needs the sandbox", async () => {
    const { code, stderr } = await folder.run(["start"], { ...env, SENDWRIGHT_RECIPIENTS: "capture" });
    expect(code).not.toBe(0);
    expect(stderr).toContain("the sandbox is off: set SENDWRIGHT_SANDBOX_PORT to a port such as 4651");
  });
});
