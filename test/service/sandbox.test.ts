import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Email } from "../../src/http/schema/emails.ts";
import type { SandboxEmailSummary } from "../../src/http/schema/sandbox.ts";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import { emailOnce, postEmail, saveConfig } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
let service: Service;
let config: SmtpConfig;

beforeEach(async () => {
  folder = makeServiceFolder();
  const port = await freePort();
  service = await folder.start({ SENDWRIGHT_SANDBOX_PORT: String(port) });
  config = await saveConfig(service, { host: "localhost", port });
});
afterEach(() => folder.dispose());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The email once its first attempt is over. */
async function attempted(to: string, request: object = {}): Promise<Email> {
  const { id } = await postEmail(service, { to, ...request });
  return emailOnce(service, id, ({ state, attempts }) => attempts.length > 0 && state !== "sending");
}

async function caught(): Promise<readonly string[][]> {
  const { body } = await service.call<{ items: SandboxEmailSummary[] }>("GET", "/api/sandbox/emails");
  return body.items.map(({ to }) => to);
}

it("captures what it accepts, and stays captured once its port is another's", async () => {
  const { id, state, captured, attempts } = await attempted("jo@example.com");
  expect({ state, captured }).toEqual({ state: "sent", captured: true });
  expect(attempts).toMatchObject([{ outcome: "sent", captured: true }]);
  expect(service.stdout).toMatch(/"captured":true[^\n]*"msg":"email sent"/);
  await service.end("SIGTERM");
  service = await folder.start();
  expect((await service.call<Email>("GET", `/api/emails/${id}`)).body).toMatchObject({ captured: true });
});

it.each([
  ["550@sandbox.test", "failed", 550, "5.1.1", "permanent"],
  ["451@sandbox.test", "queued", 451, "4.3.0", "temporary"],
  ["rate@sandbox.test", "queued", 450, "4.2.1", "temporary"],
])("%s leaves the email %s", async (to, state, code, enhancedCode, outcome) => {
  const email = await attempted(to);
  expect(email).toMatchObject({ state, captured: false, recipients: [{ state, code, enhancedCode }] });
  expect(email.attempts).toMatchObject([{ outcome, captured: false, stage: "recipient" }]);
  expect(email.nextAttemptAt === null).toBe(state === "failed");
  expect(await caught()).toEqual([]);
  // It holds up nothing else.
  expect(await attempted("jo@example.com")).toMatchObject({ state: "sent" });
  const { body } = await service.call<SmtpConfig>("GET", `/api/smtp-configs/${config.id}`);
  expect(body.breaker).toEqual({ state: "closed" });
});

it("550@sandbox.test leaves an email to others as well partially sent", async () => {
  const email = await attempted("jo@example.com", { cc: "550@sandbox.test" });
  expect(email).toMatchObject({ state: "partial", captured: true });
  expect(await caught()).toEqual([["jo@example.com"]]);
});

it.each([
  ["resend", "queued", "queued"],
  ["hold", "unknown", "unknown"],
])("lost@sandbox.test leaves an email that is to %s %s", async (onUnknown, state, recipient) => {
  const email = await attempted("lost@sandbox.test", { onUnknown });
  expect(email).toMatchObject({ state, possibleDuplicate: true, recipients: [{ state: recipient }] });
  expect(email.attempts).toMatchObject([{ outcome: "unknown", errorCode: "smtp.unknown_outcome" }]);
  expect(await caught()).toEqual([["lost@sandbox.test"]]);
});

it("slow@sandbox.test leaves the email sending for five seconds, and then sent", async () => {
  const { id } = await postEmail(service, { to: "slow@sandbox.test" });
  await emailOnce(service, id, ({ state }) => state === "sending");
  const { attempts } = await emailOnce(service, id, (email) => email.attempts.length > 0);
  expect(attempts[0]?.durationMs).toBeGreaterThanOrEqual(4_900);
});
