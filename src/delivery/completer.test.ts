import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answered, passwordRefused, sent, unreachable } from "../../test/support/attempt-ends.ts";
import { OpenedCompleter } from "../../test/support/opened-completer.ts";
import { notPaused, paused, smtpConfig } from "../../test/support/smtp-config.ts";
import type { Stage } from "../core/model.ts";
import { listAttempts, listRecipients } from "../store/tables/emails.ts";
import { updateSmtpConfig } from "../store/tables/smtp-configs.ts";

const second = 1_000;
const minute = 60 * second;

let on: OpenedCompleter;
beforeEach(async () => {
  on = await OpenedCompleter.open();
});
afterEach(() => on.close());

describe("the outcome of an attempt", () => {
  it("is stored with the email, its recipients and the attempt", async () => {
    const claimed = await on.settleOne(sent);
    expect(await on.stored(claimed)).toMatchObject({ state: "sent", attemptCount: 1 });
    expect((await listRecipients(on.store.db, [claimed.email.id])).get(claimed.email.id)).toMatchObject([
      { state: "sent", code: 250 },
    ]);
    expect(await listAttempts(on.store.db, claimed.email.id)).toMatchObject([
      { outcome: "sent", configName: "relay", failure: null },
    ]);
  });

  it("says how long it took, by the clock that nobody sets", async () => {
    const claimed = await on.claimOne();
    const startedAtMonotonic = on.clock.monotonic();
    await on.clock.advance(250);
    on.clock.step(-minute);
    await on.settle(claimed, sent, { startedAtMonotonic });
    expect(await listAttempts(on.store.db, claimed.email.id)).toMatchObject([{ durationMs: 250 }]);
  });

  it("keeps what was seen of a failure, to be explained later", async () => {
    const claimed = await on.settleOne(passwordRefused);
    expect(await listAttempts(on.store.db, claimed.email.id)).toMatchObject([
      { outcome: "config", code: 535, stage: "auth", failure: { port: 587, from: "shop@example.com" } },
    ]);
  });

  it("is by the schedule if the relay defers the email, and final if it refuses that for good", async () => {
    const deferred = await on.settleOne(answered("451 4.7.1 Greylisted", "recipient"));
    const refused = await on.settleOne(answered("550 5.1.1 No such user", "recipient"));
    expect(await on.stored(deferred)).toMatchObject({
      ...{ state: "queued", attemptCount: 1, nextAttemptAt: on.clock.now() + minute },
    });
    expect(await on.stored(refused)).toMatchObject({ state: "failed", attemptCount: 1 });
    expect(await on.config()).toEqual(smtpConfig());
  });

  it("is reported when it is stored, and nothing is claimed while the database is away", async () => {
    const claimed = await on.claimOne();
    on.unsteady.failNext(2);
    let isStored = false;
    const settled = on.settle(claimed, sent).then(() => {
      isStored = true;
    });
    for (let turns = 0; turns < 30; turns++) await turn();
    expect([on.completer.isBlocked, isStored]).toEqual([true, false]);
    await on.clock.advance(2 * second);
    await on.clock.advance(second);
    await settled;
    expect(on.completer.isBlocked).toBe(false);
  });
});

describe("an email handed back", () => {
  it("is queued as it was, and its config left alone", async () => {
    const claimed = await on.claimOne();
    await on.completer.handBack(claimed);
    expect(await on.stored(claimed)).toMatchObject({ state: "queued", attemptCount: 0 });
    expect(await listAttempts(on.store.db, claimed.email.id)).toEqual([]);
    expect(await on.config()).toEqual(smtpConfig());
  });
});

