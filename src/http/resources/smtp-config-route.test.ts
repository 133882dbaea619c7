import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { pauseConfig } from "../../../test/support/smtp-config.ts";
import type { Problem } from "../schema/common.ts";
import { type RouteAnswer, routeAnswer } from "../schema/smtp-config-route.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

async function add(name: string, settings: object = {}): Promise<SmtpConfig> {
  const body = {
    name,
    smtpServer: `${name.toLowerCase()}.example.com`,
    smtpPort: 587,
    fromEmail: `${name.toLowerCase()}@example.com`,
    ...settings,
  };
  const response = await app.call("POST", "/api/smtp-configs", body);
  expect(response.status).toBe(201);
  return read<SmtpConfig>(response);
}

async function ask(question: object): Promise<RouteAnswer> {
  const response = await app.call("POST", "/api/smtp-configs/route", question);
  expect(response.status).toBe(200);
  return routeAnswer.parse(await read(response));
}

async function pause(config: SmtpConfig, ms: number): Promise<number> {
  const until = app.clock.now() + ms;
  const breaker = { until, reason: "The relay is down.", failures: 1, needsAdmin: false };
  await pauseConfig(app.services.store, config, breaker);
  return until;
}

const inOrder = ({ candidates }: RouteAnswer) => candidates.map(({ name, state }) => `${name} ${state}`);

