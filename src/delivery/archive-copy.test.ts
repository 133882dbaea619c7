import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import type { AcceptedEmail, Email } from "../http/schema/emails.ts";
import { type RelayOptions, startTestRelay, type TestRelay } from "../testing/index.ts";

const archive = "archive@example.net";
let app: TestApp;
let relay: TestRelay | null = null;
/** What the client asked for, in order. */
let asked: string[] = [];
beforeEach(async () => {
  app = await openApp();
  asked = [];
});
afterEach(async () => {
  await app.close();
  await relay?.close();
  relay = null;
});

/** A relay with this behavior, and a config with an archive that sends through it. */
async function relayWith(options: RelayOptions = {}): Promise<TestRelay> {
  const { onRcpt = () => undefined } = options;
  relay = await startTestRelay({
    ...options,
    onMail() {
      asked.push("MAIL");
      return undefined;
    },
    onRcpt(to, peer) {
      asked.push(to);
      return onRcpt(to, peer);
    },
  });
  const response = await app.call("POST", "/api/smtp-configs", {
    name: "Main",
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    fromEmail: "shop@example.com",
    bcc: archive,
  });
  expect(response.status).toBe(201);
  return relay;
}

const detail = (id: string) => read<Email>(app.call("GET", `/api/emails/${id}`));
async function send(given: object = {}): Promise<string> {
  const body = { to: ["jo@example.com"], subject: "Hello", text: "Hello Jo", ...given };
  return (await read<AcceptedEmail>(app.call("POST", "/api/emails", body))).id;
}
async function final(id: string): Promise<Email> {
  await expect.poll(async () => (await detail(id)).finishedAt).not.toBeNull();
  return detail(id);
}
/** Waits for the attempts so far, then goes to the next one. */
async function afterAttempts(id: string, count: number): Promise<void> {
  await expect.poll(async () => (await detail(id)).attempts.length).toBe(count);
  await app.call("POST", `/api/emails/${id}/retry`);
}
const accepted = { address: archive, outcome: "sent", code: 250 };
const only = (address: string, reply: string) => (to: string) => (to === address ? reply : undefined);

describe("the archive of a config", () => {
  it("gets each email as a recipient of the envelope, and the content doesn't name it", async () => {
    const { messages } = await relayWith();
    const ids = [await send(), await send({ to: ["a@example.com"], bcc: ["b@example.com"] })];
    const emails = [await final(ids[0] ?? ""), await final(ids[1] ?? "")];
    expect(messages.map(({ to }) => to)).toEqual([
      ["jo@example.com", archive],
      ["a@example.com", "b@example.com", archive],
    ]);
    for (const [index, { content }] of messages.entries()) {
      const source = await app.call("GET", `/api/emails/${ids[index]}/source`);
      expect(content.toString()).toBe(`From: shop@example.com\r\n${await source.text()}`);
      expect(content.toString()).not.toContain("archive");
    }
    for (const { recipients, state, attempts } of emails) {
      expect(recipients.map(({ address }) => address)).not.toContain(archive);
      expect(state).toBe("sent");
      expect(attempts).toMatchObject([{ outcome: "sent", copy: accepted }]);
    }
  });

  it("gets each of many emails that share a session, once", async () => {
    const { messages } = await relayWith();
    const ids = await Promise.all(Array.from({ length: 30 }, (_, index) => send({ subject: `${index}` })));
    for (const id of ids) expect(await final(id)).toMatchObject({ state: "sent" });
    expect(messages).toHaveLength(30);
    for (const { to } of messages) expect(to).toEqual(["jo@example.com", archive]);
  });

  it("gets no second copy if the rest of the recipients get the email later", async () => {
    let isBusy = true;
    const { messages } = await relayWith({
      onRcpt: (to) => (isBusy && to === "max@example.com" ? "450 4.2.1 busy" : undefined),
    });
    const id = await send({ to: ["jo@example.com", "max@example.com"] });
    await expect.poll(() => messages.length).toBe(1);
    isBusy = false;
    await afterAttempts(id, 1);
    expect((await final(id)).attempts).toMatchObject([{ copy: accepted }, { outcome: "sent", copy: null }]);
    expect(messages.map(({ to }) => to)).toEqual([["jo@example.com", archive], ["max@example.com"]]);
  });

  it("gets no second copy if it alone was accepted the first time", async () => {
    let isBusy = true;
    const { messages } = await relayWith({
      onRcpt: (to) => (isBusy && to !== archive ? "450 4.2.1 busy" : undefined),
    });
    const id = await send();
    await expect.poll(() => messages.length).toBe(1);
    isBusy = false;
    await afterAttempts(id, 1);
    await final(id);
    expect(messages.map(({ to }) => to)).toEqual([[archive], ["jo@example.com"]]);
  });

  it("gets the copy with the retry if nobody got the email before", async () => {
    let isBusy = true;
    const { messages } = await relayWith({ onRcpt: () => (isBusy ? "451 4.7.1 greylisted" : undefined) });
    const id = await send();
    await expect.poll(async () => (await detail(id)).attempts.length).toBe(1);
    isBusy = false;
    await afterAttempts(id, 1);
    await final(id);
    expect(messages.map(({ to }) => to)).toEqual([["jo@example.com", archive]]);
  });

  it("gets no sensitive email, and no second one if it is a recipient", async () => {
    const { messages } = await relayWith();
    await final(await send({ sensitive: true }));
    await final(await send({ cc: ["Archive@example.net"] }));
    expect(messages.map(({ to }) => to)).toEqual([
      ["jo@example.com"],
      ["jo@example.com", "Archive@example.net"],
    ]);
  });
});