describe("a relay that cannot be reached", () => {
  it("is not used from the moment on at which that is known; the database hears of it with the result", async () => {
    const claimed = await on.claimOne();
    const through = on.unsteady.hold();
    const settled = on.settle(claimed, unreachable);
    expect(on.route.breakers.permission).toBe("none");
    await on.refresh();
    expect(on.route.breakers.permission).toBe("none");
    expect(await on.config()).toMatchObject(notPaused);
    through();
    await settled;
    const reason = "smtp.example.com:587 refuses connections.";
    expect(await on.config()).toMatchObject(
      paused({ until: on.clock.now() + 10 * second, reason, failures: 1 }),
    );
    await on.refresh();
    expect(on.route.breakers.permission).toBe("none");
    await on.clock.advance(10 * second);
    expect(on.route.breakers.permission).toBe("trial");
  });

  it("has a longer cooldown the more often in a row a trial fails", async () => {
    const cooldowns = [];
    for (let failure = 0; failure < 6; failure++) {
      await on.routes.beginTrials(on.route);
      await on.settleOne(unreachable);
      await on.refresh();
      const { breaker } = (await on.config()).health;
      if (breaker.state !== "open") throw new Error("the breaker is open");
      expect(breaker.failures).toBe(failure + 1);
      cooldowns.push((breaker.until - on.clock.now()) / second);
      await on.clock.advance(breaker.until - on.clock.now());
    }
    expect(cooldowns).toEqual([10, 30, 60, 120, 300, 300]);
  });

  it("counts as one failure for all emails that met it at once", async () => {
    const claimed = await on.claim(5);
    const breakerChanges = on.route.breakers.changes;
    await on.clock.advance(second);
    await Promise.all(claimed.map((one) => on.settle(one, unreachable, { breakerChanges })));
    expect(await on.config()).toMatchObject(paused({ failures: 1, until: on.clock.now() + 10 * second }));
  });

  it("costs the email an attempt, but none if another config takes over", async () => {
    const alone = await on.settleOne(unreachable);
    expect(await on.stored(alone)).toMatchObject({
      ...{ state: "queued", attemptCount: 1, nextAttemptAt: on.clock.now() + minute },
    });
    await on.saveSecond();
    await on.clock.advance(10 * second);
    await on.routes.beginTrials(on.route);
    const other = await on.settleOne(unreachable);
    expect(await on.stored(other)).toMatchObject({
      ...{ state: "queued", attemptCount: 0, nextAttemptAt: on.clock.now(), refusedBy: [] },
    });
  });

  it("costs no email an attempt if several met it at once and another config takes over", async () => {
    await on.saveSecond();
    const claimed = await on.claim(3);
    const breakerChanges = on.route.breakers.changes;
    await on.clock.advance(second);
    await Promise.all(claimed.map((one) => on.settle(one, unreachable, { breakerChanges })));
    for (const one of claimed) {
      expect(await on.stored(one)).toMatchObject({ attemptCount: 0, nextAttemptAt: on.clock.now() });
    }
  });

  it("has recovered with the first email that it answers, whatever it says of that", async () => {
    await on.settleOne(unreachable);
    await on.clock.advance(10 * second);
    await on.refresh();
    await on.routes.beginTrials(on.route);
    await on.settleOne(answered("550 5.1.1 No such user", "recipient"));
    expect(await on.config()).toMatchObject(notPaused);
    expect(on.route.breakers.permission).toBe("all");
  });

  it("is not thought recovered, or worse, for what had begun before it was paused", async () => {
    const [first, early, late] = await on.claim(3);
    if (first === undefined || early === undefined || late === undefined)
      throw new Error("three were claimed");
    const breakerChanges = on.route.breakers.changes;
    await on.clock.advance(second);
    await on.settle(first, unreachable, { breakerChanges });
    const before = await on.config();
    await on.clock.advance(second);
    await on.refresh();
    await on.settle(early, sent, { breakerChanges });
    await on.settle(late, unreachable, { breakerChanges });
    expect(await on.config()).toEqual({ ...before, health: { ...before.health, knownGoodVersion: 1 } });
    expect([await on.stored(early), await on.stored(late)]).toMatchObject([
      { state: "sent" },
      { state: "queued" },
    ]);
  });
});

describe("a stop", () => {
  it("says nothing of the relays whose connections it cuts", async () => {
    const [first, second] = await on.claim(2);
    on.completer.end(minute);
    await Promise.all([first, second].map((claimed) => claimed && on.settle(claimed, unreachable)));
    expect(on.route.breakers.permission).toBe("all");
    expect(await on.config()).toMatchObject(notPaused);
  });
});

describe("a new version of a config", () => {
  it("is known to be good with the first email that is accepted through it", async () => {
    await on.settleOne(sent);
    expect(await on.config()).toMatchObject({ health: { knownGoodVersion: 1, failingVersion: null } });
    expect(on.failing).toEqual([]);
  });

  it("is reported once as on.failing, if it needs an admin before any email was accepted through it", async () => {
    await on.settleOne(passwordRefused);
    expect(await on.config()).toMatchObject({ health: { knownGoodVersion: null, failingVersion: 1 } });
    await on.clock.advance(60 * minute);
    await on.refresh();
    await on.routes.beginTrials(on.route);
    await on.settleOne(passwordRefused);
    expect(on.failing).toEqual([1]);
  });

  it("is not failing for a relay that cannot be reached, nor once it is known to be good", async () => {
    await on.settleOne(unreachable);
    expect(await on.config()).toMatchObject({ health: { failingVersion: null } });
    await on.clock.advance(minute);
    await on.refresh();
    await on.routes.beginTrials(on.route);
    await on.settleOne(sent);
    await on.refresh();
    await on.settleOne(passwordRefused);
    expect(await on.config()).toMatchObject({ health: { knownGoodVersion: 1, failingVersion: null } });
    expect(on.failing).toEqual([]);
  });
});

