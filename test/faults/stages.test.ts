import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Stage } from "../../src/core/model.ts";
import { makeAuthority, usualEhlo } from "../../src/testing/index.ts";
import { notPaused, paused } from "../support/smtp-config.ts";
import {
  drips,
  drops,
  type Fault,
  fault,
  goesOnWith,
  resets,
  says,
  saysInstead,
  shows,
  stalls,
  vanishes,
  waits,
} from "./mischief.ts";
import { caPem, certificate, issue, type Place, selfSigned, startFaultyRelay } from "./relay.ts";
import { openScene, type Scene, turns } from "./scene.ts";

const minute = 60_000;
const hour = 60 * minute;

/** What becomes of the email and of the config. */
type Outcome = keyof typeof outcomes;
const outcomes = {
  "the config needs an admin": {
    attempt: { outcome: "config", possibleDuplicate: false },
    email: { state: "queued", attemptCount: 0, possibleDuplicate: false },
    retryMs: 0,
    pauseMs: hour,
  },
  "the config needs another sender": {
    attempt: { outcome: "permanent", possibleDuplicate: false },
    email: { state: "queued", attemptCount: 0, possibleDuplicate: false },
    retryMs: 0,
    pauseMs: hour,
  },
  "the config is in cooldown": {
    attempt: { outcome: "temporary", possibleDuplicate: false },
    email: { state: "queued", attemptCount: 1, possibleDuplicate: false },
    retryMs: minute,
    pauseMs: 10_000,
  },
  "it is tried again": {
    attempt: { outcome: "temporary", possibleDuplicate: false },
    email: { state: "queued", attemptCount: 1, possibleDuplicate: false },
    retryMs: minute,
    pauseMs: null,
  },
  "the outcome is unknown": {
    attempt: { outcome: "unknown", errorCode: "smtp.unknown_outcome", possibleDuplicate: true },
    email: { state: "queued", attemptCount: 1, possibleDuplicate: true },
    retryMs: minute,
    pauseMs: null,
  },
  "it fails": {
    attempt: { outcome: "permanent", possibleDuplicate: false },
    email: { state: "failed", attemptCount: 1, possibleDuplicate: false, nextAttemptAt: null },
    retryMs: null,
    pauseMs: null,
  },
} as const;

const stageOf: Readonly<Record<Place, Stage>> = {
  "the greeting": "greeting",
  EHLO: "ehlo",
  STARTTLS: "starttls",
  "the handshake": "tls",
  AUTH: "auth",
  MAIL: "sender",
  RCPT: "recipient",
  DATA: "message",
  "the content": "message",
  "the final dot": "message",
};

interface Row {
  readonly relay: string;
  readonly place: Place;
  readonly does: Fault;
  readonly outcome: Outcome;
  /** What the log says of the attempt, and the config of its pause. */
  readonly words: string;
}

const inTransaction: ReadonlySet<Place> = new Set(["MAIL", "RCPT", "DATA", "the content", "the final dot"]);
const opening = ["the greeting", "EHLO", "STARTTLS"] as const;
const envelope = ["MAIL", "RCPT", "DATA"] as const;

function rows(
  relay: string,
  places: readonly Place[],
  does: Fault,
  outcome: Outcome,
  words: string,
): readonly Row[] {
  return places.map((place) => ({ relay, place, does, outcome, words }));
}

const needsAdmin = "the config needs an admin";
const otherSender = "the config needs another sender";
const cooldown = "the config is in cooldown";
const again = "it is tried again";
const isUnknown = "the outcome is unknown";

