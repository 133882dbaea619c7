import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Peer, usualEhlo } from "../../src/testing/index.ts";
import { notPaused, paused } from "../support/smtp-config.ts";
import { drops, type Fault, fault, resets, says, stalls, vanishes, waits } from "./mischief.ts";
import {
  caPem,
  certificate,
  type FaultyRelay,
  type Mischief,
  over,
  type Place,
  startFaultyRelay,
} from "./relay.ts";
import { actor, openScene, type Scene, turns } from "./scene.ts";

const minute = 60_000;

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene[Symbol.asyncDispose]());

/** What becomes of the message that meets the fault. */
type Verdict = "goes through another session" | "fails" | "is tried again" | "may have been taken";

interface Row {
  readonly relay: string;
  readonly place: Place;
  readonly does: Fault;
  readonly verdict: Verdict;
  /** Whether the messages after it can still use the session. */
  readonly session: "goes on" | "is over";
}

function rows(
  relay: string,
  places: readonly Place[],
  does: Fault,
  verdict: Verdict,
  session: Row["session"],
): readonly Row[] {
  return places.map((place) => ({ relay, place, does, verdict, session }));
}

const envelope = ["MAIL", "RCPT", "DATA"] as const;
const moves = "goes through another session";
const perhaps = "may have been taken";

const table: readonly Row[] = [
  ...rows("refuses for good", [...envelope, "the final dot"], says("554 5.6.0 no"), "fails", "goes on"),
  ...rows(
    "refuses for now",
    [...envelope, "the final dot"],
    says("451 4.3.0 no"),
    "is tried again",
    "goes on",
  ),
  ...rows("says 421", envelope, says("421 4.3.2 closing"), moves, "is over"),
  ...rows("says 421", ["the final dot"], says("421 4.3.2 closing"), "is tried again", "is over"),
  ...rows("drops the connection", envelope, drops, moves, "is over"),
  ...rows("drops the connection", ["the final dot"], drops, perhaps, "is over"),
  ...rows("resets the connection", envelope, resets, moves, "is over"),
  ...rows("resets the connection", ["the final dot"], resets, perhaps, "is over"),
  ...rows("vanishes", ["the content"], vanishes, moves, "is over"),
  ...rows("says nothing", ["MAIL", "RCPT"], waits(60), moves, "is over"),
  ...rows("says nothing", ["DATA"], waits(120), moves, "is over"),
  ...rows("says nothing", ["the final dot"], waits(600), perhaps, "is over"),
  ...rows("stalls in its reply", ["the final dot"], stalls(600), perhaps, "is over"),
  ...rows("answers in the wrong class", ["MAIL", "RCPT"], says("354 go"), moves, "is over"),
  ...rows("answers in the wrong class", ["DATA"], says("250 go"), moves, "is over"),
  ...rows("answers in the wrong class", ["the final dot"], says("354 go"), perhaps, "is over"),
  ...rows("mixes its codes", envelope, says("250-a\r\n550 b"), moves, "is over"),
  ...rows("mixes its codes", ["the final dot"], says("250-a\r\n550 b"), perhaps, "is over"),
  ...rows("answers with noise", envelope, says("\x16\x03\x01"), moves, "is over"),
  ...rows("answers with noise", ["the final dot"], says("\x16\x03\x01"), perhaps, "is over"),
];

const mailsIn = (peer: Peer) => peer.received.toString("latin1").match(/^MAIL FROM/gm)?.length ?? 0;

/**
 * Three messages whose commands and contents are in flight together: the relay answers the first DATA
 * when all three are on their way, and each final dot when the commands behind it have come.
 */
async function sendThree(at: Mischief, requests: readonly object[] = [{}, {}, {}], settings: object = {}) {
  const relay = await startFaultyRelay({
    tls: certificate,
    async at(spot, peer) {
      if (spot.connection === 1 && spot.message === 1 && spot.place === "DATA") {
        await scene.until("all to be claimed", async () => (await sending()) === requests.length);
        await turns();
      }
      // A large message is not announced: its content is read in its turn.
      const next = requests[spot.message];
      const isAnnounced = next !== undefined && !("attachments" in next);
      if (spot.connection === 1 && spot.place === "the final dot" && isAnnounced) {
        await scene.until("the next commands", () => mailsIn(peer) === spot.message + 1);
      }
      return at(spot, peer);
    },
  });
  const config = await scene.config(relay, { maxConnections: 1, enabled: false, ...settings });
  const sent: { readonly id: string; readonly messageId: string }[] = [];
  for (const [index, request] of requests.entries()) {
    sent.push(await scene.send({ to: `${index + 1}@example.com`, ...request }));
    // So that they have an order.
    await scene.clock.advance(1);
  }
  await scene.services.configs.setEnabled(config, true, actor);
  return { relay, config, sent };
}