describe("a config that is turned away", () => {
  it("waits for an admin if it never worked; the email stays queued and loses nothing", async () => {
    const claimed = await on.settleOne(passwordRefused);
    const reason = "The password is wrong. The relay refused the password.";
    expect(await on.config()).toMatchObject(
      paused({ until: on.clock.now() + 60 * minute, reason, failures: 1 }),
    );
    expect(await on.config()).toMatchObject({ health: { breaker: { needsAdmin: true } } });
    expect(await on.stored(claimed)).toMatchObject({
      ...{ state: "queued", attemptCount: 0, nextAttemptAt: on.clock.now() },
    });
  });

  it("is tried again after a minute if it has worked: a directory may be down", async () => {
    await on.knowGood();
    const claimed = await on.settleOne(passwordRefused);
    expect(await on.config()).toMatchObject(paused({ until: on.clock.now() + minute, failures: 1 }));
    expect(await on.config()).toMatchObject({ health: { breaker: { needsAdmin: false } } });
    expect(await on.stored(claimed)).toMatchObject({ state: "queued", attemptCount: 0 });
  });

  it("is left alone if it was saved since: that was about the old settings", async () => {
    const through = on.route;
    const claimed = await on.claimOne();
    const saved = smtpConfig({ revision: { version: 2 }, settings: { smtpPort: 2525 } });
    await updateSmtpConfig(on.store.db, saved, 1);
    await on.settle(claimed, passwordRefused, { through });
    expect(await on.stored(claimed)).toMatchObject({ state: "queued", attemptCount: 0 });
    expect(await on.config()).toEqual(saved);
    await on.refresh();
    await on.settleOne(sent);
    expect(await on.config()).toMatchObject({ ...notPaused, revision: { version: 2 } });
  });
});

describe("a relay that answers and accepts nothing", () => {
  const busy = (stage: Stage = "message") => answered("451 4.3.0 Later", stage);

  it("is not used after the second time in a row; that email goes to another config at once", async () => {
    await on.saveSecond();
    const first = await on.settleOne(busy());
    expect(on.route.breakers.permission).toBe("all");
    const second = await on.settleOne(busy());
    expect(await on.config()).toMatchObject(paused({ failures: 1, reason: "Later" }));
    const nexts = [await on.stored(first), await on.stored(second)].map((email) => email?.nextAttemptAt);
    expect(nexts).toEqual([on.clock.now() + minute, on.clock.now()]);
  });

  it("is given a rest also if it is the only one, and its emails keep to their schedule", async () => {
    const claimed = [await on.settleOne(busy()), await on.settleOne(busy())];
    expect(await on.config()).toMatchObject(paused({ failures: 1, until: on.clock.now() + 10 * second }));
    for (const one of claimed) {
      expect(await on.stored(one)).toMatchObject({ attemptCount: 1, nextAttemptAt: on.clock.now() + minute });
    }
  });

  it("is given a rest at once if it says 421", async () => {
    await on.settleOne(answered("421 4.7.0 Too many messages", "sender"));
    expect(await on.config()).toMatchObject(paused({ failures: 1, until: on.clock.now() + 10 * second }));
  });

  it("is not meant if it accepts one in between, or speaks of a recipient only", async () => {
    const refused = answered("550 5.1.1 No such user");
    for (const end of [busy(), sent, busy(), busy("recipient"), busy(), refused, busy()])
      await on.settleOne(end);
    expect(await on.config()).toMatchObject(notPaused);
  });

  it("is not used again after the one email with which it is tried, and for longer", async () => {
    await on.settleOne(busy());
    await on.settleOne(busy());
    await on.clock.advance(10 * second);
    await on.refresh();
    await on.routes.beginTrials(on.route);
    await on.settleOne(busy());
    expect(await on.config()).toMatchObject(paused({ failures: 2, until: on.clock.now() + 30 * second }));
  });
});
