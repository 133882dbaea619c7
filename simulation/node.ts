import { ByteBudget } from "../src/core/byte-budget.ts";
import type { Clock } from "../src/core/clock.ts";
import { FreeDisk } from "../src/core/free-disk.ts";
import type { Log } from "../src/core/log.ts";
import { parse } from "../src/core/parse.ts";
import { Poll } from "../src/core/service.ts";
import { DeliveryWorker } from "../src/delivery/worker.ts";
import { encodeAttachments, prepareEmail } from "../src/emails/compose.ts";
import { Outbox } from "../src/emails/emails.ts";
import { Intake } from "../src/emails/intake.ts";
import { QueueLimit } from "../src/emails/queue-limit.ts";
import { emailRequest } from "../src/emails/request.ts";
import { RecipientGuard } from "../src/guard/recipient-guard.ts";
import { createEgress } from "../src/net/egress.ts";
import { ConfigSource } from "../src/smtp-configs/repository.ts";
import { ConfigResolver } from "../src/smtp-configs/resolver.ts";
import { smtpConfigCreate, smtpConfigUpdate } from "../src/smtp-configs/settings.ts";
import { SmtpConfigs } from "../src/smtp-configs/smtp-configs.ts";
import { DatabaseClock } from "../src/store/database-clock.ts";
import { insertEmails } from "../src/store/tables/email-inserts.ts";
import type { NamedConfig } from "../src/store/tables/emails.ts";
import type { DatabaseServer } from "./database/server.ts";
import { SimulatedStore } from "./database/store.ts";
import type { Installation } from "./installation.ts";
import { type EmailPlan, fromEmailOf } from "./plans/plan.ts";
import type { Dialer, Relay } from "./relay/relay.ts";
import { NodeClock } from "./world/node-clock.ts";
import { Random } from "./world/random.ts";
import type { Scheduler } from "./world/scheduler.ts";

const actor = { id: "user:1", name: "Ada" };
const caller = { id: "simulation", name: "simulation" };
const port = 2525;
/** How often a node looks at the clock of a database that it shares. */
const clockLookMs = 10_000;
/** What a node has for the bytes of large contents that it sends. */
export const memoryBytes = 700_000;
const zeros = Buffer.alloc(8_000_000);

export interface NodeOptions {
  readonly index: number;
  /** Of its process: a node that was killed comes back as another one. */
  readonly life: number;
  readonly seed: number;
  readonly shared: boolean;
  readonly skewMs: number;
  readonly isForeign: boolean;
  readonly installation: Installation;
  readonly scheduler: Scheduler;
  readonly server: DatabaseServer;
  readonly relays: readonly Relay[];
  readonly announce: (from: SimulatedNode) => void;
}

/** One process of Sendwright: the real outbox, configs and delivery worker on a simulated machine. */
export class SimulatedNode implements Dialer {
  readonly index: number;
  readonly name: string;
  /** Of its machine. */
  readonly machineClock: NodeClock;
  /** That of its machine, or of the database where nodes share it. */
  readonly clock: Clock;
  readonly store: SimulatedStore;
  readonly #worker: DeliveryWorker;
  readonly #configs: SmtpConfigs;
  readonly #outbox: Outbox;
  readonly #relays: readonly Relay[];
  readonly #log: Log;
  readonly #installation: Installation;
  readonly isForeign: boolean;
  alive = true;
  /** Its name servers answer. */
  resolves = true;
  /** It has been told to stop. */
  isStopping = false;