async function sending(): Promise<number> {
  return (await scene.services.outbox.list({ limit: 100, state: "sending" })).items.length;
}

const connectionsOf = (relay: FaultyRelay, id: string) =>
  relay.taken.filter(({ messageId }) => messageId === id).map(({ connection }) => connection);

describe.each([
  { position: 2, ordinal: "second" },
  { position: 3, ordinal: "third" },
])("the $ordinal message in a pipelined session", ({ position }) => {
  it.each(table)("$verdict if the relay $relay at $place; the session $session", async (row) => {
    const { place, does, verdict, session } = row;
    const attachments = [{ filename: "noise", content: randomBytes(2_000_000).toString("base64") }];
    const requests = [1, 2, 3].map((number) =>
      number > 1 && place === "the content" ? { attachments } : { from: "orders@example.com" },
    );
    const { relay, config, sent } = await sendThree(
      fault(place, position, does, () => scene.clock),
      requests,
      // Through TLS it is handed over piece by piece, so that the relay can leave in its midst.
      place === "the content" ? { useTls: true, caPem } : {},
    );
    await using _ = relay;

    for (const [index, { id, messageId }] of sent.entries()) {
      const tried = await scene.tried(id);
      if (index + 1 === position) continue;
      expect(tried).toMatchObject({
        state: "sent",
        possibleDuplicate: false,
        attempts: [{ outcome: "sent" }],
      });
      const isAfter = index + 1 > position && session === "is over";
      expect(connectionsOf(relay, messageId)).toEqual([isAfter ? 2 : 1]);
    }

    const { id = "", messageId = "" } = sent[position - 1] ?? {};
    const met = await scene.email(id);
    const [attempt] = met.attempts;
    const endedAt = (attempt?.at ?? 0) + (attempt?.durationMs ?? 0);
    switch (verdict) {
      case "goes through another session":
        expect(met).toMatchObject({ state: "sent", attemptCount: 1, attempts: [{ outcome: "sent" }] });
        expect(connectionsOf(relay, messageId)).toEqual([2]);
        break;
      case "fails":
        expect(met).toMatchObject({ state: "failed", attempts: [{ outcome: "permanent", code: 554 }] });
        break;
      case "is tried again":
        expect(met).toMatchObject({ state: "queued", attemptCount: 1, attempts: [{ outcome: "temporary" }] });
        expect(met.nextAttemptAt).toBe(endedAt + minute);
        break;
      case "may have been taken":
        expect(met).toMatchObject({ state: "queued", attemptCount: 1, attempts: [{ outcome: "unknown" }] });
        expect(met.nextAttemptAt).toBe(endedAt + minute);
        break;
    }
    expect(met.possibleDuplicate).toBe(verdict === perhaps);
    const isBusy = row.relay === "says 421" && verdict === "is tried again";
    const pause = { until: endedAt + 10_000, reason: expect.stringContaining("4.3.2 closing") };
    expect(await scene.configOf(config)).toMatchObject(isBusy ? paused(pause) : notPaused);

    await scene.clock.advance(minute);
    if (verdict !== "fails") {
      expect(await scene.tried(id, verdict === moves ? 1 : 2)).toMatchObject({ state: "sent" });
    }
    const arrived = sent.filter((one) => verdict !== "fails" || one.id !== id);
    expect(relay.taken.map((message) => message.messageId).sort()).toEqual(
      arrived.map((one) => one.messageId).sort(),
    );
  });

  it("keeps the recipients apart: who is sent, who is tried again, who is refused", async () => {
    const replies = ["250 2.1.5 yes", "450 4.2.1 busy", "550 5.1.1 unknown"];
    const to = ["a@example.com", "b@example.com", "c@example.com"];
    let busy = true;
    const { relay, sent } = await sendThree(
      ({ place, recipient }) => {
        const index = place === "RCPT" ? to.indexOf(recipient ?? "") : -1;
        return index < 1 || (index === 1 && !busy) ? undefined : replies[index];
      },
      [1, 2, 3].map((number) => (number === position ? { to } : {})),
    );
    await using _ = relay;
    for (const { id } of sent) await scene.tried(id);
    const { id = "", messageId = "" } = sent[position - 1] ?? {};
    const states = async () => (await scene.email(id)).recipients.map(({ state }) => state);
    expect(await scene.email(id)).toMatchObject({ state: "queued", attempts: [{ outcome: "partial" }] });
    expect(await states()).toEqual(["sent", "queued", "failed"]);
    busy = false;
    await scene.clock.advance(minute);
    expect(await scene.tried(id, 2)).toMatchObject({ state: "partial", possibleDuplicate: false });
    expect(await states()).toEqual(["sent", "sent", "failed"]);
    const copies = relay.taken.filter((message) => message.messageId === messageId);
    expect(copies.map((copy) => copy.to)).toEqual([["a@example.com"], ["b@example.com"]]);
    expect(relay.connections.length).toBe(2);
  });

  it("that is to be held stays unknown after a lost answer, until an admin decides", async () => {
    const lost = fault("the final dot", position, drops, () => scene.clock);
    const { relay, sent } = await sendThree(
      lost,
      [1, 2, 3].map(() => ({ onUnknown: "hold" })),
    );
    await using _ = relay;
    for (const { id } of sent) await scene.tried(id);
    const { id = "", messageId = "" } = sent[position - 1] ?? {};
    const unknown = {
      state: "unknown",
      nextAttemptAt: null,
      possibleDuplicate: true,
      attempts: [{ outcome: "unknown" }],
      recipients: [{ state: "unknown" }],
    };
    expect(await scene.email(id)).toMatchObject(unknown);
    await scene.clock.advance(60 * minute);
    expect(await scene.email(id)).toMatchObject(unknown);
    expect(relay.taken).toHaveLength(2);
    await scene.services.outbox.retry(id, actor);
    expect(await scene.tried(id, 2)).toMatchObject({ state: "sent", possibleDuplicate: true });
    expect(connectionsOf(relay, messageId)).toHaveLength(1);
  });

  it("that is to be held goes through another session where none of it can have been taken", async () => {
    const lost = fault("DATA", position, drops, () => scene.clock);
    const { relay, sent } = await sendThree(
      lost,
      [1, 2, 3].map(() => ({ onUnknown: "hold" })),
    );
    await using _ = relay;
    for (const { id } of sent) {
      expect(await scene.tried(id)).toMatchObject({
        state: "sent",
        possibleDuplicate: false,
        attempts: [{ outcome: "sent" }],
      });
    }
    expect(relay.taken).toHaveLength(3);
  });
});

