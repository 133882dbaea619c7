import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBreakerAt } from "../../src/store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { notPaused, paused } from "../support/smtp-config.ts";
import { drops, type Fault, says, shows, waits } from "./mischief.ts";
import { caPem, certificate, type FaultyRelay, issue, type Place, startFaultyRelay } from "./relay.ts";
import { openScene, type Scene } from "./scene.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene[Symbol.asyncDispose]());

const expired = issue({
  names: ["127.0.0.1"],
  notBefore: new Date(Date.now() - 2 * day),
  notAfter: new Date(Date.now() - day),
});

/** A relay that can be ill, and get well. */
async function startPatient(place: Place, does: Fault) {
  const patient = { ill: true };
  const relay = await startFaultyRelay({
    tls: certificate,
    auth: true,
    at: (spot, peer) => (patient.ill && spot.place === place ? does(peer, scene.clock) : undefined),
  });
  return { relay, patient };
}

const signIn = { useTls: true, caPem, username: "shop", password: "s3cret" };

async function sendMany(count: number) {
  const sent = await Promise.all(Array.from({ length: count }, () => scene.send()));
  return sent.map(({ id }) => id);
}

/** How often each config was tried, by its name. */
async function tries(ids: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of ids) {
    for (const { configName } of (await scene.email(id)).attempts) {
      counts[configName ?? ""] = (counts[configName ?? ""] ?? 0) + 1;
    }
  }
  return counts;
}

async function allSent(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await scene.until("the email to be sent", async () => (await scene.email(id)).state === "sent");
  }
}

const pauseOf = ({ health }: SmtpConfig) => openBreakerAt(health, scene.clock.now());
const isPaused = (config: SmtpConfig) => pauseOf(config) !== null;

