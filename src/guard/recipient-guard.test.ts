import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { createLog } from "../core/log.ts";
import { createEgress } from "../net/egress.ts";
import { Sandbox } from "../sandbox/sandbox.ts";
import type { Message } from "../smtp/connection.ts";
import { startTestRelay, type TestRelay } from "../testing/index.ts";
import { RecipientGuard } from "./recipient-guard.ts";
import { parseRecipientRule } from "./rule.ts";

let relay: TestRelay;
let sandbox: Sandbox;

beforeEach(async () => {
  relay = await startTestRelay();
  sandbox = new Sandbox({ port: 0, clock: systemClock, log: createLog("silent") });
  await sandbox.start();
});
afterEach(async () => {
  await relay.close();
  await sandbox.stop();
});

async function connectTo(port: number, rule: string) {
  return new RecipientGuard(parseRecipientRule(rule), sandbox).connect({
    relay: { host: "127.0.0.1", port, tls: "none", caPem: null, ehloName: null },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
  });
}

function relayed() {
  return relay.messages.map(({ to, content }) => ({ to, content: Buffer.from(content).toString() }));
}

const text = "Subject: Hi\r\n\r\nHello\r\n";

function messageTo(...to: readonly string[]): Message {
  return { from: "shop@example.com", to, content: Buffer.from(text), needsSmtpUtf8: false };
}

async function send(rule: string, message: Message, port = relay.port) {
  const connection = await connectTo(port, rule);
  try {
    return await connection.send(message);
  } finally {
    await connection.quit();
  }
}

describe("all", () => {
  it("sends to everybody, and changes nothing", async () => {
    const result = await send("all", messageTo("jo@a.test", "bo@b.test"));
    expect(result.recipients.map(({ outcome }) => outcome)).toEqual(["sent", "sent"]);
    expect(result).not.toHaveProperty("withheld");
    expect(relayed()).toEqual([{ to: ["jo@a.test", "bo@b.test"], content: text }]);
  });

  it("says that the sandbox has a message that was sent there", async () => {
    expect(await send("all", messageTo("jo@a.test"), sandbox.port)).toMatchObject({ captured: true });
    expect(await send("all", messageTo("jo@a.test"))).not.toHaveProperty("captured");
  });
});

describe("only", () => {
  it("sends to those whom it names, and says whom it left out", async () => {
    const result = await send("only:@acme.test", messageTo("jo@evil.test", "QA@Acme.test", "bo@evil.test"));
    expect(result).toMatchObject({
      recipients: [{ address: "QA@Acme.test", outcome: "sent" }],
      withheld: ["jo@evil.test", "bo@evil.test"],
    });
    expect(relayed()).toEqual([{ to: ["QA@Acme.test"], content: text }]);
  });

  it("begins no transaction if it names nobody", async () => {
    await expect(send("only:@acme.test", messageTo("jo@evil.test"))).rejects.toMatchObject({
      code: "email.withheld",
    });
    expect(relay.messages).toEqual([]);
  });
});

describe("redirect", () => {
  it("sends one message to its address, with the originals in the header", async () => {
    const result = await send("redirect:qa@acme.test", messageTo("jo@evil.test", "jörg@evil.test"));
    expect(result.recipients).toMatchObject([
      { address: "jo@evil.test", outcome: "sent" },
      { address: "jörg@evil.test", outcome: "sent" },
    ]);
    expect(relayed()).toEqual([
      {
        to: ["qa@acme.test"],
        content: `X-Original-To: jo@evil.test\r\nX-Original-To: =?UTF-8?B?asO2cmdAZXZpbC50ZXN0?=\r\n${text}`,
      },
    ]);
  });

  it("puts the originals before a content that is read in its turn", async () => {
    const content = { maxSize: text.length, read: async () => [Buffer.from(text)] };
    await send("redirect:qa@acme.test", { ...messageTo("jo@evil.test"), content });
    expect(relayed()).toEqual([{ to: ["qa@acme.test"], content: `X-Original-To: jo@evil.test\r\n${text}` }]);
  });
});

describe("capture", () => {
  it("sends to the sandbox, whatever the connection is with", async () => {
    const result = await send("capture", messageTo("jo@evil.test", "bo@evil.test"));
    expect(result).toMatchObject({ captured: true, recipients: [{ outcome: "sent" }, { outcome: "sent" }] });
    expect(sandbox.list()).toMatchObject([{ to: ["jo@evil.test", "bo@evil.test"] }]);
    expect(relay.messages).toEqual([]);
  });

  it("needs the sandbox", () => {
    expect(() => new RecipientGuard({ kind: "capture" }, null)).toThrow(
      "SENDWRIGHT_RECIPIENTS is capture, but the sandbox is off: set SENDWRIGHT_SANDBOX_PORT to a port such as 4651.",
    );
  });
});

it("withdraws what it was given", async () => {
  const connection = await connectTo(relay.port, "redirect:qa@acme.test");
  const [first, second] = [messageTo("jo@evil.test"), messageTo("bo@evil.test")];
  const sending = [connection.send(first), connection.send(second)] as const;
  const outcome = expect(sending[1]).rejects.toMatchObject({ code: "smtp.withdrawn" });
  expect(connection.withdraw(second)).toBe(true);
  await Promise.all([sending[0], outcome]);
  await connection.quit();
});

it("puts no address in an envelope that the rule does not allow", async () => {
  const local = fc.constantFrom("jo", "qa", "QA", "a.b", "jörg", '"q a"', "@", "x+y");
  const domain = fc.constantFrom(
    "acme.test",
    "ACME.test",
    "mail.acme.test",
    "evil.test",
    "acme.test.evil.test",
    "",
  );
  const address = fc.tuple(local, domain).map((parts) => parts.join("@"));
  const rules = fc.constantFrom(
    "only:@acme.test",
    "only:qa@evil.test",
    "redirect:qa@acme.test,ops@b.test",
    "capture",
  );
  await fc.assert(
    fc.asyncProperty(rules, fc.array(address, { minLength: 1, maxLength: 6 }), async (rule, to) => {
      const before = relay.messages.length;
      await send(rule, messageTo(...to)).catch(() => {});
      const allowed: Readonly<Record<string, RegExp>> = {
        "only:@acme.test": /@acme\.test$/i,
        "only:qa@evil.test": /^qa@evil\.test$/i,
        "redirect:qa@acme.test,ops@b.test": /^(?:qa@acme|ops@b)\.test$/,
        capture: /^$/,
      };
      for (const message of relay.messages.slice(before)) {
        for (const recipient of message.to) expect(recipient).toMatch(allowed[rule] ?? /^$/);
      }
    }),
    { numRuns: 60 },
  );
});
