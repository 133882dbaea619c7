import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { startTestRelay } from "../../testing/test-relay.ts";
import type { Problem } from "../schema/common.ts";
import type { AcceptedEmail, Email } from "../schema/emails.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const anEmail = { to: "jo@example.com", subject: "Hello", text: "Hello Jo" };
const post = (body: object) => app.call("POST", "/api/emails", body);
const errorsOf = async (body: object) => (await read<Problem>(post(body))).errors;
const detail = (id: string) => read<Email>(app.call("GET", `/api/emails/${id}`));

async function send(body: object): Promise<Email> {
  const response = await post({ ...anEmail, ...body });
  expect(response.status).toBe(202);
  return detail((await read<AcceptedEmail>(response)).id);
}

async function addConfig(given: object): Promise<string> {
  const settings = { smtpServer: "127.0.0.1", smtpPort: 1, useTls: false, enabled: false };
  const response = await app.call("POST", "/api/smtp-configs", { ...settings, ...given });
  expect(response.status).toBe(201);
  return (await read<{ id: string }>(response)).id;
}

describe("an email that names its SMTP config", () => {
  it("goes through that one alone, by name or ID", async () => {
    await using first = await startTestRelay();
    await using second = await startTestRelay();
    const at = ({ port }: { port: number }) => ({ smtpPort: port, enabled: true });
    await addConfig({ name: "First", fromEmail: "first@example.com", ...at(first) });
    const id = await addConfig({ name: "Second", fromEmail: "second@example.net", ...at(second) });
    const byName = await send({ config: "Second" });
    const byId = await send({ config: id, fallback: true });
    expect(byName.config).toEqual({ id, name: "Second", fallback: false });
    expect(byId.config).toEqual({ id, name: "Second", fallback: true });
    expect(byName.messageId).toContain("@example.net>");
    await second.delivered(2);
    expect(first.messages).toEqual([]);
    expect((await send({})).config).toBeNull();
  });

  it("stays queued while that one is turned off", async () => {
    await using other = await startTestRelay();
    await addConfig({ name: "On", fromEmail: "on@example.com", smtpPort: other.port, enabled: true });
    await addConfig({ name: "Off", fromEmail: "off@example.com" });
    const { id } = await send({ config: "Off" });
    await send({});
    await other.delivered(1);
    expect(await detail(id)).toMatchObject({ state: "queued", attempts: [], config: { name: "Off" } });
  });

  it("keeps the ID of one that is deleted later", async () => {
    const id = await addConfig({ name: "Off", fromEmail: "off@example.com" });
    const email = await send({ config: "Off" });
    await app.call("DELETE", `/api/smtp-configs/${id}`);
    expect((await detail(email.id)).config).toEqual({ id, name: null, fallback: false });
  });

  it("is rejected if there is none, or if two have the name", async () => {
    expect(await errorsOf({ ...anEmail, config: "Other" })).toEqual([
      {
        pointer: "/config",
        detail: 'SMTP config "Other" not found. Use the name or ID of an existing one.',
      },
    ]);
    // It is looked for again: a moment ago it was not there.
    await addConfig({ name: "Other", fromEmail: "a@example.com" });
    await send({ config: "Other" });
    await addConfig({ name: "Other", fromEmail: "b@example.com" });
    await app.clock.advance(1_000);
    expect(await errorsOf({ ...anEmail, config: "Other" })).toEqual([
      { pointer: "/config", detail: '2 SMTP configs have the name "Other". Use an ID instead.' },
    ]);
  });

  it("is rejected with a fallback from nothing, or with what is no name", async () => {
    expect(await errorsOf({ ...anEmail, fallback: false })).toEqual([
      { pointer: "/fallback", detail: "can only be used with config" },
    ]);
    expect(
      (await errorsOf({ ...anEmail, config: "", fallback: "yes" }))?.map(({ pointer }) => pointer),
    ).toEqual(["/config", "/fallback"]);
  });

  it("is one of many in a batch, and the others are stored", async () => {
    const emails = [anEmail, { ...anEmail, config: "Other" }];
    const response = await app.call("POST", "/api/emails/batch", { emails });
    expect(await read(response)).toMatchObject({
      results: [{ state: "queued" }, { problem: { errors: [{ pointer: "/config" }] } }],
    });
  });
});