const day = 24 * hour;
const names = ["127.0.0.1"];
const expired = issue({
  names,
  notBefore: new Date(Date.now() - 2 * day),
  notAfter: new Date(Date.now() - day),
});
const early = issue({
  names,
  notBefore: new Date(Date.now() + day),
  notAfter: new Date(Date.now() + 2 * day),
});
const other = issue({ names: ["relay.test", "127.0.0.2"] });
const unknown = makeAuthority().issue({ names });
const ownWord = selfSigned({ names });
const old = { ...certificate, maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;

const table: readonly Row[] = [
  ...rows("refuses for good", opening, says("554 5.7.1 not you"), needsAdmin, "not you"),
  ...rows("refuses for good", ["AUTH"], says("535 5.7.8 who are you"), needsAdmin, "who are you"),
  ...rows("refuses the account", ["AUTH"], says("534 5.7.9 blocked"), needsAdmin, "blocked"),
  ...rows(
    "refuses for good",
    [...envelope, "the content", "the final dot"],
    says("554 5.6.0 no"),
    "it fails",
    "no",
  ),
  ...rows(
    "refuses the sender of the config",
    ["MAIL"],
    says("554 5.7.1 not this one"),
    otherSender,
    "not this",
  ),
  ...rows("wants a sign-in", ["MAIL"], says("530 5.7.0 sign in first"), needsAdmin, "sign in first"),

  ...rows("refuses for now", [...opening, "AUTH"], says("454 4.7.0 later"), cooldown, "later"),
  ...rows(
    "refuses for now",
    [...envelope, "the content", "the final dot"],
    says("451 4.3.0 later"),
    again,
    "later",
  ),

  ...rows("says 421", [...opening, "AUTH"], says("421 4.3.2 closing"), cooldown, "closing"),
  ...rows(
    "says 421",
    [...envelope, "the content", "the final dot"],
    says("421 4.3.2 closing"),
    cooldown,
    "closing",
  ),

  ...rows("drops the connection", [...opening, "the handshake", "AUTH"], drops, cooldown, "127.0.0.1"),
  ...rows("drops the connection", envelope, drops, again, "connection"),
  ...rows("drops the connection", ["the final dot"], drops, isUnknown, "connection"),

  ...rows("resets the connection", [...opening, "the handshake", "AUTH"], resets, cooldown, "ECONNRESET"),
  ...rows("resets the connection", envelope, resets, again, "ECONNRESET"),
  ...rows("resets the connection", ["the final dot"], resets, isUnknown, "ECONNRESET"),

  ...rows("vanishes", ["the content"], vanishes, again, "connection"),

  ...rows("says nothing", ["the greeting"], waits(60), cooldown, "60 seconds"),
  ...rows("says nothing", ["EHLO", "STARTTLS", "AUTH"], waits(60), cooldown, "60 seconds"),
  ...rows("says nothing", ["the handshake"], waits(30), cooldown, "30 seconds"),
  ...rows("says nothing", ["MAIL", "RCPT"], waits(60), again, "60 seconds"),
  ...rows("says nothing", ["DATA"], waits(120), again, "120 seconds"),
  ...rows("says nothing", ["the final dot"], waits(600), isUnknown, "600 seconds"),

  ...rows("stalls in its reply", [...opening, "AUTH"], stalls(60), cooldown, "60 seconds"),
  ...rows("stalls in its reply", ["MAIL", "RCPT"], stalls(60), again, "60 seconds"),
  ...rows("stalls in its reply", ["DATA"], stalls(120), again, "120 seconds"),
  ...rows("stalls in its reply", ["the final dot"], stalls(600), isUnknown, "600 seconds"),

  ...rows("drips its reply", [...opening, "AUTH"], drips, cooldown, "60 seconds"),
  ...rows("drips its reply", ["MAIL", "RCPT"], drips, again, "60 seconds"),
  ...rows("drips its reply", ["DATA"], drips, again, "120 seconds"),
  ...rows("drips its reply", ["the final dot"], drips, isUnknown, "600 seconds"),

  ...rows(
    "answers as a web server",
    [...opening, "AUTH"],
    says("HTTP/1.1 400 Bad Request"),
    cooldown,
    "SMTP",
  ),
  ...rows("answers as a web server", [...envelope, "the content"], says("HTTP/1.1 400 Bad"), again, "SMTP"),
  ...rows("answers as a web server", ["the final dot"], says("HTTP/1.1 400 Bad"), isUnknown, "SMTP"),
  ...rows("goes on in the clear", ["the handshake"], saysInstead("250 what\r\n"), needsAdmin, "TLS"),
  ...rows("is impersonated", ["STARTTLS"], goesOnWith("235 2.7.0 in\r\n"), cooldown, "7.0 in"),
  ...rows("shows an expired certificate", ["the handshake"], shows(expired), needsAdmin, "CERT_HAS_EXPIRED"),
  ...rows(
    "shows a certificate of tomorrow",
    ["the handshake"],
    shows(early),
    needsAdmin,
    "CERT_NOT_YET_VALID",
  ),
  ...rows("shows another name", ["the handshake"], shows(other), needsAdmin, "ERR_TLS_CERT_ALTNAME_INVALID"),
  ...rows(
    "shows a stranger's certificate",
    ["the handshake"],
    shows(unknown),
    needsAdmin,
    "UNABLE_TO_GET_ISSUER",
  ),
  ...rows("shows its own signature", ["the handshake"], shows(ownWord), needsAdmin, "SELF_SIGNED"),
  ...rows("speaks an old TLS alone", ["the handshake"], shows(old), needsAdmin, "TLS"),

  ...rows("answers in the wrong class", opening, says("354 go"), cooldown, "go"),
  ...rows("answers in the wrong class", ["MAIL", "RCPT"], says("354 go"), again, "go"),
  ...rows("answers in the wrong class", ["DATA", "the content"], says("250 fine"), again, "fine"),
  ...rows("answers in the wrong class", ["the final dot"], says("354 go"), isUnknown, "go"),

  ...rows("mixes its codes", [...opening, "AUTH"], says("250-fine\r\n550 no"), cooldown, "SMTP"),
  ...rows("mixes its codes", [...envelope, "the content"], says("250-fine\r\n550 no"), again, "SMTP"),
  ...rows("mixes its codes", ["the final dot"], says("250-fine\r\n550 no"), isUnknown, "SMTP"),
];

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene[Symbol.asyncDispose]());

