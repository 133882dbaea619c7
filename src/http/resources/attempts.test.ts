import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { makeAuthority, type RelayOptions, startTestRelay, type TestRelay } from "../../testing/index.ts";
import type { AcceptedEmail, Attempt, Email } from "../schema/emails.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";

let app: TestApp;
const relays: TestRelay[] = [];
beforeEach(async () => {
  app = await openApp();
});
afterEach(async () => {
  await app.close();
  for (const relay of relays.splice(0)) await relay.close();
});

const sender = { fromEmail: "shop@example.com" };

/** Saves a config for a relay that behaves so. */
async function relayWith(options: RelayOptions, settings: object): Promise<TestRelay> {
  const relay = await startTestRelay(options);
  relays.push(relay);
  await save({ smtpServer: relay.host, smtpPort: relay.port, useTls: false, ...settings });
  return relay;
}

async function save(settings: object): Promise<void> {
  const response = await app.call("POST", "/api/smtp-configs", { ...sender, ...settings });
  expect(response.status).toBe(201);
}

/** The first attempt of an email, as whoever has these headers reads it. */
async function firstAttempt(
  to: readonly string[] = ["jo@example.com"],
  headers: Record<string, string> = {},
): Promise<Attempt> {
  const body = { to, subject: "Hello", text: "Hello" };
  const { id } = await read<AcceptedEmail>(app.call("POST", "/api/emails", body, headers));
  for (;;) {
    await app.clock.advance(0);
    const { attempts } = await read<Email>(app.call("GET", `/api/emails/${id}`, undefined, headers));
    const [attempt] = attempts;
    if (attempt !== undefined) return attempt;
  }
}

const storedFailure = async () =>
  (await app.services.store.db.selectFrom("attempts").select("failure_json").execute())[0]?.failure_json;

describe("an attempt in the log", () => {
  it("has no problem where the email was sent, and nothing is kept for one", async () => {
    await relayWith({}, {});
    expect(await firstAttempt()).toMatchObject({ outcome: "sent", problem: null });
    expect(await storedFailure()).toBeNull();
  });

  it("says why nobody could be reached, and where", async () => {
    const relay = await relayWith({}, {});
    await relay.close();
    const { problem } = await firstAttempt();
    expect(problem).toMatchObject({ code: "connect.refused_here", remedy: expect.stringMatching(/\S/) });
    expect(problem?.explanation).toContain(`port ${relay.port}`);
  });

  it("explains the refusal of a recipient, also where others were taken", async () => {
    await relayWith({ onRcpt: (to) => (to.startsWith("pat") ? "550 5.1.1 Who is that?" : undefined) }, {});
    const unknown = {
      code: "recipient.unknown",
      title: "Recipient not found",
      explanation: "127.0.0.1 replied that pat@example.net doesn't exist: “550 5.1.1 Who is that?”.",
      remedy: "Check the spelling of the address.",
    };
    const alone = await firstAttempt(["pat@example.net"]);
    expect(alone).toMatchObject({ outcome: "permanent", problem: unknown });
    const among = await firstAttempt(["jo@example.com", "pat@example.net"]);
    expect(among).toMatchObject({ outcome: "partial", code: 250, problem: unknown });
  });

  it("names the sender that the email had, not the one of the config", async () => {
    await relayWith({ onMail: () => "550 5.7.1 Not yours" }, {});
    const from = { from: "ada@example.org", to: "jo@example.com", subject: "Hello", text: "Hello" };
    const { id } = await read<AcceptedEmail>(app.call("POST", "/api/emails", from));
    let email: Email;
    do {
      await app.clock.advance(0);
      email = await read<Email>(app.call("GET", `/api/emails/${id}`));
    } while (email.attempts.length === 0);
    expect(email.attempts[0]?.problem).toMatchObject({
      code: "sender.refused",
      explanation: "127.0.0.1 rejected mail from ada@example.org: “550 5.7.1 Not yours”.",
    });
  });

  it("shows the fingerprint of a certificate that nobody vouches for", async () => {
    const authority = makeAuthority();
    const tls = authority.issue({ names: ["elsewhere.test"] });
    const way = { useTls: true, tlsMode: "starttls" };
    await relayWith({ tls }, { ...way, caPem: authority.caPem });
    const { problem } = await firstAttempt();
    expect(problem).toMatchObject({ code: "tls.wrong_name" });
    expect(problem?.explanation).toContain("elsewhere.test");
  });

  it("knows what was offered where no sign-in was possible", async () => {
    await relayWith({}, { username: "jo", password: "correct horse", allowCleartextAuth: true });
    expect((await firstAttempt()).problem).toMatchObject({ code: "auth.not_offered" });
  });
});

describe("a config that rests", () => {
  it("says what that means, then the relay's words", async () => {
    const auth = { username: "jo", password: "right" };
    await relayWith({ auth }, { ...auth, password: "wrong", allowCleartextAuth: true });
    await firstAttempt();
    const { items } = await read<{ items: SmtpConfig[] }>(app.call("GET", "/api/smtp-configs"));
    expect(items[0]?.pausedReason).toMatch(/^Wrong username or password\. .*rejected the credentials: 535 /);
  });
});