  constructor(options: NodeOptions) {
    const { index, life, seed, shared, isForeign, installation, scheduler, server, relays } = options;
    this.index = index;
    this.name = isForeign ? "foreign" : `node${index}${"'".repeat(life)}`;
    this.isForeign = isForeign;
    this.#relays = relays;
    this.#log = installation.log;
    this.#installation = installation;
    const random = new Random(`${seed}/${this.name}`);
    this.machineClock = new NodeClock(scheduler, this, options.skewMs);
    this.clock = shared ? new DatabaseClock(this.machineClock) : this.machineClock;
    const { clock } = this;
    const { templates, metrics, log } = installation;
    const secrets = isForeign ? installation.foreignSecrets : installation.secrets;
    this.store = new SimulatedStore({
      server,
      node: index,
      shared,
      wait: (ms) => scheduler.wait(ms, this),
      announce: () => options.announce(this),
    });
    const { store } = this;
    const configSource = new ConfigSource(null);
    const opening = { store, source: configSource, secrets, clock, accessTokens: null };
    this.#configs = new SmtpConfigs({ ...opening, onChanged: () => this.#worker.configsChanged() });
    this.#worker = new DeliveryWorker({
      guard: new RecipientGuard(),
      store,
      secrets,
      configSource,
      resolver: new ConfigResolver(opening),
      egress: createEgress("default", async (host) => {
        if (!this.resolves) throw Object.assign(new Error("getaddrinfo EAI_AGAIN"), { code: "EAI_AGAIN" });
        const relay = relays.find(({ name }) => host === `${name}.test`);
        return relay === undefined ? [] : [{ address: relay.address, family: 4 }];
      }),
      dial: (to, _port, signal) => {
        const relay = relays.find(({ address }) => address === to.address);
        if (relay === undefined) return Promise.reject(new TypeError(`Nobody is at ${to.address}.`));
        return relay.dial(this, to, signal);
      },
      isSandbox: (settings) => relays.find(({ name }) => name === settings.name)?.plan.isSandbox === true,
      contentBudget: new ByteBudget(memoryBytes),
      clock,
      log,
      metrics,
      random: () => random.next(),
      onFailing() {},
      explainTitle: () => null,
    });
    const onQueued = () => this.#worker.wake();
    const intake = new Intake({
      queue: new QueueLimit({ store, clock, limit: 1_000_000 }),
      disk: new FreeDisk({ folder: null, floor: 0, clock }),
    });
    this.#outbox = new Outbox({ store, secrets, configSource, templates, clock, metrics, intake, onQueued });
  }

  /** Learns the time of a shared database, and follows it. */
  async open(): Promise<void> {
    const { clock } = this;
    if (!(clock instanceof DatabaseClock)) return;
    const run = async () => {
      await clock.look(this.store.db);
      return clockLookMs;
    };
    await run();
    const work = { run, firstMs: clockLookMs, retryMs: clockLookMs, failure: "database clock not read" };
    new Poll({ clock, log: this.#log }, work).start();
  }

  start(): Promise<void> {
    return this.#worker.start();
  }

  stop(deadlineMs: number): Promise<void> {
    this.isStopping = true;
    return this.#worker.stop(deadlineMs);
  }

  /** From now on nothing of it happens: no timer, no bytes, no answer of the database. */
  kill(): void {
    this.alive = false;
    for (const relay of this.#relays) relay.dropAll(this);
  }

  /** Whether it fails where other nodes may not. */
  get hasFault(): boolean {
    return this.#worker.faults().length > 0;
  }

  async createConfig(relay: Relay): Promise<void> {
    await this.#configs.create(parse(smtpConfigCreate, settingsOf(relay)), actor);
  }

  /** Saves the config of a relay again, with these changes. */
  async saveConfig(relay: Relay, changes: object): Promise<void> {
    const config = (await this.#configs.list()).find(({ settings }) => settings.name === relay.name);
    if (config === undefined) return;
    const input = { ...settingsOf(relay), ...changes, version: config.revision.version };
    await this.#configs.update(config.id, parse(smtpConfigUpdate, input), actor);
  }

  /** @returns the id of the email and its Message-ID. */
  async accept(email: EmailPlan, number: number): Promise<{ id: string; messageId: string }> {
    const now = this.clock.now();
    const startsAt = now + email.startsInMs;
    const to = Array.from({ length: email.recipients }, (_, index) => recipientName(number, index));
    const request = {
      to,
      ...(email.from === null ? {} : { from: email.from }),
      subject: `email${number}`,
      text: "x".repeat(Math.min(email.bytes, 900)),
      ...(email.bytes > 900
        ? { attachments: [{ filename: "a.bin", content: zeros.subarray(0, (email.bytes * 3) / 4) }] }
        : {}),
      priority: email.priority,
      expiresAt: new Date(startsAt + email.livesMs),
      onUnknown: email.hold ? "hold" : "resend",
      ...(email.startsInMs === 0 ? {} : { scheduledAt: new Date(startsAt) }),
    };
    const via = await this.#namedBy(email);
    return via === null ? this.#outbox.accept(request, { caller }) : this.#acceptVia(request, via);
  }

  async #namedBy({ via }: EmailPlan): Promise<NamedConfig | null> {
    const relay = this.#relays[via?.relay ?? Number.NaN];
    if (via === null || relay === undefined) return null;
    const config = (await this.#configs.list()).find(({ settings }) => settings.name === relay.name);
    return config === undefined ? null : { configId: config.id, fallback: via.fallback };
  }

  /** As the outbox does it, with the config that the request names. */
  async #acceptVia(request: object, via: NamedConfig): Promise<{ id: string; messageId: string }> {
    const { store, clock } = this;
    const { templates, secrets } = this.#installation;
    const encoded = await encodeAttachments(parse(emailRequest, request));
    const given = { caller, now: clock.now(), domain: "example.com", templates, secrets, via };
    const prepared = prepareEmail(encoded, given);
    await store.transact([
      insertEmails(store.db, [{ ...prepared, idempotency: null }]),
      store.announcement(),
    ]);
    this.#worker.wake();
    return prepared.email;
  }
}

/** One recipient of some emails does not exist. */
function recipientName(email: number, index: number): string {
  return index === 2 ? `nobody${email}@example.com` : `to${email}-${index}@example.com`;
}

function settingsOf({ name, index, plan }: Relay): object {
  return {
    name,
    smtpServer: `${name}.test`,
    smtpPort: port,
    useTls: false,
    fromEmail: fromEmailOf(index),
    senders: plan.senders,
    maxConnections: plan.maxConnections,
    maxPerSecond: plan.maxPerSecond,
    maxPerMinute: plan.maxPerMinute,
    maxPerHour: plan.maxPerHour,
    maxRecipientsPerDay: plan.maxRecipientsPerDay,
    password: null,
    ...(plan.auth ? { username: "shop", password: "right", allowCleartextAuth: true } : {}),
  };
}

/** The number of the email that a recipient belongs to. */
export function emailOf(recipient: string): number {
  return Number(/^(?:to|nobody)(\d+)/.exec(recipient)?.[1]);
}