/** Its content is so long that the relay can answer, or leave, before its end. */
const long = () => ({
  attachments: [{ filename: "noise.bin", content: randomBytes(2_000_000).toString("base64") }],
});

const settings = { useTls: true, caPem, username: "shop", password: "s3cret" };

describe.each([
  { way: "in one group", ehlo: usualEhlo, rows: table },
  {
    way: "one after the other",
    ehlo: usualEhlo.filter((keyword) => keyword !== "PIPELINING"),
    // Up to then both ways are the same.
    rows: table.filter(({ place }) => inTransaction.has(place)),
  },
])("with commands $way, a relay that", ({ ehlo, rows }) => {
  it.each(rows)("$relay at $place: $outcome", async ({ place, does, outcome, words }) => {
    const expected = outcomes[outcome];
    const message = inTransaction.has(place) ? 1 : 0;
    await using relay = await startFaultyRelay({
      tls: certificate,
      auth: true,
      ehlo,
      at: fault(place, message, does, () => scene.clock),
    });
    const config = await scene.config(relay, settings);
    // A sender that the email asks for may be refused for its own sake.
    const from = outcome === "it fails" ? { from: "orders@example.com" } : {};
    const { id, messageId } = await scene.send(place === "the content" ? { ...from, ...long() } : from);

    const tried = await scene.tried(id);
    const endedAt = (tried.attempts[0]?.at ?? 0) + (tried.attempts[0]?.durationMs ?? 0);
    expect(tried).toMatchObject(expected.email);
    expect(tried.attempts).toMatchObject([
      { ...expected.attempt, stage: stageOf[place], reply: expect.stringContaining(words) },
    ]);
    if (expected.retryMs !== null) expect(tried.nextAttemptAt).toBe(endedAt + expected.retryMs);
    expect(await scene.configOf(config)).toMatchObject(
      expected.pauseMs === null
        ? notPaused
        : paused({ until: endedAt + expected.pauseMs, reason: expect.stringContaining(words) }),
    );

    await scene.clock.advance(Math.max(expected.retryMs ?? hour, expected.pauseMs ?? 0));
    if (outcome === "it fails") {
      expect(await scene.email(id)).toMatchObject({ state: "failed", attempts: [{}] });
      return;
    }
    expect(await scene.tried(id, 2)).toMatchObject({ state: "sent" });
    expect(await scene.configOf(config)).toMatchObject(notPaused);
    // The first try left nothing behind that counts, or may have: only that one is marked.
    expect(relay.taken.map((message) => message.messageId)).toEqual([messageId]);
    expect((await scene.email(id)).possibleDuplicate).toBe(outcome === isUnknown);
  });
});

describe("a relay", () => {
  it("that offers no STARTTLS where TLS is required needs an admin: nothing is sent in the clear", async () => {
    await using relay = await startFaultyRelay({ auth: true });
    const config = await scene.config(relay, settings);
    const { id } = await scene.send();
    expect(await scene.tried(id)).toMatchObject({
      ...outcomes[needsAdmin].email,
      attempts: [{ outcome: "config", stage: "starttls", errorCode: "smtp.starttls_missing" }],
    });
    expect(await scene.configOf(config)).toMatchObject(paused({ until: scene.clock.now() + hour }));
    expect(relay.connections[0]?.received.toString()).toMatch(/^EHLO \S+\r\n(?:QUIT\r\n)?$/);
  });

  it("that offers no sign-in where there is a password needs an admin", async () => {
    await using relay = await startFaultyRelay({ tls: certificate });
    const config = await scene.config(relay, settings);
    const { id } = await scene.send();
    expect(await scene.tried(id)).toMatchObject({
      ...outcomes[needsAdmin].email,
      attempts: [{ outcome: "config", stage: "auth", errorCode: "smtp.auth_unavailable" }],
    });
    expect(await scene.configOf(config)).toMatchObject(paused({ until: scene.clock.now() + hour }));
  });

  it("that takes 50 seconds for each of 50 recipients is given up after 15 minutes", async () => {
    const slow = async () => {
      await turns();
      // In steps, so that the leases are renewed meanwhile.
      for (let seconds = 0; seconds < 50; seconds += 5) await scene.clock.advance(5_000);
      return undefined;
    };
    await using relay = await startFaultyRelay({
      at: ({ place, connection }) => (place === "RCPT" && connection === 1 ? slow() : undefined),
    });
    await scene.config(relay);
    const to = Array.from({ length: 50 }, (_, index) => `${index}@example.com`);
    const { id } = await scene.send({ to });
    const tried = await scene.tried(id);
    expect(tried).toMatchObject({
      ...outcomes[again].email,
      attempts: [
        { outcome: "temporary", stage: "recipient", errorCode: "smtp.timeout", durationMs: 15 * minute },
      ],
    });
    await scene.clock.advance(minute);
    expect(await scene.tried(id, 2)).toMatchObject({ state: "sent", possibleDuplicate: false });
    expect(relay.taken.map((message) => message.to)).toEqual([to]);
  });
});