describe("where the first of two configs", () => {
  const ways: Readonly<Record<string, { place: Place; does: Fault; pauseMs: number; reason: string }>> = {
    "is turned away": {
      place: "the greeting",
      does: says("421 4.3.2 closed for today"),
      pauseMs: 10 * second,
      reason: "closed for today",
    },
    "is dropped": { place: "EHLO", does: drops, pauseMs: 10 * second, reason: "connection" },
    "is met with silence": {
      place: "the greeting",
      does: waits(60),
      pauseMs: 10 * second,
      reason: "60 seconds",
    },
    "may not sign in": {
      place: "AUTH",
      does: says("535 5.7.8 wrong password"),
      pauseMs: hour,
      reason: "wrong password",
    },
    "is shown an expired certificate": {
      place: "the handshake",
      does: shows(expired),
      pauseMs: hour,
      reason: "CERT_HAS_EXPIRED",
    },
  };

  it.each(Object.entries(ways))(
    "%s, emails go through the second at once",
    async (_, { place, does, pauseMs, reason }) => {
      const { relay: first, patient } = await startPatient(place, does);
      await using _first = first;
      await using other = await startFaultyRelay();
      const id = await scene.config(first, { ...signIn, name: "first" });
      await scene.config(other, { name: "second", fromEmail: "shop@second.example" });

      const ids = await sendMany(10);
      await allSent(ids);
      expect(other.taken).toHaveLength(10);
      // One email found out, and its try does not count.
      expect(await tries(ids)).toEqual({ first: 1, second: 10 });
      for (const email of ids)
        expect(await scene.email(email)).toMatchObject({ attemptCount: 1, possibleDuplicate: false });
      const pause = pauseOf(await scene.configOf(id));
      expect(pause?.reason).toContain(reason);
      expect((pause?.until ?? 0) - scene.clock.now()).toBe(pauseMs);

      // After the cooldown one email tries whether it has recovered.
      await scene.clock.advance(pauseMs);
      const again = await sendMany(5);
      await allSent(again);
      expect(await tries(again)).toEqual({ first: 1, second: 5 });
      expect(await scene.configOf(id)).toSatisfy(isPaused);

      // Once it is, the order is as before.
      patient.ill = false;
      await scene.clock.advance(hour);
      const last = await sendMany(5);
      await allSent(last);
      expect(first.taken.length).toBeGreaterThanOrEqual(1);
      await allSent(await sendMany(5));
      expect(await scene.configOf(id)).toMatchObject(notPaused);
      const final = await sendMany(5);
      await allSent(final);
      expect(await tries(final)).toEqual({ first: 5 });
    },
  );

  it("refuses connections, emails go through the second at once", async () => {
    const gone = await startFaultyRelay();
    await gone[Symbol.asyncDispose]();
    await using other = await startFaultyRelay();
    const id = await scene.config(gone, { name: "first" });
    await scene.config(other, { name: "second" });
    const ids = await sendMany(10);
    await allSent(ids);
    expect(await tries(ids)).toEqual({ first: 1, second: 10 });
    expect(await scene.configOf(id)).toMatchObject(
      paused({ until: scene.clock.now() + 10 * second, reason: expect.stringContaining("ECONNREFUSED") }),
    );
  });

  it("has a longer cooldown the more often it fails in a row", async () => {
    const { relay: first } = await startPatient("the greeting", says("421 no"));
    await using _first = first;
    await using other = await startFaultyRelay();
    const id = await scene.config(first, { ...signIn, name: "first" });
    await scene.config(other, { name: "second" });
    for (const seconds of [10, 30, 60, 120, 300, 300]) {
      await allSent(await sendMany(2));
      expect(pauseOf(await scene.configOf(id))?.until).toBe(scene.clock.now() + seconds * second);
      await scene.clock.advance(seconds * second);
    }
  });

  it("is tried again, the other emails do not wait for the one that tries it", async () => {
    let hold: Promise<unknown> = Promise.resolve();
    const { relay: first, patient } = await startPatient("the greeting", async (peer, clock) => {
      await hold;
      return says("421 no")(peer, clock);
    });
    await using _first = first;
    await using other = await startFaultyRelay();
    await scene.config(first, { ...signIn, name: "first" });
    await scene.config(other, { name: "second" });
    await allSent(await sendMany(1));
    await scene.clock.advance(10 * second);

    let letGo = () => {};
    hold = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const ids = await sendMany(8);
    await scene.until("the others", () => other.taken.length === 1 + 7);
    letGo();
    await allSent(ids);
    expect(patient.ill).toBe(true);
  });

  /** `lost`: the answer to the final dot; so soon again, it might come twice. */
  const strikes: Readonly<Record<string, { place: Place; does: Fault; reason: string; lost?: true }>> = {
    "answers every MAIL with 451": { place: "MAIL", does: says("451 4.3.0 disk full"), reason: "disk full" },
    "answers every DATA with 451": { place: "DATA", does: says("451 4.3.0 disk full"), reason: "disk full" },
    "answers every final dot with 451": {
      place: "the final dot",
      does: says("451 4.3.0 disk full"),
      reason: "disk full",
    },
    "hangs up at every MAIL": { place: "MAIL", does: drops, reason: "connection" },
    "hangs up at every final dot": { place: "the final dot", does: drops, reason: "", lost: true },
  };
  it.each(Object.entries(strikes))(
    "%s, it is not used, and emails go through the second",
    async (_, { place, does, reason, lost }) => {
      const { relay: first, patient } = await startPatient(place, does);
      await using _first = first;
      await using other = await startFaultyRelay();
      const id = await scene.config(first, { ...signIn, name: "first", maxConnections: 1 });
      await scene.config(other, { name: "second" });
      // Perhaps it is the message: so several have to fail before it is taken for the relay.
      const ids = await sendMany(60);
      await scene.until("the first to be in cooldown", async () => isPaused(await scene.configOf(id)));
      const pause = pauseOf(await scene.configOf(id));
      expect(pause?.until).toBe(scene.clock.now() + 10 * second);
      expect(pause?.reason ?? "").toContain(reason);
      await scene.until("the others", async () => ((await tries(ids)).second ?? 0) >= 30);
      // Two, and those that were on their way then. The one that was too much goes on at once.
      await scene.until("the rest of them", async () => {
        const { queued, sending } = (await scene.services.health()).emails;
        const { first: failed = 0 } = await tries(ids);
        return sending === 0 && (lost ? queued === failed : queued < failed);
      });
      expect((await tries(ids)).first).toBeLessThanOrEqual(10);

      // After the cooldown, one email tries; it has not recovered, so another cooldown follows.
      await scene.clock.advance(10 * second);
      const halfOpen = await sendMany(10);
      const expected = { first: 1, second: lost ? 9 : 10 };
      await scene.until("all to be tried", async () => {
        const { first: ones = 0, second: twos = 0 } = await tries(halfOpen);
        return ones + twos === expected.first + expected.second;
      });
      expect(await tries(halfOpen)).toEqual(expected);
      expect(await scene.configOf(id)).toMatchObject(
        paused({ until: scene.clock.now() + 30 * second, failures: 2 }),
      );

      patient.ill = false;
      await scene.clock.advance(hour);
      await allSent([...ids, ...halfOpen]);
      // If nothing was left to try it with, the next one does.
      await allSent(await sendMany(1));
      expect(first.taken.length).toBeGreaterThan(0);
      const last = await sendMany(5);
      await allSent(last);
      expect(await tries(last)).toEqual({ first: 5 });
      expect(await scene.configOf(id)).toMatchObject(notPaused);
    },
  );

  it("goes away amid many emails, all arrive, and each that may have come twice is marked", async () => {
    let relay: FaultyRelay | null = null;
    let gone: PromiseLike<void> | null = null;
    const first = await startFaultyRelay({
      at({ place }) {
        if (place !== "the final dot" || relay?.taken.length !== 5) return undefined;
        gone ??= relay[Symbol.asyncDispose]();
        return null;
      },
    });
    relay = first;
    await using other = await startFaultyRelay();
    await scene.config(first, { name: "first" });
    await scene.config(other, { name: "second" });
    const ids = await sendMany(40);
    await scene.until("the first to go away", () => gone !== null);
    await gone;
    await scene.until("an end", async () => {
      await scene.clock.advance(second);
      const { queued, sending } = (await scene.services.health()).emails;
      return queued + sending === 0;
    });
    await allSent(ids);
    for (const id of ids) {
      const { messageId, possibleDuplicate, attempts } = await scene.email(id);
      const copies = [...first.taken, ...other.taken].filter((message) => message.messageId === messageId);
      expect(copies).toHaveLength(1);
      expect(possibleDuplicate).toBe(attempts.some(({ outcome }) => outcome === "unknown"));
    }
    expect(first.taken).toHaveLength(5);
  });
});

