import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLog } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { smtpConfigView } from "../http/resources/smtp-config-views.ts";
import { createEgress } from "../net/egress.ts";
import { generateKey } from "../secret/fernet.ts";
import { unlock } from "../secret/unlock.ts";
import { openConfigs } from "../services.ts";
import { smtpConfigCreate } from "../smtp-configs/settings.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { findContent } from "../store/tables/email-content.ts";
import { findEmail, listAttempts, listRecipients } from "../store/tables/emails.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { type RelayOptions, startTestRelay, type TestRelay } from "../testing/index.ts";
import { ConnectionTests } from "./connection-tests.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { TestReport } from "./report.ts";

const actor: Actor = { id: "user:1", name: "Ada" };
const auth = { username: "jo", password: "correct horse" };
const now = Date.parse("2026-06-01T12:00:00Z");

let store: Store;
let configs: SmtpConfigs;
let templates: LoadedTemplates;
let tests: ConnectionTests;
const log = createLog("silent");
const relays: TestRelay[] = [];

beforeEach(async () => {
  const clock = createFixedClock(now);
  store = await openSqliteStore(":memory:");
  const secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  templates = new LoadedTemplates();
  const opened = openConfigs({ store, secrets, clock });
  ({ configs } = opened);
  tests = new ConnectionTests({
    store,
    ...opened,
    templates,
    clock,
    log,
    guard: new RecipientGuard(),
    egress: createEgress("default"),
  });
});

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close();
  await store.close();
});

/** A saved config for a relay that behaves so. */
async function saved(options: RelayOptions = {}, change: object = {}) {
  const relay = await startTestRelay({ auth, ...options });
  relays.push(relay);
  const settings = {
    name: "Office",
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    allowCleartextAuth: true,
    fromEmail: "shop@example.com",
    fromName: "Shop",
    replyTo: "help@example.com",
    ...auth,
    ...change,
  };
  return { relay, settings, config: await configs.create(parse(smtpConfigCreate, settings), actor) };
}

const sendTo = "pat@example.net";

/** What the report says of the message, and what the log has of it. */
async function logged(report: TestReport) {
  const stage = report.stages.find(({ stage }) => stage === "message");
  const id = String(stage?.evidence.emailId);
  const email = await findEmail(store.db, id);
  const [recipient] = (await listRecipients(store.db, [id])).get(id) ?? [];
  const [attempt] = await listAttempts(store.db, id);
  if (email === undefined || recipient === undefined || attempt === undefined) throw new Error("not logged");
  return { id, stage, email, recipient, attempt };
}

const count = async () => (await store.db.selectFrom("emails").select("id").execute()).length;

