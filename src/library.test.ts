import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "./core/log.ts";
import { createSendwright, type Sendwright } from "./library.ts";
import { generateKey } from "./secret/fernet.ts";
import { startTestRelay } from "./testing/index.ts";

const log = createLog("silent");
let folder: string;
let sendwright: Sendwright | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-library-"));
});
afterEach(async () => {
  await sendwright?.close();
  sendwright = undefined;
  rmSync(folder, { recursive: true });
});

const database = () => join(folder, "sendwright.db");

describe("Sendwright inside an application", () => {
  it("sends through the config that an admin of the host saved on the host's path", async () => {
    await using relay = await startTestRelay();
    sendwright = await createSendwright({ database: database(), secret: generateKey(), log });
    const handle = sendwright.handler({
      basePath: "/mail",
      authorize: (request) => (request.headers.get("x-admin") === "yes" ? { id: "7", name: "Ada" } : null),
    });
    const save = (headers: Record<string, string>) =>
      handle(
        new Request("http://app.example/mail/api/smtp-configs", {
          method: "POST",
          headers: { "content-type": "application/json", origin: "http://app.example", ...headers },
          body: JSON.stringify({
            smtpServer: relay.host,
            smtpPort: relay.port,
            useTls: false,
            fromEmail: "shop@example.com",
          }),
        }),
      );
    expect((await save({})).status).toBe(401);
    expect((await save({ "x-admin": "yes", origin: "http://evil.example" })).status).toBe(403);
    expect((await save({ "x-admin": "yes" })).status).toBe(201);

    const { id } = await sendwright.send({ to: "jo@example.com", subject: "Hello", text: "Hi" });
    await relay.delivered(1);
    expect(await sendwright.email(id)).toMatchObject({ id, caller: "library" });
  });

  it("takes a calendar message, with a template too", async () => {
    sendwright = await createSendwright({ database: database(), secret: generateKey(), log });
    const content = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n";
    const calendar = { method: "CANCEL", content } as const;
    const contents = {
      template: "password-reset",
      data: { name: "Jo", url: "https://example.com/reset" },
    } as const;
    for (const email of [{ subject: "Hello", text: "Hi" }, contents] as const) {
      const { id } = await sendwright.send({ to: "jo@example.com", ...email, calendar });
      expect(await sendwright.email(id)).toMatchObject({ state: "queued" });
    }
    const sending = sendwright.send({
      to: "jo@example.com",
      ...contents,
      calendar: { ...calendar, method: "REPLY" },
    });
    await expect(sending).rejects.toMatchObject({
      code: "input.invalid",
      issues: [{ pointer: "/calendar/content" }],
    });
  });

  it("sends through the config that the application names", async () => {
    await using relay = await startTestRelay();
    const smtp = {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
    };
    const given = { database: database(), secret: generateKey(), log, smtp: { ...smtp, name: "Main" } };
    sendwright = await createSendwright(given);
    const email = { to: "jo@example.com", subject: "Hello", text: "Hi" };
    const { id } = await sendwright.send({ ...email, config: "Main", fallback: true });
    await relay.delivered(1);
    expect(await sendwright.email(id)).toMatchObject({
      config: { id: "environment", name: "Main", fallback: true },
      resentFrom: null,
      resends: [],
    });
    await expect(sendwright.send({ ...email, config: "Other" })).rejects.toMatchObject({
      code: "input.invalid",
      issues: [{ pointer: "/config" }],
    });
  });

  it("refuses to start without a secret, and makes no key of its own", async () => {
    const opening = createSendwright({ database: database(), secret: undefined, log });
    await expect(opening).rejects.toMatchObject({ code: "secret.missing" });
    await expect(createSendwright({ database: database(), secret: "short", log })).rejects.toMatchObject({
      code: "secret.unusable",
    });
  });

  it("names options that it does not know", async () => {
    const options = { database: database(), secret: generateKey(), log, sandbox: true };
    await expect(createSendwright(options)).rejects.toMatchObject({
      code: "input.invalid",
      issues: [{ pointer: "/sandbox", detail: "unknown field" }],
    });
  });

  it("has its database to itself", async () => {
    const secret = generateKey();
    sendwright = await createSendwright({ database: database(), secret, log });
    await expect(createSendwright({ database: database(), secret, log })).rejects.toMatchObject({
      code: "store.locked",
    });
  });
});

describe("what an application hands over by mistake", () => {
  const loop: Record<string, unknown> = {};
  loop.loop = loop;
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level += 1) deep = [deep];
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`X-${n}`, "x"]));

  it.each<[string, object]>([
    ["200,000 recipients", { to: Array(200_000).fill(1) }],
    ["5,000,000 recipients", { to: Array(5_000_000).fill("jo@example.com") }],
    ["100,000 headers", { headers: many }],
    ["100,000 unknown fields", many],
    ["deep data", { data: { deep } }],
    ["data that holds itself", { data: loop }],
    ["a bigint in its data", { data: { url: 1n } }],
  ])("is refused as a SendwrightError: %s", async (_name, fields) => {
    sendwright = await createSendwright({ database: ":memory:", secret: generateKey(), log });
    const request = { to: "jo@example.com", template: "password-reset", ...fields } as never;
    for (const options of [{}, { idempotencyKey: "one" }]) {
      const error: unknown = await sendwright.send(request, options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "SendwrightError", code: "input.invalid" });
      expect((error as Error).message.length).toBeLessThanOrEqual(2_000);
    }
  });
});