describe("the sender of an email that the second config sends", () => {
  async function sentBySecond(firstSettings: object, secondSettings: object, request: object) {
    const gone = await startFaultyRelay();
    await gone[Symbol.asyncDispose]();
    await using other = await startFaultyRelay();
    await scene.config(gone, { fromEmail: "shop@first.example", fromName: "Shop", ...firstSettings });
    await scene.config(other, { fromEmail: "mail@second.example", ...secondSettings });
    await allSent([(await scene.send(request)).id]);
    const { from, replyTo } = await PostalMime.parse(other.taken[0]?.content ?? "");
    const mailFrom = /^MAIL FROM:<(.*?)>/m.exec(other.connections[0]?.received.toString() ?? "")?.[1];
    return { from, replyTo, mailFrom };
  }
  const mailbox = (name: string, address: string) => ({ name, address });

  it("is the second's, under the first's name; answers go to the first", async () => {
    expect(await sentBySecond({}, {}, {})).toEqual({
      from: mailbox("Shop", "mail@second.example"),
      replyTo: [mailbox("Shop", "shop@first.example")],
      mailFrom: "mail@second.example",
    });
  });

  it("leaves the first's reply address as it is", async () => {
    expect(
      await sentBySecond({ replyTo: "desk@first.example" }, { replyTo: "x@second.example" }, {}),
    ).toEqual({
      from: mailbox("Shop", "mail@second.example"),
      replyTo: [mailbox("", "desk@first.example")],
      mailFrom: "mail@second.example",
    });
  });

  it("keeps the name that was asked for; answers go to the address that was", async () => {
    expect(await sentBySecond({}, {}, { from: "Jane <jane@first.example>" })).toEqual({
      from: mailbox("Jane", "mail@second.example"),
      replyTo: [mailbox("Jane", "jane@first.example")],
      mailFrom: "mail@second.example",
    });
  });

  it("leaves the reply address that was asked for as it is", async () => {
    const asked = { from: "Jane <jane@first.example>", replyTo: "Max <max@first.example>" };
    expect(await sentBySecond({ replyTo: "desk@first.example" }, {}, asked)).toEqual({
      from: mailbox("Jane", "mail@second.example"),
      replyTo: [mailbox("Max", "max@first.example")],
      mailFrom: "mail@second.example",
    });
  });

  it("is the one that was asked for, where the second may send as such", async () => {
    const settings = { fromEmail: "shop@first.example" };
    expect(await sentBySecond({}, settings, { from: "Jane <jane@first.example>" })).toEqual({
      from: mailbox("Jane", "jane@first.example"),
      replyTo: undefined,
      mailFrom: "jane@first.example",
    });
  });
});

describe("where all configs fail", () => {
  it("emails wait for the first that gets well", async () => {
    const { relay: first } = await startPatient("the greeting", says("421 no"));
    await using _first = first;
    const { relay: other, patient } = await startPatient("the greeting", says("421 no"));
    await using _other = other;
    await scene.config(first, { ...signIn, name: "first" });
    await scene.config(other, { ...signIn, name: "second" });
    const ids = await sendMany(5);
    await scene.until("both to be tried", async () => (await tries(ids)).second === 1);
    patient.ill = false;
    await scene.until("an end", async () => {
      await scene.clock.advance(second);
      return other.taken.length === 5;
    });
    await allSent(ids);
    // Nobody waited for longer than the schedule of one failure, give or take a tick.
    for (const id of ids) {
      const { sentAt, createdAt } = await scene.email(id);
      expect((sentAt ?? 0) - createdAt).toBeLessThanOrEqual(2 * minute);
    }
  });
});