describe("the test email of a saved config", () => {
  test("is in the log with its outcome, by the id in its Message-ID", async () => {
    const { relay, config } = await saved();
    const { id, stage, email, recipient, attempt } = await logged(
      await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }),
    );
    const received = await simpleParser(relay.messages[0]?.content ?? Buffer.alloc(0));
    expect(received.messageId).toBe(`<${id}@example.com>`);
    expect(stage?.evidence).toMatchObject({ messageId: email.messageId });
    expect(email).toMatchObject({
      state: "sent",
      template: "test-email",
      subject: received.subject,
      messageId: received.messageId,
      caller: actor.id,
      attemptCount: 1,
      nextAttemptAt: null,
      createdAt: now,
      sentAt: now,
      finishedAt: now,
    });
    expect(recipient).toMatchObject({ address: sendTo, role: "to", state: "sent", code: 250 });
    expect(attempt).toMatchObject({
      configId: config.id,
      configName: "Office",
      relayHost: relay.host,
      relayAddress: relay.host,
      stage: "message",
      outcome: "sent",
      code: 250,
      failure: null,
    });
  });

  test("is kept as other emails are, without From and Reply-To", async () => {
    const { config } = await saved();
    const { id } = await logged(await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }));
    const stored = await findContent(store.db, id);
    const parsed = await simpleParser(Buffer.from(stored?.content ?? []));
    expect(stored?.encrypted).toBe(false);
    expect(parsed.text).toContain("Your SMTP settings work");
    expect([parsed.from, parsed.replyTo]).toEqual([undefined, undefined]);
  });

  test("is the template as it is here, under the name of the brand, and says how it came", async () => {
    templates.replace({ ...templates.context, entries: [], brand: { name: "Example Shop" } });
    const { relay, config } = await saved();
    await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor });
    const received = await simpleParser(relay.messages[0]?.content ?? Buffer.alloc(0));
    expect(received.subject).toBe("Example Shop: test email");
    expect(received.text).toContain(`  Server: ${relay.host}\n  Port: ${relay.port}\n  Encryption: none\n`);
  });

  test.each([
    ["451 4.3.0 Later", "temporary", "message.not_now"],
    ["554 5.7.1 No", "permanent", "message.refused"],
  ])("that is answered %s has failed, and says why", async (answer, outcome, code) => {
    const { config } = await saved({ onDot: () => answer });
    const { stage, email, recipient, attempt } = await logged(
      await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }),
    );
    expect(stage?.status).toBe("failed");
    expect(email).toMatchObject({ state: "failed", sentAt: null, finishedAt: now, nextAttemptAt: null });
    expect(recipient).toMatchObject({ state: "failed", reply: answer.slice(4) });
    expect(attempt).toMatchObject({ outcome, code: Number(answer.slice(0, 3)) });
    expect(explainAttempt(attempt, { namesAccount: true })).toMatchObject({
      code,
      explanation: stage?.problem?.explanation,
    });
  });

  test("whose answer was lost is unclear", async () => {
    const { config } = await saved({
      onDot: (_, peer) => {
        peer.destroy();
        return undefined;
      },
    });
    const { email, recipient, attempt } = await logged(
      await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }),
    );
    expect([email.state, recipient.state, attempt.outcome]).toEqual(["unknown", "unknown", "unknown"]);
    expect(attempt).toMatchObject({ errorCode: "smtp.unknown_outcome", possibleDuplicate: true });
  });

  test("whose connection is lost before its content has failed", async () => {
    const { config } = await saved({
      onData: (peer) => {
        peer.destroy();
        return undefined;
      },
    });
    const { email, attempt } = await logged(
      await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }),
    );
    expect(email.state).toBe("failed");
    expect(attempt).toMatchObject({ outcome: "temporary", errorCode: "smtp.closed" });
  });

  test("is logged also if nobody waits for the test any more", async () => {
    const leaving = new AbortController();
    const { config } = await saved({
      onDot: (_, peer) => {
        leaving.abort(new Error("gone"));
        return peer.closed.then(() => undefined);
      },
    });
    const running = tests.run({
      target: { kind: "saved", id: config.id },
      sendTo,
      actor,
      signal: leaving.signal,
    });
    await expect(running).rejects.toThrow("gone");
    expect(await store.db.selectFrom("emails").select("state").execute()).toEqual([{ state: "unknown" }]);
  });

  test("holds no password, though the relay repeats it", async () => {
    const { config } = await saved({ onDot: () => `554 5.7.1 not from ${auth.password}` });
    const { attempt } = await logged(
      await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor }),
    );
    expect(attempt.reply).toContain("********");
    expect(JSON.stringify(attempt)).not.toContain(auth.password);
  });

  test("is logged where the form as edited is what is saved", async () => {
    const { config } = await saved();
    await logged(
      await tests.run({
        target: { kind: "edited", id: config.id, form: { ...smtpConfigView(config), sendTo } },
        actor,
      }),
    );
    expect(await count()).toBe(1);
  });

  test("that the database does not take changes nothing about the test", async () => {
    const { relay, config } = await saved();
    await store.db.schema.dropTable("attempts").execute();
    const warn = vi.spyOn(log, "warn");
    const report = await tests.run({ target: { kind: "saved", id: config.id }, sendTo, actor });
    expect(report.ok).toBe(true);
    expect(relay.messages).toHaveLength(1);
    expect(report.stages.at(-1)?.evidence).not.toHaveProperty("emailId");
    expect(await count()).toBe(0);
    expect(warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("test email not logged"));
    warn.mockRestore();
  });
});

describe("nothing is logged", () => {
  test("of a draft, nor of a form that differs from what is saved", async () => {
    const { relay, settings, config } = await saved();
    const draft = await tests.run({ target: { kind: "unsaved", form: { ...settings, sendTo } }, actor });
    const edited = await tests.run({
      target: {
        kind: "edited",
        id: config.id,
        form: { ...smtpConfigView(config), fromName: "Other", sendTo },
      },
      actor,
    });
    expect([draft.ok, edited.ok, relay.messages.length]).toEqual([true, true, 2]);
    expect(draft.stages.at(-1)?.evidence).not.toHaveProperty("emailId");
    expect(await count()).toBe(0);
  });

  test("of a test that sends nothing, or does not come so far", async () => {
    const { config } = await saved();
    await tests.run({ target: { kind: "saved", id: config.id }, actor, ownAddress: sendTo });
    const { config: locked } = await saved({}, { password: "wrong" });
    await tests.run({ target: { kind: "saved", id: locked.id }, sendTo, actor });
    const { config: picky } = await saved({ onRcpt: () => "550 5.1.1 Who?" });
    await tests.run({ target: { kind: "saved", id: picky.id }, sendTo, actor });
    expect(await count()).toBe(0);
  });
});