describe("POST /api/smtp-configs/route", () => {
  it("gives an email without a sender to the first config", async () => {
    const first = await add("First", { fromName: "First Ltd", replyTo: "help@example.com" });
    await add("Second");
    expect(await ask({})).toEqual({
      decision: {
        kind: "send",
        config: { id: first.id, name: "First" },
        by: "first",
        for: null,
        because: null,
        sentence: "First sends it, the first in order.",
      },
      candidates: [
        {
          id: first.id,
          name: "First",
          sendsAs: { name: "First Ltd", address: "first@example.com" },
          replyTo: [{ name: null, address: "help@example.com" }],
          state: "available",
          until: null,
          reason: null,
        },
        expect.objectContaining({
          name: "Second",
          sendsAs: { name: "First Ltd", address: "second@example.com" },
        }),
      ],
      to: null,
    });
  });

  it("gives a sender to the config that owns it, whatever its case", async () => {
    await add("First");
    await add("Second", { senders: ["@shop.example"] });
    const answer = await ask({ from: "Jo <Orders@Shop.Example>" });
    expect(answer.decision).toMatchObject({
      by: "sender",
      sentence: "Second sends it, which owns the sender.",
    });
    expect(answer.candidates).toMatchObject([
      { name: "Second", sendsAs: { name: "Jo", address: "Orders@shop.example" } },
      {
        name: "First",
        sendsAs: { name: "Jo", address: "first@example.com" },
        replyTo: [{ address: "Orders@shop.example" }],
      },
    ]);
  });

  it("says who stands in for a config that is paused, and when that ends", async () => {
    const first = await add("First");
    const second = await add("Second");
    const until = await pause(first, 60_000);
    const answer = await ask({ from: "first@example.com" });
    expect(answer.decision).toEqual({
      kind: "send",
      config: { id: second.id, name: "Second" },
      by: "stand-in",
      for: "First",
      because: "paused",
      sentence: "Second sends it because First is paused.",
    });
    expect(answer.candidates[0]).toMatchObject({
      state: "paused",
      until: new Date(until).toISOString(),
      reason: "The relay is down.",
    });
  });

  it("gives the next email to a config whose pause is over", async () => {
    const first = await add("First");
    await add("Second");
    await pause(first, 0);
    const { decision, candidates } = await ask({ from: "first@example.com" });
    expect(decision).toMatchObject({
      kind: "send",
      config: { name: "First" },
      sentence: "First sends it, which owns the sender. It was paused; the next email tests it.",
    });
    expect(candidates[0]).toMatchObject({ state: "paused", until: null });
  });

  it("says for which config an email waits, and until when", async () => {
    const first = await add("First");
    const until = new Date(await pause(first, 60_000)).toISOString();
    expect((await ask({})).decision).toEqual({
      kind: "wait",
      config: { id: first.id, name: "First" },
      until,
      sentence: `The email stays queued for First until ${until}.`,
    });
  });

  it("follows the config that the request names, by name or id, with others behind it or without", async () => {
    await add("First");
    const second = await add("Second");
    expect(inOrder(await ask({ config: "Second", fallback: true }))).toEqual([
      "Second available",
      "First available",
    ]);
    const alone = await ask({ config: second.id });
    expect(alone.decision).toMatchObject({
      by: "named",
      sentence: "Second sends it, which the request named.",
    });
    expect(inOrder(alone)).toEqual(["Second available"]);
  });

  it("lists what is off or unusable last, and says if nothing is left", async () => {
    await add("First", { enabled: false });
    const second = await add("Second");
    expect(inOrder(await ask({}))).toEqual(["Second available", "First off"]);
    await app.call("POST", `/api/smtp-configs/${second.id}/disable`);
    expect((await ask({ config: "Second", fallback: false })).decision).toEqual({
      kind: "stuck",
      because: "none-on",
      sentence: "The email stays queued, because Second is off and no other SMTP config may send it.",
    });
    expect((await ask({})).decision).toMatchObject({
      sentence: "The email stays queued, because no SMTP config that may send it is available.",
    });
  });

  it("says that there is no config at all", async () => {
    expect(await ask({})).toMatchObject({
      decision: { kind: "stuck", sentence: "The email stays queued, because no SMTP config may send it." },
      candidates: [],
    });
  });

  it("checks the recipient, and says if the SMTP server must offer SMTPUTF8", async () => {
    await add("First");
    expect((await ask({ to: "Jo <jo@bücher.example>" })).to).toEqual({
      address: "jo@xn--bcher-kva.example",
      needsSmtpUtf8: false,
      fate: "sent",
      sentTo: ["jo@xn--bcher-kva.example"],
    });
    expect((await ask({ to: "jö@example.com" })).to).toMatchObject({ needsSmtpUtf8: true });
  });

  it.each([
    ["only:@acme.test", { fate: "withheld", sentTo: [] }],
    ["only:@example.net", { fate: "sent", sentTo: ["jo@example.net"] }],
    ["redirect:qa@acme.test", { fate: "redirected", sentTo: ["qa@acme.test"] }],
    ["capture", { fate: "captured", sentTo: [] }],
  ])("says who gets the email while the recipients are %s", async (recipients, expected) => {
    await app.close();
    app = await openApp({ recipients, sandboxPort: 0 });
    expect((await ask({ to: "jo@example.net" })).to).toMatchObject(expected);
  });

  it("names each wrong field, an unknown config, and the ids of several of one name", async () => {
    const bad = await app.call("POST", "/api/smtp-configs/route", { from: "jo", to: "@", fallback: 1, x: 1 });
    expect(bad.status).toBe(400);
    const { errors = [] } = await read<Problem>(bad);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/fallback", "/from", "/to", "/x"]);

    const unknown = await app.call("POST", "/api/smtp-configs/route", { config: "Lab" });
    expect(unknown.status).toBe(404);
    expect(await read<Problem>(unknown)).toMatchObject({
      code: "config.not_found",
      errors: [{ pointer: "/config" }],
    });

    const twins = [await add("Office"), await add("Office")];
    const ambiguous = await app.call("POST", "/api/smtp-configs/route", { config: "Office" });
    expect(ambiguous.status).toBe(400);
    const [issue] = (await read<Problem>(ambiguous)).errors ?? [];
    for (const { id } of twins) expect(issue?.detail).toContain(id);
  });

  it("is for admins", async () => {
    const headers = await app.bearer("send");
    const response = await app.request("/api/smtp-configs/route", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(403);
  });
});
