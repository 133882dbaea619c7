import { type Clock, systemClock } from "./clock.ts";
import { createSavedTemplates, type SavedTemplates } from "./config/saved-templates.ts";
import { createSmtpConfigs, type SmtpConfigs } from "./config/smtp-configs.ts";
import { createTemplateHistory } from "./config/template-history.ts";
import { createTemplateParts, type TemplateParts } from "./config/template-parts.ts";
import { createTemplateShelf } from "./config/template-shelf.ts";
import { type Courier, createCourier } from "./delivery/courier.ts";
import { concernsOf, judgeMail } from "./delivery/mail-verdict.ts";
import { createOutbox, type Outbox } from "./delivery/outbox.ts";
import { createRetention } from "./delivery/retention.ts";
import { type ConnectionTests, createConnectionTests } from "./doctor/connection-tests.ts";
import { explainAttempt } from "./doctor/explain-attempt.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics, type Metrics, type QueueFigures } from "./metrics.ts";
import type { EgressMode } from "./model.ts";
import { type Sandbox, startSandbox } from "./sandbox/sandbox.ts";
import { parseSecret } from "./secret/derive.ts";
import type { Secrets } from "./secret/secrets.ts";
import { unlock } from "./secret/unlock.ts";
import { createEgress } from "./smtp/egress.ts";
import { findOldestWaiting } from "./store/email-counts.ts";
import { countOpen } from "./store/emails.ts";
import { insertEncryptionKey, listEncryptionKeys } from "./store/encryption-keys.ts";
import { isPostgresUrl, openPostgresStore, openSqliteStore, type Store } from "./store/store.ts";
import { createTemplates, type LoadedTemplates } from "./template/templates.ts";

export interface PosthornOptions {
  /**
   * Path of the SQLite file, whose folder exists; `:memory:` keeps nothing. Or `postgres://…`: then any
   * number of nodes may share the database.
   */
  readonly database: string;
  /** Encrypts what is secret: 16 characters or more, best a Fernet key. */
  readonly secret: string;
  /** Earlier secrets, which still decrypt. */
  readonly previousSecrets?: readonly string[];
  /** Which relays may be dialled. Default: `default`, all but link-local and metadata addresses. */
  readonly egress?: EgressMode;
  /** Port of the sandbox relay on the loopback; 0 takes any free one. Default: none is started. */
  readonly sandboxPort?: number | null;
  /** Default: JSON lines on standard output, from `info` on. */
  readonly log?: Log;
  readonly clock?: Clock;
  /** In [0, 1), for the jitter of retries. */
  readonly random?: () => number;
}

/** How the service is, for monitoring: `ok` while emails can be accepted and delivered. */
export interface Health {
  readonly ok: boolean;
  /** In words: what keeps mail from being delivered; empty when nothing does. */
  readonly problems: readonly string[];
  readonly key: "fits" | "mismatch";
  readonly emails: { readonly queued: number; readonly sending: number };
}

/** The running parts. What HTTP and the command line do, they do through these. */
export interface Posthorn {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configs: SmtpConfigs;
  readonly templates: LoadedTemplates;
  readonly savedTemplates: SavedTemplates;
  readonly templateParts: TemplateParts;
  /** Has this node, and then the others, read again what templates show: the brand has changed. */
  readonly templatesChanged: () => Promise<void>;
  readonly tests: ConnectionTests;
  readonly outbox: Outbox;
  readonly courier: Courier;
  /** Has all couriers look for work now, on every node: an admin has changed something. */
  readonly tellCouriers: () => void;
  readonly sandbox: Sandbox | null;
  /** @throws PosthornError `store.unavailable` */
  health(): Promise<Health>;
  /** Finishes what is being sent, for up to `deadlineMs` (default 10 s), and lets everything go. */
  close(deadlineMs?: number): Promise<void>;
}

/**
 * Opens the database, unlocks the keys, and starts to deliver: every part is chosen and joined here.
 * @throws PosthornError `secret.unusable`, `store.locked`, `store.newer`, `store.unavailable`,
 *   `sandbox.unavailable`
 */