describe("between messages", () => {
  /** How an idle session ends. */
  const endings: Readonly<Record<string, (peer: Peer) => void>> = {
    "closes the session": (peer) => peer.end(),
    "resets the session": (peer) => peer.reset(),
    "says 421 and closes": (peer) => {
      peer.send("421 4.4.2 idle for too long\r\n");
      peer.end();
    },
    "says something unasked": (peer) => peer.send("250 by the way\r\n"),
  };
  it.each(Object.entries(endings))("a relay that %s costs the next message nothing", async (_, ends) => {
    let idle: Peer | null = null;
    await using relay = await startFaultyRelay({
      at(spot, peer) {
        if (spot.connection === 1) idle = peer;
        return undefined;
      },
    });
    const config = await scene.config(relay);
    const first = await scene.send();
    await scene.tried(first.id);
    ends(await scene.until("the session", () => idle));
    await turns();
    const second = await scene.send();
    expect(await scene.tried(second.id)).toMatchObject({ state: "sent", attempts: [{ outcome: "sent" }] });
    expect(connectionsOf(relay, second.messageId)).toEqual([2]);
    expect(await scene.configOf(config)).toMatchObject(notPaused);
  });

  it("an idle session is ended in good order, and the next message opens one", async () => {
    await using relay = await startFaultyRelay();
    await scene.config(relay);
    await scene.tried((await scene.send()).id);
    await scene.clock.advance(10_000);
    await scene.until("the end of the session", () => relay.connections[0]?.outcome === "finished");
    expect(relay.connections[0]?.received.toString()).toMatch(/QUIT\r\n$/);
    const { id, messageId } = await scene.send();
    await scene.tried(id);
    expect(connectionsOf(relay, messageId)).toEqual([2]);
  });
});

