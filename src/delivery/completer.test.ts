import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimOf } from "../../test/support/claim.ts";
import { newEmail } from "../../test/support/new-email.ts";
import { notPaused, paused, smtpConfig } from "../../test/support/smtp-config.ts";
import { SendwrightError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import type { SmtpReply, Stage } from "../core/model.ts";
import { resolveSettings } from "../smtp-configs/open.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { type ClaimedEmail, claimEmails, releaseLeases } from "../store/tables/email-claims.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { findEmail, listAttempts, listRecipients } from "../store/tables/emails.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import {
  findSmtpConfig,
  insertSmtpConfig,
  type SmtpConfig,
  updateSmtpConfig,
} from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { Cluster } from "./cluster.ts";
import { type Batch, Completer } from "./completer.ts";
import type { AttemptEnd } from "./outcome.ts";
import { type Route, Routes } from "./routes.ts";

const configSource = new ConfigSource(null);

const second = 1_000;
const minute = 60 * second;

let clock: FixedClock;
let store: Store;
let routes: Routes;
let completer: Completer;
/** Whether another config can be used. */
let hasFallback: boolean;
/** Versions that were reported as failing. */
let failing: number[];
let route: Route;
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  hasFallback = false;
  failing = [];
  routes = new Routes({ db: store.db, configSource, cluster: new Cluster(store), clock, onCapacity() {} });
  completer = new Completer({
    db: store.db,
    configSource,
    clock,
    log: createLog("silent"),
    metrics: new Metrics(),
    random: () => 0.5,
    hasFallback: () => hasFallback,
    onFailing: ({ revision }) => failing.push(revision.version),
    resolve: (config) => resolveSettings(config.settings, null),
    senderOf: (_, { settings }) => settings.fromEmail,
    explainTitle: ({ errorCode }) => (errorCode === "smtp.auth_rejected" ? "The password is wrong" : null),
  });
  await insertSmtpConfig(store.db, smtpConfig());
  await refresh();
});
afterEach(async () => {
  await routes.close();
  await store.close();
});

/** Reads the configs anew, as each tick may. */
async function refresh(): Promise<void> {
  const [[first]] = await store.transact([routes.reading()]);
  if (first === undefined) throw new Error("there is a config");
  route = routes.of(first);
}

async function config(): Promise<SmtpConfig> {
  const found = await findSmtpConfig(store.db, "config-1");
  if (found === undefined) throw new Error("there is a config");
  return found;
}

async function claim(count: number): Promise<ClaimedEmail[]> {
  const now = clock.now();
  const emails = Array.from({ length: count }, (_, index) => newEmail(now, { subject: `number ${index}` }));
  const [, claimed] = await store.transact([
    insertEmails(store.db, emails),
    claimEmails(store.db, claimOf({ now, leaseMs: 30 * second, limit: count })),
  ]);
  return claimed;
}

async function claimOne(): Promise<ClaimedEmail> {
  const [claimed] = await claim(1);
  if (claimed === undefined) throw new Error("nothing to claim");
  return claimed;
}

const replyOf = (code: number): SmtpReply => ({ code, enhancedCode: null, lines: [`as it is with ${code}`] });

function answered(code: number, stage: Stage = "message"): AttemptEnd {
  const outcome = code < 400 ? "sent" : code < 500 ? "temporary" : "permanent";
  return {
    kind: "answered",
    result: {
      recipients: [{ address: "jo@example.com", outcome, reply: replyOf(code) }],
      reply: replyOf(code),
      stage,
      bodyStarted: stage === "message",
      lost: null,
      durationMs: 5,
    },
  };
}

function unreachable(): AttemptEnd {
  const error = new SendwrightError("smtp.connect", "smtp.example.com:587 refuses connections.", {
    smtp: { stage: "connect", systemCode: "ECONNREFUSED" },
  });
  return { kind: "failed", error };
}

function signInRefused(): AttemptEnd {
  const error = new SendwrightError("smtp.auth_rejected", "The relay refused the sign-in.", {
    smtp: { stage: "auth", reply: replyOf(535) },
  });
  return { kind: "failed", error };
}

/** Settles a result; shows how the promise ended that it would be written. */
function settle(
  { email, recipients }: ClaimedEmail,
  end: AttemptEnd,
  { startedAt = clock.now(), through = route } = {},
) {
  const pending = { state: "waiting" as "waiting" | "written" | Error };
  completer.settle({ email, recipients, route: through, connection: null, end, startedAt }).then(
    () => {
      pending.state = "written";
    },
    (error: Error) => {
      pending.state = error;
    },
  );
  return pending;
}