describe("what a relay gives away", () => {
  const secret = "correct-horse-battery";

  it("is in no attempt, though it repeats the password and the password is the username too", async () => {
    const auth = { username: secret, password: secret };
    const says = `550 5.7.1 not owned by user ${secret}, who said ${Buffer.from(`\0${secret}\0${secret}`).toString("base64")}`;
    await relayWith({ auth, onMail: () => says }, { ...auth, allowCleartextAuth: true });
    const attempt = await firstAttempt();
    expect(attempt.problem).toMatchObject({
      code: "sender.not_own",
      explanation: expect.stringContaining("doesn't let ******** send as shop@example.com"),
    });
    const rows = await app.services.store.db.selectFrom("attempts").selectAll().execute();
    for (const text of [JSON.stringify(attempt), JSON.stringify(rows)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString("base64").slice(0, 12));
    }
  });

  it("does not tell a key that only sends which account a config signs in with", async () => {
    const auth = { username: "jo@example.com", password: secret };
    await relayWith({ auth }, { ...auth, password: "wrong", allowCleartextAuth: true });
    const headers = await app.bearer("send");
    const { problem } = await firstAttempt(["pat@example.net"], { ...headers, cookie: "" });
    expect(problem).toMatchObject({ code: "auth.credentials" });
    expect(problem?.explanation).toContain("password of this account");
    expect(problem?.explanation).not.toContain("jo@example.com");
  });

  it.each(["recipient", "final dot", "success"])(
    "tells a key that only sends nothing of the account, whatever the relay says: %s",
    async (where) => {
      const username = "bar@example.com";
      const auth = { username, password: secret };
      const says = `5.7.1 Not for ${username}, BAR%40example.com, ${Buffer.from(username).toString("base64")}`;
      await relayWith(
        {
          auth,
          onRcpt: () => (where === "recipient" ? `550 ${says}` : undefined),
          onDot: () => (where === "final dot" ? `554 ${says}` : `250 ${says}`),
        },
        { ...auth, allowCleartextAuth: true },
      );
      const headers = { ...(await app.bearer("send")), cookie: "" };
      const attempt = await firstAttempt(["pat@example.net"], headers);
      expect(attempt.reply).toContain("Not for ********");
      const list = await read<{ items: { id: string }[] }>(
        app.call("GET", "/api/emails", undefined, headers),
      );
      const one = await read<Email>(app.call("GET", `/api/emails/${list.items[0]?.id}`, undefined, headers));
      expect(one.recipients[0]?.reply).toContain("Not for ********");
      for (const text of [attempt, list, one].map((value) => JSON.stringify(value))) {
        expect(text).not.toMatch(/bar(?:@|%40)example/i);
        expect(text).not.toContain(Buffer.from(username).toString("base64"));
      }
      const admin = await read<Email>(app.call("GET", `/api/emails/${one.id}`));
      expect(admin.attempts[0]?.reply).toContain(username);
    },
  );

  it("nor of the account that a config signed in with before", async () => {
    const auth = { username: "bar@example.com", password: secret };
    const relay = await relayWith(
      { auth, onRcpt: () => "550 5.7.1 Not for bar@example.com" },
      { ...auth, allowCleartextAuth: true },
    );
    const headers = { ...(await app.bearer("send")), cookie: "" };
    await firstAttempt(["pat@example.net"], headers);
    const { items: configs } = await read<{ items: SmtpConfig[] }>(app.call("GET", "/api/smtp-configs"));
    const { version, id } = configs[0]!;
    const changed = { ...sender, ...auth, username: "baz@example.com", version, allowCleartextAuth: true };
    const body = { ...changed, smtpServer: relay.host, smtpPort: relay.port, useTls: false };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, body)).status).toBe(200);
    const list = await read(app.call("GET", "/api/emails", undefined, headers));
    expect(JSON.stringify(list)).toContain("Not for ********");
  });
});

describe("the way of an attempt", () => {
  /** The sender's config accepts no sign-in, so another one stands in: it has the second attempt. */
  async function attemptsOf(headers: Record<string, string> = {}): Promise<readonly Attempt[]> {
    await relayWith({ onMail: () => "421 4.3.2 Going down" }, { name: "Shop" });
    await relayWith({}, { name: "Spare", fromEmail: "spare@example.com" });
    await firstAttempt(["jo@example.com"], headers);
    const body = { to: "jo@example.com", subject: "Hello", text: "Hello" };
    const { id } = await read<AcceptedEmail>(app.call("POST", "/api/emails", body, headers));
    for (;;) {
      await app.clock.advance(0);
      const { attempts } = await read<Email>(app.call("GET", `/api/emails/${id}`, undefined, headers));
      if (attempts.some(({ outcome }) => outcome === "sent")) return attempts;
    }
  }

  it("says in a sentence why another config stood in", async () => {
    expect((await attemptsOf()).at(-1)?.route).toEqual({
      by: "stand-in",
      for: "Shop",
      because: "paused",
      sentence: "Sent through Spare because Shop was paused.",
    });
  });

  it("keeps the name of a config that made no attempt from a key that may only send", async () => {
    const attempts = await attemptsOf({ ...(await app.bearer("send")), cookie: "" });
    expect(attempts).toHaveLength(1);
    expect(attempts[0]?.route).toEqual({
      by: "stand-in",
      for: null,
      because: "paused",
      sentence: "Sent through Spare because another SMTP config was paused.",
    });
    expect(JSON.stringify(attempts)).not.toContain("Shop");
  });

  it("says that the first config sent what no config has the sender of", async () => {
    await relayWith({}, { name: "Shop" });
    expect((await firstAttempt()).route).toMatchObject({ by: "first" });
  });
});