describe("an archive that the server rejects", () => {
  it.each(["550 5.1.1 No such user", "450 4.2.1 busy"])(
    "with %s leaves the email as it is",
    async (reply) => {
      const { messages } = await relayWith({ onRcpt: only(archive, reply) });
      const email = await final(await send());
      expect(email.state).toBe("sent");
      expect(email.recipients).toMatchObject([{ address: "jo@example.com", state: "sent", code: 250 }]);
      const code = Number(reply.slice(0, 3));
      expect(email.attempts).toMatchObject([
        { outcome: "sent", code: 250, copy: { address: archive, code } },
      ]);
      expect(messages.map(({ to }) => to)).toEqual([["jo@example.com"]]);
    },
  );

  it("saves no recipient that is rejected too", async () => {
    await relayWith({ onRcpt: () => "550 5.1.1 No such user" });
    const email = await final(await send());
    expect(email).toMatchObject({ state: "failed", attempts: [{ outcome: "permanent", code: 550 }] });
    expect(asked).toEqual(["MAIL", "jo@example.com", archive]);
  });

  it("is no success if the copy is all that the server accepts", async () => {
    await relayWith({ onRcpt: only("jo@example.com", "550 5.1.1 No such user") });
    const email = await final(await send());
    expect(email).toMatchObject({ state: "failed", attempts: [{ outcome: "permanent", copy: accepted }] });
  });

  it("leads to the message without it if the server accepts all recipients or none", async () => {
    let rejected = false;
    const { messages } = await relayWith({
      onMail() {
        rejected = false;
        return undefined;
      },
      onRcpt(to) {
        if (to === archive) rejected = true;
        return to === archive ? "550 5.7.1 Relaying denied" : undefined;
      },
      onDot: ({ to }) => {
        const isFirst = rejected;
        rejected = false;
        return isFirst && to.length > 0 ? "554 5.5.1 Not all recipients are valid" : undefined;
      },
    });
    const email = await final(await send());
    expect(email).toMatchObject({
      state: "sent",
      attemptCount: 1,
      attempts: [{ outcome: "sent", copy: { outcome: "permanent", code: 550 } }],
    });
    expect(asked).toEqual(["MAIL", "jo@example.com", archive, "MAIL", "jo@example.com"]);
    expect(messages.map(({ to }) => to)).toEqual([["jo@example.com"]]);
  });

  it("is left out of the next attempt if it ended the session", async () => {
    await relayWith({ onRcpt: only(archive, "421 4.7.0 Go away") });
    const id = await send();
    await expect.poll(async () => (await detail(id)).attempts.length).toBe(1);
    const { items } = await read<{ items: { id: string }[] }>(app.call("GET", "/api/smtp-configs"));
    await app.call("POST", `/api/smtp-configs/${items[0]?.id}/resume`);
    await app.call("POST", `/api/emails/${id}/retry`);
    expect(await final(id)).toMatchObject({
      state: "sent",
      attempts: [{ copy: { code: 421 } }, { copy: null }],
    });
  });
});

it("changes nothing for the email, whatever the server says of whom", async () => {
  const replies = { jo: "", archive: "", dot: "" };
  const { port } = await relayWith({
    onRcpt: (to) => (to === archive ? replies.archive : to.startsWith("jo") ? replies.jo : "") || undefined,
    onDot: () => replies.dot || undefined,
  });
  const plain = { name: "Plain", smtpServer: "127.0.0.1", smtpPort: port, useTls: false };
  await app.call("POST", "/api/smtp-configs", { ...plain, fromEmail: "shop@example.com" });
  const { items } = await read<{ items: { id: string }[] }>(app.call("GET", "/api/smtp-configs"));
  const outcomeThrough = async (config: string, to: readonly string[]) => {
    for (const { id } of items) await app.call("POST", `/api/smtp-configs/${id}/resume`);
    const id = await send({ to, config });
    await expect.poll(async () => (await detail(id)).attempts.length).toBe(1);
    const { state, attemptCount, recipients, possibleDuplicate, attempts } = await detail(id);
    await app.call("POST", `/api/emails/${id}/cancel`);
    return {
      ...{ state, attemptCount, recipients, possibleDuplicate },
      attempts: attempts.map(({ outcome, code, reply, errorCode, stage }) => {
        return { outcome, code, reply, errorCode, stage };
      }),
    };
  };
  for (replies.jo of ["", "450 4.2.1 busy", "550 5.1.1 No such user"]) {
    for (replies.dot of ["", "451 4.3.0 later", "554 5.6.0 No"]) {
      for (const to of [["jo@example.com"], ["jo@example.com", "max@example.com"]]) {
        const expected = await outcomeThrough("Plain", to);
        for (replies.archive of ["", "450 4.2.1 busy", "550 5.1.1 No such user", "550 5.7.1 Not here"]) {
          expect([replies, to, await outcomeThrough("Main", to)]).toEqual([replies, to, expected]);
        }
      }
    }
  }
}, 60_000);

it("tells a key of no archive", async () => {
  await relayWith();
  const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
  const body = JSON.stringify({ to: "jo@example.com", subject: "Mine", text: "Hello" });
  const { id } = await read<AcceptedEmail>(app.request("/api/emails", { method: "POST", headers, body }));
  await final(id);
  const seen = await read<Email>(app.request(`/api/emails/${id}`, { headers }));
  expect(seen.attempts).toMatchObject([{ outcome: "sent", copy: null }]);
});