export async function openPosthorn(options: PosthornOptions): Promise<Posthorn> {
  const { clock = systemClock, log = createLog("info"), random = Math.random, sandboxPort = null } = options;
  const primary = parseSecret(options.secret, "the secret");
  const previous = (options.previousSecrets ?? []).map((secret) => parseSecret(secret, "a previous secret"));

  const { database } = options;
  const store = await (isPostgresUrl(database) ? openPostgresStore(database) : openSqliteStore(database));
  try {
    const secrets = await unlockStore(store, primary, previous, clock);
    if (!secrets.fits) {
      log.error("the secret does not fit this database: passwords cannot be read, and nothing is sent");
    }
    const metrics = createMetrics();
    const tellNodes = () => {
      if (!store.shared) return;
      store.transact([store.announcement()]).catch((error: unknown) => {
        log.warn({ err: error }, "the other nodes were not told of a change: they see it within seconds");
      });
    };
    const tellCouriers = () => {
      courier.configsChanged();
      tellNodes();
    };
    const egress = createEgress(options.egress ?? "default");
    const templates = createTemplates();
    const shelf = createTemplateShelf({ store, templates, clock, log });
    await shelf.refresh();
    const history = createTemplateHistory({ store, shelf, clock, onChanged: tellNodes });
    const savedTemplates = createSavedTemplates({ templates, shelf, history });
    const templateParts = createTemplateParts({ templates, shelf, history });
    const configs = createSmtpConfigs({ store, secrets, clock, onChanged: tellCouriers });
    const tests = createConnectionTests({
      store,
      configs,
      templates,
      egress,
      clock,
      log,
      onMended: tellCouriers,
    });
    const courier = createCourier({
      ...{ store, secrets, configs, egress, clock, log, metrics, random },
      titleOf: (attempt) => explainAttempt(attempt, { namesAccount: false })?.title ?? null,
    });
    const outbox = createOutbox({
      store,
      secrets,
      templates,
      clock,
      metrics,
      onQueued: () => courier.wake(),
    });
    const retention = createRetention({ store, clock, log });
    const sandbox = sandboxPort === null ? null : await startSandbox({ port: sandboxPort, log, clock });
    metrics.watch({ queue: () => queueOf(store, clock), sessions: courier.sessions });
    await courier.start();
    retention.start();
    shelf.start();

    return {
      clock,
      log,
      metrics,
      store,
      secrets,
      configs,
      templates,
      savedTemplates,
      templateParts,
      async templatesChanged() {
        await shelf.refresh();
        tellNodes();
      },
      tests,
      outbox,
      courier,
      tellCouriers,
      sandbox,
      health: () => healthOf(store, secrets, configs, clock),
      async close(deadlineMs = 10_000) {
        await Promise.all([shelf.stop(), retention.stop(), courier.stop(deadlineMs)]);
        await sandbox?.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * A key that fits, or is the database's first, is stored at once; another waits for an admin's hand. Nodes
 * that start together on an empty database agree on one.
 */
async function unlockStore(
  store: Store,
  primary: string,
  previous: readonly string[],
  clock: Clock,
): Promise<Secrets> {
  return store.exclusively(async (db) => {
    const secrets = await unlock({ rows: await listEncryptionKeys(db), primary, previous, clock });
    if (secrets.fits && secrets.newKey !== null) {
      await insertEncryptionKey(db, secrets.newKey);
      secrets.newKeyStored();
    }
    return secrets;
  });
}

async function queueOf({ reader }: Store, clock: Clock): Promise<QueueFigures> {
  const now = clock.now();
  const oldest = await findOldestWaiting(reader, now);
  return { ...(await countOpen(reader)), oldestAgeMs: oldest === null ? 0 : now - oldest.createdAt };
}

async function healthOf(store: Store, secrets: Secrets, configs: SmtpConfigs, clock: Clock): Promise<Health> {
  const emails = await countOpen(store.reader);
  const saved = await configs.list();
  const now = clock.now();
  const facts = {
    keyFits: secrets.fits,
    configs: saved,
    oldestWaitingAt: null,
    lastSentAt: null,
    sandbox: null,
    now,
  };
  const { level, sentence } = judgeMail(facts);
  const problems =
    level === "bad" || level === "none"
      ? [sentence]
      : concernsOf(saved, now)
          .filter(({ code }) => code !== "test_failed")
          .map(({ reason }) => reason);
  return { ok: problems.length === 0, problems, key: secrets.fits ? "fits" : "mismatch", emails };
}