/** Writes a batch, as a tick does. */
async function write(batch = completer.nextBatch()): Promise<Batch> {
  const [written] = await store.transact(batch.steps);
  batch.written(written);
  await turn();
  return batch;
}

const stateOf = async ({ email }: ClaimedEmail) => (await findEmail(store.db, email.id))?.state;

describe("a result", () => {
  it("is reported once it is written, not before", async () => {
    const claimed = await claimOne();
    const pending = settle(claimed, answered(250));
    await turn();
    expect(pending.state).toBe("waiting");
    expect(await stateOf(claimed)).toBe("sending");
    expect(await write()).toMatchObject({ size: 1 });
    expect(pending.state).toBe("written");
    expect(await findEmail(store.db, claimed.email.id)).toMatchObject({ state: "sent", attemptCount: 1 });
    expect((await listRecipients(store.db, [claimed.email.id])).get(claimed.email.id)).toMatchObject([
      { state: "sent", code: 250 },
    ]);
    expect(await listAttempts(store.db, claimed.email.id)).toMatchObject([
      { outcome: "sent", configName: "relay" },
    ]);
    expect(completer.nextBatch().size).toBe(0);
  });

  it("is written with others, the oldest first, no more of them than a batch holds", async () => {
    const claimed = await claim(70);
    const pendings = claimed.map((one) => settle(one, answered(250)));
    const first = await write();
    expect(first.size).toBe(64);
    expect(pendings.map(({ state }) => state)).toEqual(
      claimed.map((_, at) => (at < 64 ? "written" : "waiting")),
    );
    expect((await write()).size).toBe(6);
    expect(pendings.every(({ state }) => state === "written")).toBe(true);
  });

  it("comes again before those that came later, if the database was away", async () => {
    const claimed = await claim(3);
    const pendings = claimed.slice(0, 2).map((one) => settle(one, answered(250)));
    const batch = completer.nextBatch();
    const [, , third] = claimed;
    if (third === undefined) throw new Error("three were claimed");
    pendings.push(settle(third, answered(250)));
    batch.failed(new SendwrightError("store.unavailable", "The database cannot be used now."));
    await turn();
    expect(pendings.map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting"]);
    expect(completer.isIsolating).toBe(false);
    expect((await write()).size).toBe(3);
    expect(pendings.map(({ state }) => state)).toEqual(["written", "written", "written"]);
    expect(await Promise.all(claimed.map(stateOf))).toEqual(["sent", "sent", "sent"]);
  });

  it("that the database refuses fails alone: those of its batch are then written one by one", async () => {
    const claimed = await claim(4);
    const pendings = claimed.map((one) => settle(one, answered(250)));
    completer.nextBatch().failed(new Error("refused"));
    expect(completer.isIsolating).toBe(true);
    const later = settle(await claimOne(), answered(250));
    await write();
    const second = completer.nextBatch();
    expect(second.size).toBe(1);
    second.failed(new Error("refused again"));
    await turn();
    expect(pendings.map(({ state }) => state)).toEqual([
      "written",
      new Error("refused again"),
      "waiting",
      "waiting",
    ]);
    await write();
    await write();
    expect(completer.isIsolating).toBe(false);
    expect(later.state).toBe("waiting");
    await write();
    expect(later.state).toBe("written");
    expect(await Promise.all(claimed.map(stateOf))).toEqual(["sent", "sending", "sent", "sent"]);
  });

  it("goes one by one also after the database was away in between", async () => {
    const pendings = (await claim(2)).map((one) => settle(one, answered(250)));
    completer.nextBatch().failed(new Error("refused"));
    completer
      .nextBatch()
      .failed(new SendwrightError("store.unavailable", "The database cannot be used now."));
    expect((await write()).size).toBe(1);
    expect(pendings.map(({ state }) => state)).toEqual(["written", "waiting"]);
    expect((await write()).size).toBe(1);
  });

  it("of an email that belongs to another node by now is not written, and its delivery goes on", async () => {
    const claimed = await claimOne();
    await store.transaction((db) => releaseLeases(db, Number.MAX_SAFE_INTEGER, clock.now()));
    await store.transact([
      claimEmails(store.db, claimOf({ now: clock.now(), leaseMs: 30 * second, limit: 1 })),
    ]);
    const pending = settle(claimed, answered(250));
    await write();
    expect(pending.state).toBe("written");
    expect(await stateOf(claimed)).toBe("sending");
    expect(await listAttempts(store.db, claimed.email.id)).toEqual([]);
  });

  it("is given up when the end does not wait for the database", async () => {
    const [first, second] = await claim(2);
    if (first === undefined || second === undefined) throw new Error("two were claimed");
    const pending = settle(first, answered(250));
    const back = completer.handBack(second.email);
    completer.failPending(new Error("no time"));
    await expect(back).rejects.toThrow("no time");
    expect(pending.state).toEqual(new Error("no time"));
    expect(completer.nextBatch().size).toBe(0);
  });
});

describe("an email handed back", () => {
  it("is queued as it was, and its config left alone", async () => {
    const claimed = await claimOne();
    const back = completer.handBack(claimed.email);
    await write();
    await back;
    expect(await findEmail(store.db, claimed.email.id)).toMatchObject({ state: "queued", attemptCount: 0 });
    expect(await listAttempts(store.db, claimed.email.id)).toEqual([]);
    expect(await config()).toEqual(smtpConfig());
  });
});

describe("a relay that cannot be reached", () => {
  it("is not used from the moment on at which that is known; the database hears of it with the result", async () => {
    settle(await claimOne(), unreachable());
    expect(routes.isUsable(route.config)).toBe(false);
    expect(route.cooldown).toEqual({ written: false });
    await refresh();
    expect(routes.isUsable(route.config)).toBe(false);
    await write();
    expect(await config()).toMatchObject(
      paused({
        until: clock.now() + 10 * second,
        reason: "smtp.example.com:587 refuses connections.",
        failures: 1,
      }),
    );
    await refresh();
    expect(route.cooldown).toBeNull();
    expect(routes.isUsable(route.config)).toBe(false);
    await clock.advance(10 * second);
    expect(routes.isUsable(route.config)).toBe(true);
  });

  it("has a longer cooldown the more often in a row it could not be reached", async () => {
    const cooldowns = [];
    for (let failure = 0; failure < 6; failure++) {
      settle(await claimOne(), unreachable());
      await write();
      await refresh();
      const cooldownMs = (openBreakerAt(route.config.health, clock.now())?.until ?? 0) - clock.now();
      cooldowns.push(cooldownMs / second);
      expect(route.config).toMatchObject(paused({ failures: failure + 1 }));
      await clock.advance(cooldownMs);
    }
    expect(cooldowns).toEqual([10, 30, 60, 120, 300, 300]);
  });

  it("counts as one failure for all emails that met it at once", async () => {
    for (const claimed of await claim(5)) settle(claimed, unreachable());
    await write();
    expect(await config()).toMatchObject(paused({ failures: 1, until: clock.now() + 10 * second }));
  });

  it("costs the email an attempt, but none where another config takes it at once", async () => {
    const [alone, other] = await claim(2);
    if (alone === undefined || other === undefined) throw new Error("two were claimed");
    settle(alone, unreachable());
    hasFallback = true;
    settle(other, unreachable());
    await write();
    expect(await findEmail(store.db, alone.email.id)).toMatchObject({
      state: "queued",
      attemptCount: 1,
      nextAttemptAt: clock.now() + minute,
    });
    expect(await findEmail(store.db, other.email.id)).toMatchObject({
      state: "queued",
      attemptCount: 0,
      nextAttemptAt: clock.now(),
    });
  });

  it("has recovered with the first email that it answers, whatever it says of that", async () => {
    settle(await claimOne(), unreachable());
    await write();
    await clock.advance(10 * second);
    await refresh();
    settle(await claimOne(), answered(550, "recipient"));
    await write();
    expect(await config()).toMatchObject(notPaused);
  });

  it("is not thought recovered, or worse, for what had begun before it was paused", async () => {
    const [first, early, late] = await claim(3);
    if (first === undefined || early === undefined || late === undefined)
      throw new Error("three were claimed");
    const startedAt = clock.now();
    settle(first, unreachable());
    await write();
    const before = await config();
    await clock.advance(second);
    await refresh();
    settle(early, answered(250), { startedAt });
    settle(late, unreachable(), { startedAt });
    await write();
    expect(await config()).toEqual({
      ...before,
      health: { ...before.health, knownGoodVersion: 1 },
    });
    expect(await Promise.all([early, late].map(stateOf))).toEqual(["sent", "queued"]);
  });
});

describe("a new version of a config", () => {
  it("is known to be good with the first email that is accepted through it", async () => {
    settle(await claimOne(), answered(250));
    await write();
    expect(await config()).toMatchObject({ health: { knownGoodVersion: 1, failingVersion: null } });
    expect(failing).toEqual([]);
  });

  it("is reported once as failing, if it needs an admin before any email was accepted through it", async () => {
    settle(await claimOne(), signInRefused());
    await write();
    expect(await config()).toMatchObject({ health: { knownGoodVersion: null, failingVersion: 1 } });
    expect(failing).toEqual([1]);
  });

  it("is not failing for a relay that cannot be reached, nor once it is known to be good", async () => {
    settle(await claimOne(), unreachable());
    await write();
    expect(await config()).toMatchObject({ health: { failingVersion: null } });
    await clock.advance(minute);
    await refresh();
    settle(await claimOne(), answered(250));
    await write();
    await refresh();
    settle(await claimOne(), signInRefused());
    await write();
    expect(await config()).toMatchObject({ health: { knownGoodVersion: 1, failingVersion: null } });
    expect(failing).toEqual([]);
  });
});

describe("a config that needs an admin", () => {
  it("is not used for an hour; the email waits for it and loses nothing", async () => {
    const claimed = await claimOne();
    settle(claimed, signInRefused());
    await write();
    expect(await config()).toMatchObject(
      paused({
        until: clock.now() + 60 * minute,
        reason: "The password is wrong. The relay refused the sign-in.",
        failures: 1,
      }),
    );
    expect(await findEmail(store.db, claimed.email.id)).toMatchObject({
      state: "queued",
      attemptCount: 0,
      nextAttemptAt: clock.now(),
    });
  });

  it("stays so whatever another result of the same batch says, also one that has read it anew", async () => {
    await store.db
      .updateTable("smtp_config")
      .set({ paused_until: clock.now(), paused_reason: "before", failures: 1 })
      .execute();
    await refresh();
    const [failed, sent] = await claim(2);
    if (failed === undefined || sent === undefined) throw new Error("two were claimed");
    settle(failed, signInRefused());
    await refresh();
    settle(sent, answered(250));
    await write();
    expect(await config()).toMatchObject(paused({ until: clock.now() + 60 * minute, failures: 2 }));
  });

  it("is left alone if it was saved since: that was about the old settings", async () => {
    const through = route;
    const claimed = await claimOne();
    const saved = smtpConfig({ revision: { version: 2 }, settings: { smtpPort: 2525 } });
    await updateSmtpConfig(store.db, saved, 1);
    settle(claimed, signInRefused(), { through });
    await write();
    expect(await config()).toEqual(saved);
    expect(await stateOf(claimed)).toBe("queued");
  });
});

describe("a relay that answers and takes nothing", () => {
  const busy = (stage: Stage = "message") => answered(451, stage);

  it("is not used after the second time in a row, if another config can take over", async () => {
    hasFallback = true;
    const [first, second] = await claim(2);
    if (first === undefined || second === undefined) throw new Error("two were claimed");
    settle(first, busy());
    expect(route.cooldown).toBeNull();
    settle(second, busy());
    await write();
    expect(await config()).toMatchObject(paused({ failures: 1, reason: "as it is with 451" }));
    // The one before it had its minute to wait; this one goes to the other config at once.
    expect((await findEmail(store.db, second.email.id))?.nextAttemptAt).toBe(clock.now());
  });

  it("is used on if it is the only one", async () => {
    for (const claimed of await claim(6)) settle(claimed, busy());
    await write();
    expect(await config()).toMatchObject(notPaused);
  });

  it("is not meant if it takes one in between, or speaks of a recipient only", async () => {
    hasFallback = true;
    for (const end of [busy(), answered(250), busy(), busy("recipient"), busy(), answered(550), busy()]) {
      settle(await claimOne(), end);
    }
    await write();
    expect(await config()).toMatchObject(notPaused);
  });

  it("is not used again after the one email with which it is tried, and for longer", async () => {
    hasFallback = true;
    for (const claimed of await claim(2)) settle(claimed, busy());
    await write();
    await clock.advance(10 * second);
    await refresh();
    settle(await claimOne(), busy());
    await write();
    expect(await config()).toMatchObject(paused({ failures: 2, until: clock.now() + 30 * second }));
  });
});