describe("a relay with limits", () => {
  async function sendMany(count: number, relay: FaultyRelay, settings: object) {
    const config = await scene.config(relay, { enabled: false, ...settings });
    const sent = await Promise.all(Array.from({ length: count }, () => scene.send()));
    await scene.services.configs.setEnabled(config, true, actor);
    for (const { id } of sent) {
      expect(await scene.tried(id)).toMatchObject({
        state: "sent",
        possibleDuplicate: false,
        attempts: [{ outcome: "sent" }],
      });
    }
    expect(relay.taken).toHaveLength(count);
    expect(new Set(relay.taken.map(({ messageId }) => messageId)).size).toBe(count);
    expect(await scene.configOf(config)).toMatchObject(notPaused);
  }

  const enough: Readonly<Record<string, Fault>> = {
    "says 421 to the fourth message of a session": says("421 4.7.0 too many messages"),
    "says 451 and hangs up at the fourth message of a session": (peer) => {
      peer.send("421 4.7.0 too many messages\r\n");
      peer.end();
      return over;
    },
    "hangs up at the fourth message of a session": drops,
  };
  it.each(Object.entries(enough))("that %s gets them all, each once", async (_, does) => {
    await using relay = await startFaultyRelay({
      at: (spot, peer) => (spot.place === "MAIL" && spot.message === 4 ? does(peer, scene.clock) : undefined),
    });
    await sendMany(20, relay, { maxConnections: 1 });
    expect(relay.connections.length).toBeGreaterThanOrEqual(7);
  });

  const full: Readonly<Record<string, Fault>> = {
    "greets a third connection with 421": says("421 4.7.0 too many connections"),
    "greets a third connection with 554": says("554 5.7.0 too many connections"),
    "drops a third connection": drops,
  };
  it.each(Object.entries(full))("that %s gets all through two, each once", async (_, does) => {
    let open = 0;
    await using relay = await startFaultyRelay({
      async at({ place }, peer) {
        if (place !== "the greeting") return undefined;
        if (open >= 2) return does(peer, scene.clock);
        open++;
        void peer.closed.then(() => open--);
        return undefined;
      },
    });
    await sendMany(40, relay, { maxConnections: 10 });
    expect(new Set(relay.taken.map(({ connection }) => connection)).size).toBe(2);
    // It is not besieged: each connection that it refused was tried once.
    expect(relay.connections.length).toBeLessThanOrEqual(10);
  });

  it.each(Object.entries(full))("that %s gets all of a burst, though none is open yet", async (_, does) => {
    let open = 0;
    await using relay = await startFaultyRelay({
      // To be let in takes longer than to be turned away.
      tls: certificate,
      auth: true,
      async at({ place }, peer) {
        if (place !== "the greeting") return undefined;
        if (open >= 2) return does(peer, scene.clock);
        open++;
        void peer.closed.then(() => open--);
        return undefined;
      },
    });
    const settings = { useTls: true, caPem, username: "shop", password: "s3cret", maxConnections: 10 };
    const config = await scene.config(relay, settings);
    await scene.tried((await scene.send()).id);
    await scene.clock.advance(10_000);
    await scene.until("the idle session to end", () => open === 0);
    const sent = await Promise.all(Array.from({ length: 20 }, () => scene.send()));
    for (const { id } of sent) {
      expect(await scene.tried(id)).toMatchObject({ state: "sent", attempts: [{ outcome: "sent" }] });
    }
    expect(await scene.configOf(config)).toMatchObject(notPaused);
    expect(relay.connections.length).toBeLessThanOrEqual(11);
  });

  it.each(Object.entries(full))("that %s, and ends sessions early, gets all", async (_, does) => {
    let open = 0;
    await using relay = await startFaultyRelay({
      async at({ place, message }, peer) {
        if (place === "MAIL" && message === 6) return "421 4.7.0 too many messages";
        if (place !== "the greeting") return undefined;
        if (open >= 2) return does(peer, scene.clock);
        open++;
        void peer.closed.then(() => open--);
        return undefined;
      },
    });
    await sendMany(60, relay, { maxConnections: 10 });
    // Twelve sessions are needed; none is tried in vain for long.
    expect(relay.connections.length).toBeLessThanOrEqual(60);
  });

  it("without PIPELINING gets one command after the other", async () => {
    await using relay = await startFaultyRelay({
      ehlo: usualEhlo.filter((keyword) => keyword !== "PIPELINING"),
      async at({ place, message }, peer) {
        if (message === 0) return undefined;
        await turns();
        const said = peer.received.toString("latin1");
        const awaited = { MAIL: /MAIL FROM:.*\r\n$/, RCPT: /RCPT TO:.*\r\n$/, DATA: /DATA\r\n$/ }[
          place as "MAIL"
        ];
        if (awaited !== undefined) expect(said).toMatch(awaited);
        if (place === "the final dot") expect(said).toMatch(/\r\n\.\r\n$/);
        return undefined;
      },
    });
    await sendMany(6, relay, { maxConnections: 2 });
    expect(relay.connections.length).toBeLessThanOrEqual(2);
  });
});
