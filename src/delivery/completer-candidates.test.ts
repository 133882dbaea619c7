import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answered, failed, noNetwork, sent } from "../../test/support/attempt-ends.ts";
import { OpenedCompleter } from "../../test/support/opened-completer.ts";
import { notPaused, paused } from "../../test/support/smtp-config.ts";
import type { ClaimedEmail } from "../store/tables/email-claims.ts";
import { listRecipients } from "../store/tables/emails.ts";

const second = 1_000;
const minute = 60 * second;

let on: OpenedCompleter;
beforeEach(async () => {
  on = await OpenedCompleter.open();
  await on.knowGood();
});
afterEach(() => on.close());

const jane = { from: { name: null, address: "jane@example.com" } };
const tooLarge = failed("smtp.too_large", "The relay accepts no more than 1 MB.", { stage: "sender" });

/** An email that was refused before. */
async function claimRefused(refusedBy: readonly string[]): Promise<ClaimedEmail> {
  const claimed = await on.claimOne();
  return { ...claimed, email: { ...claimed.email, refusedBy } };
}

/** Where the email is to go next. */
const atOnce = (refusedBy: string[] = []) => ({
  state: "queued",
  attemptCount: 0,
  nextAttemptAt: on.clock.now(),
  finishedAt: null,
  refusedBy,
});

describe("an email that this relay alone refuses", () => {
  it.each([
    ["is too large for it", tooLarge, {}],
    ["is found too large", answered("552 5.3.4 Message too big"), {}],
    ["needs SMTPUTF8", failed("smtp.smtputf8_missing", "No SMTPUTF8.", { stage: "sender" }), {}],
    ["names a sender that it does not know", answered("550 5.7.1 Not verified", "sender"), jane],
    ["names one for which the account has no right", answered("554 5.2.252 SendAsDenied"), jane],
  ])("goes to the next config at once, uncounted, if it %s", async (_why, end, given) => {
    await on.saveSecond();
    const claimed = await on.settleOne(end, given);
    expect(await on.stored(claimed)).toMatchObject(atOnce(["config-1:1"]));
    expect((await listRecipients(on.store.db, [claimed.email.id])).get(claimed.email.id)).toMatchObject([
      { state: "queued" },
    ]);
    expect(await on.config()).toMatchObject(notPaused);
  });

  it("goes to one that cannot be used now too: it is final only if no config is left", async () => {
    const until = on.clock.now() + minute;
    const breaker = { state: "open", until, reason: null, failures: 1, needsAdmin: false } as const;
    await on.saveSecond({ health: { breaker } });
    const claimed = await on.settleOne(tooLarge);
    expect(await on.stored(claimed)).toMatchObject(atOnce(["config-1:1"]));
    expect(on.route.breakers.permission).toBe("all");
  });

  it("has failed if all configs that are on have refused it", async () => {
    await on.saveSecond();
    await on.save({ id: "config-3", settings: { name: "off", position: 2, enabled: false } });
    const claimed = await claimRefused(["config-2:1"]);
    await on.settle(claimed, tooLarge);
    expect(await on.stored(claimed)).toMatchObject({ state: "failed", attemptCount: 1 });
  });

  it("goes to a config again that was saved since it refused", async () => {
    await on.saveSecond({ revision: { version: 2 } });
    const claimed = await claimRefused(["config-2:1"]);
    await on.settle(claimed, tooLarge);
    expect(await on.stored(claimed)).toMatchObject(atOnce(["config-2:1", "config-1:1"]));
  });

  it("has failed if there is one config", async () => {
    const claimed = await on.settleOne(tooLarge);
    expect(await on.stored(claimed)).toMatchObject({ state: "failed", refusedBy: [] });
    expect(await on.config()).toMatchObject(notPaused);
  });
});

describe("a config whose own sender is refused", () => {
  const refused = answered("550 5.7.1 Sender address not verified", "sender");

  it("opens its breaker; the email stays queued, also if there is no other config", async () => {
    const claimed = await on.settleOne(refused);
    expect(await on.stored(claimed)).toMatchObject(atOnce());
    const reason = "Sender address not verified";
    expect(await on.config()).toMatchObject(paused({ until: on.clock.now() + minute, reason }));
    expect(on.route.breakers.permission).toBe("none");
  });

  it("burns no email, however many meet it at once, and has failed once", async () => {
    const claimed = await on.claim(5);
    const breakerChanges = on.route.breakers.changes;
    await on.clock.advance(second);
    await Promise.all(claimed.map((one) => on.settle(one, refused, { breakerChanges })));
    for (const one of claimed) expect(await on.stored(one)).toMatchObject(atOnce());
    expect(await on.config()).toMatchObject(paused({ failures: 1 }));
  });
});

describe("a quota of the account", () => {
  it.each([
    "550 5.4.5 Daily user sending limit exceeded.",
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
    "454 Throttling failure: Daily message quota exceeded.",
  ])("keeps the email queued, uncounted, and its config out of use for 15 minutes: %s", async (line) => {
    const claimed = await on.settleOne(answered(line));
    expect(await on.stored(claimed)).toMatchObject(atOnce());
    expect(await on.config()).toMatchObject(paused({ until: on.clock.now() + 15 * minute, failures: 1 }));
  });
});

describe("a fault of this node", () => {
  it("leaves the row alone if other nodes work on the database: they may well use the config", async () => {
    await on.close();
    on = await OpenedCompleter.open({ shared: true });
    const claimed = await on.settleOne(noNetwork);
    expect(await on.config()).toMatchObject(notPaused);
    expect(on.route.breakers.nodeFault).toBe("This machine has no network.");
    expect(on.route.breakers.permission).toBe("none");
    expect(on.routes.nodeFaults()).toMatchObject([{ configId: "config-1" }]);
    expect(await on.stored(claimed)).toMatchObject(atOnce());
    await on.clock.advance(10 * second);
    await on.routes.beginTrials(on.route);
    await on.settleOne(sent);
    expect([on.route.breakers.nodeFault, on.route.breakers.permission]).toEqual([null, "all"]);
    expect(await on.config()).toMatchObject(notPaused);
  });

  it("opens the breaker of the config if this node is alone: nobody else could use it", async () => {
    const claimed = await on.settleOne(noNetwork);
    const reason = "This machine has no network.";
    expect(await on.config()).toMatchObject(paused({ until: on.clock.now() + 10 * second, reason }));
    expect(on.route.breakers.nodeFault).toBeNull();
    expect(await on.stored(claimed)).toMatchObject(atOnce());
  });

  it("alone waits as for a config that is turned away, if it is the key", async () => {
    await on.settleOne(failed("secret.mismatch", "The key does not fit."));
    expect(await on.config()).toMatchObject(paused({ until: on.clock.now() + minute }));
  });
});
