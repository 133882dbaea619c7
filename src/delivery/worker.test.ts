import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newEmail } from "../../test/support/new-email.ts";
import { notPaused, paused, sealedConfig } from "../../test/support/smtp-config.ts";
import { type UnsteadyStore, unsteadyStore } from "../../test/support/unsteady-store.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { createEgress } from "../net/egress.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { ConfigResolver } from "../smtp-configs/resolver.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { type Email, findEmail, listAttempts } from "../store/tables/emails.ts";
import { insertEncryptionKey, listEncryptionKeys } from "../store/tables/encryption-keys.ts";
import { findSmtpConfig, insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import {
  createFixedClock,
  type FixedClock,
  type RelayOptions,
  startTestRelay,
  type TestRelay,
} from "../testing/index.ts";
import { DeliveryWorker } from "./worker.ts";

const configSource = new ConfigSource(null);
const second = 1_000;

let clock: FixedClock;
let store: Store;
let unsteady: UnsteadyStore;
let secrets: Secrets;
let worker: DeliveryWorker;
const relays: TestRelay[] = [];
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  unsteady = unsteadyStore(store);
  secrets = await unlocked();
  if (secrets.newKey !== null) await insertEncryptionKey(store.db, secrets.newKey);
  secrets.newKeyStored();
  worker = workerWith(secrets);
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close();
  await store.close();
});

/** What a secret of its own gives. */
async function unlocked(): Promise<Secrets> {
  const rows = await listEncryptionKeys(store.db);
  return unlock({ rows, primary: generateKey(), previous: [], clock });
}

function workerWith(given: Secrets): DeliveryWorker {
  return new DeliveryWorker({
    guard: new RecipientGuard(),
    store: unsteady.store,
    secrets: given,
    configSource,
    resolver: new ConfigResolver({ store, source: configSource, secrets: given, accessTokens: null }),
    egress: createEgress("default"),
    clock,
    log: createLog("silent"),
    metrics: new Metrics(),
    random: () => 0.5,
    onFailing() {},
    explainTitle: () => null,
  });
}

/** A relay, and a config that sends through it. */
async function relayWith(options: RelayOptions = {}, position = 0): Promise<TestRelay> {
  const relay = await startTestRelay(options);
  relays.push(relay);
  const { host: smtpServer, port: smtpPort } = relay;
  const settings = { name: `relay ${position}`, position, smtpServer, smtpPort, useTls: false };
  await insertSmtpConfig(store.db, sealedConfig(secrets, { id: `config-${position}`, settings }));
  return relay;
}

/** Stores an email; a delivery worker that starts after that finds it. */
async function queue(): Promise<string> {
  const email = newEmail(clock.now());
  await store.transact([insertEmails(store.db, [email])]);
  return email.email.id;
}

const stored = async (id: string) => (await findEmail(store.db, id)) as Email;

/** Waits until the email is final. */
async function final(id: string): Promise<Email> {
  for (;;) {
    await clock.advance(0);
    const email = await stored(id);
    if (email.finishedAt !== null) return email;
  }
}

/** Lets sockets and the database have their turn until that holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await clock.advance(0);
}

describe("a node whose key does not fit", () => {
  it("claims nothing, and leaves the config to the nodes whose key does", async () => {
    const relay = await relayWith();
    const others = await unlocked();
    expect(others.fits).toBe(false);
    const wrong = workerWith(others);
    const id = await queue();
    await wrong.start();
    for (let seconds = 0; seconds < 60; seconds++) await clock.advance(second);
    expect(await stored(id)).toMatchObject({ state: "queued", lease: 0 });
    expect(await findSmtpConfig(store.db, "config-0")).toMatchObject(notPaused);
    await worker.start();
    expect(await final(id)).toMatchObject({ state: "sent" });
    expect(relay.messages).toHaveLength(1);
    await Promise.all([wrong.stop(second), worker.stop(second)]);
  });
});

describe("an email that one relay refuses", () => {
  it("goes through the next config at once if the own sender is what that refuses", async () => {
    const refusing = await relayWith({ onMail: () => "550 5.7.1 Sender address not verified" });
    const accepting = await relayWith({}, 1);
    const ids = [await queue(), await queue(), await queue()];
    await worker.start();
    for (const id of ids) expect(await final(id)).toMatchObject({ state: "sent", attemptCount: 1 });
    expect([refusing.messages.length, accepting.messages.length]).toEqual([0, 3]);
    const [first] = await Promise.all(ids.map((id) => listAttempts(store.db, id)));
    expect(first?.map(({ outcome, configName }) => [outcome, configName])).toEqual([
      ["permanent", "relay 0"],
      ["sent", "relay 1"],
    ]);
    expect(await findSmtpConfig(store.db, "config-0")).toMatchObject(
      paused({ reason: "5.7.1 Sender address not verified" }),
    );
    await worker.stop(second);
  });

  it("goes through the next config at once if it is too large, and the first goes on with others", async () => {
    let isLarge = true;
    await relayWith({ onDot: () => (isLarge ? "552 5.3.4 Message too big" : undefined) });
    await relayWith({}, 1);
    const large = await queue();
    await worker.start();
    expect(await final(large)).toMatchObject({ state: "sent", refusedBy: ["config-0:1"], attemptCount: 1 });
    isLarge = false;
    const small = await queue();
    worker.wake();
    await final(small);
    expect(await listAttempts(store.db, small)).toMatchObject([{ configName: "relay 0", outcome: "sent" }]);
    await worker.stop(second);
  });

  it("has failed once each config has refused it for good", async () => {
    for (const position of [0, 1]) await relayWith({ onDot: () => "552 5.3.4 Message too big" }, position);
    const id = await queue();
    await worker.start();
    expect(await final(id)).toMatchObject({ state: "failed", refusedBy: ["config-0:1"] });
    expect(await listAttempts(store.db, id)).toMatchObject([
      { configName: "relay 0" },
      { configName: "relay 1" },
    ]);
    await worker.stop(second);
  });
});

describe("a stop", () => {
  it("keeps its deadline if the database never answers again", async () => {
    const reached = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    const onDot = () => {
      reached.resolve();
      return answer.promise;
    };
    await relayWith({ onDot });
    const id = await queue();
    await worker.start();
    await reached.promise;
    unsteady.hold();
    const before = unsteady.transactions;
    let hasStopped = false;
    const stopped = worker.stop(3 * second).then(() => {
      hasStopped = true;
    });
    answer.resolve(undefined);
    await until(() => unsteady.transactions > before);
    await clock.advance(3 * second - 1);
    expect(hasStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    expect(await stored(id)).toMatchObject({ state: "sending" });
  });

  it("stores what became of an email whose connection it cuts", async () => {
    const reached = Promise.withResolvers<void>();
    const never = new Promise<undefined>(() => {});
    const onDot = () => {
      reached.resolve();
      return never;
    };
    await relayWith({ onDot });
    const id = await queue();
    await worker.start();
    await reached.promise;
    const stopped = worker.stop(3 * second);
    await clock.advance(2 * second);
    await stopped;
    expect(await stored(id)).toMatchObject({ state: "queued", possibleDuplicate: true });
    expect(await listAttempts(store.db, id)).toMatchObject([{ outcome: "unknown" }]);
  });
});
