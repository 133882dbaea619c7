import { createLog } from "../../src/core/log.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { DeliveryWorker } from "../../src/delivery/worker.ts";
import { RecipientGuard } from "../../src/guard/recipient-guard.ts";
import { createEgress } from "../../src/net/egress.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import type { Secrets } from "../../src/secret/secrets.ts";
import { unlock } from "../../src/secret/unlock.ts";
import { ConfigSource } from "../../src/smtp-configs/repository.ts";
import { ConfigResolver } from "../../src/smtp-configs/resolver.ts";
import { isSandboxConfig } from "../../src/smtp-configs/sandbox-config.ts";
import { openSqliteStore, type Store } from "../../src/store/store.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { type Attempt, type Email, findEmail, listAttempts } from "../../src/store/tables/emails.ts";
import { insertEncryptionKey } from "../../src/store/tables/encryption-keys.ts";
import { insertSmtpConfig, type SmtpSettings } from "../../src/store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/fixed-clock.ts";
import { type RelayOptions, startTestRelay, type TestRelay } from "../../src/testing/index.ts";
import { idle } from "./idle.ts";
import { type GivenEmail, newEmail } from "./new-email.ts";
import { sealedConfig } from "./smtp-config.ts";

const configSource = new ConfigSource(null);

/** A node that delivers to relays of its own, from a database in memory. */
export class DeliveringNode implements AsyncDisposable {
  readonly clock: FixedClock = createFixedClock();
  readonly worker: DeliveryWorker;
  readonly store: Store;
  readonly #secrets: Secrets;
  readonly #relays: TestRelay[] = [];
  #sandbox: TestRelay | null = null;

  private constructor(store: Store, secrets: Secrets) {
    this.store = store;
    this.#secrets = secrets;
    this.worker = new DeliveryWorker({
      store,
      secrets,
      configSource,
      resolver: new ConfigResolver({ store, source: configSource, secrets, accessTokens: null }),
      guard: new RecipientGuard(),
      egress: createEgress("default"),
      isSandbox: (settings) => isSandboxConfig(settings, this.#sandbox?.port ?? null),
      clock: this.clock,
      log: createLog("silent"),
      metrics: new Metrics(),
      random: () => 0.5,
      onFailing() {},
      explainTitle: () => null,
    });
  }

  static async open(): Promise<DeliveringNode> {
    const store = await openSqliteStore(":memory:");
    const secrets = await unlock({
      rows: [],
      primary: generateKey(),
      previous: [],
      clock: createFixedClock(),
    });
    if (secrets.newKey !== null) await insertEncryptionKey(store.db, secrets.newKey);
    secrets.newKeyStored();
    return new DeliveringNode(store, secrets);
  }

  /** A relay, and a config that sends through it, after those before it. Its id and name are `a`, `b` and so on. */
  async relay(options: RelayOptions = {}, settings: Partial<SmtpSettings> = {}): Promise<TestRelay> {
    const relay = await startTestRelay(options);
    const position = this.#relays.push(relay) - 1;
    const id = String.fromCharCode("a".charCodeAt(0) + position);
    const { host: smtpServer, port: smtpPort } = relay;
    const fromEmail = `hi@${id}.example`;
    const all = { name: id, position, smtpServer, smtpPort, useTls: false, fromEmail, ...settings };
    await insertSmtpConfig(this.store.db, sealedConfig(this.#secrets, { id, settings: all }));
    return relay;
  }

  /** As `relay`; it is the built-in sandbox. */
  async sandbox(settings: Partial<SmtpSettings> = {}): Promise<TestRelay> {
    this.#sandbox = await this.relay({}, settings);
    return this.#sandbox;
  }

  /** Stores an email. @returns its id. */
  async queue(given: GivenEmail = {}): Promise<string> {
    const email = newEmail(this.clock.now(), given);
    await this.store.transact([insertEmails(this.store.db, [email])]);
    this.worker.wake();
    return email.email.id;
  }

  async email(id: string): Promise<Email> {
    return (await findEmail(this.store.db, id)) as Email;
  }

  /** Waits until the email is final. */
  async final(id: string): Promise<Email> {
    for (;;) {
      await this.clock.advance(0);
      const email = await this.email(id);
      if (email.finishedAt !== null) return email;
    }
  }

  /** The attempts of an email, as `config outcome`. */
  async way(id: string): Promise<string[]> {
    return (await this.attempts(id)).map(({ configName, outcome }) => `${configName} ${outcome}`);
  }

  attempts(id: string): Promise<readonly Attempt[]> {
    return listAttempts(this.store.db, id);
  }

  /** Lets time pass second by second; whatever is due is claimed, and has ended, before the next one. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1_000);
      await this.#atRest();
    }
  }

  async #atRest(): Promise<void> {
    const { db } = this.store;
    for (;;) {
      await idle();
      const busy = await db
        .selectFrom("emails")
        .select("id")
        .where("state", "=", "sending")
        .limit(1)
        .execute();
      if (busy.length === 0) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop(1_000);
    for (const relay of this.#relays) await relay.close();
    await this.store.close();
  }
}
