/**
 * The parts of a running Sendwright and how they are joined: read this first. Each part stands in the room that its
 * import names; this file decides nothing else.
 */
import { EventEmitter } from "node:events";
import { dirname } from "node:path";
import { ByteBudget } from "./core/byte-budget.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { ContentMemory } from "./core/content-memory.ts";
import { FreeDisk } from "./core/free-disk.ts";
import { createLog, type Log } from "./core/log.ts";
import { Metrics } from "./core/metrics.ts";
import { type EgressMode, systemActor } from "./core/model.ts";
import { parse } from "./core/parse.ts";
import { Poll, type Service, ServiceGroup } from "./core/service.ts";
import { inTime } from "./core/time-limit.ts";
import { nextBreaker } from "./delivery/circuit-breaker.ts";
import { DeliveryWorker } from "./delivery/worker.ts";
import { ConnectionTests } from "./diagnosis/connection-tests.ts";
import { explainAttempt } from "./diagnosis/explain-attempt.ts";
import { Discovery } from "./discovery/discovery.ts";
import { BulkRetry } from "./emails/bulk-retry.ts";
import { Outbox } from "./emails/emails.ts";
import { Intake } from "./emails/intake.ts";
import { QueueLimit } from "./emails/queue-limit.ts";
import { RecipientGuard } from "./guard/recipient-guard.ts";
import { parseRecipientRule, type RecipientRule, ruleText } from "./guard/rule.ts";
import { Retention } from "./maintenance/retention.ts";
import { AlertEmails } from "./monitoring/alert-emails.ts";
import { Alerts } from "./monitoring/alerts.ts";
import { configLinks } from "./monitoring/config-link.ts";
import { FailureRate } from "./monitoring/failure-rate.ts";
import { type Health, readHealth, readQueueFigures } from "./monitoring/health.ts";
import { Monitor } from "./monitoring/monitor.ts";
import { type OpenDns, openDns as openDnsOf } from "./net/dns.ts";
import { createEgress, webPorts } from "./net/egress.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import { parseSecret } from "./secret/derive.ts";
import type { Secrets } from "./secret/secrets.ts";
import { unlock } from "./secret/unlock.ts";
import { SenderDns } from "./sender-dns/sender-dns.ts";
import { EnvironmentConfig } from "./smtp-configs/environment-config.ts";
import { AccessTokens } from "./smtp-configs/oauth/access-tokens.ts";
import { Consents } from "./smtp-configs/oauth/consents.ts";
import { TokenEndpoint } from "./smtp-configs/oauth/token-endpoint.ts";
import { ConfigSource } from "./smtp-configs/repository.ts";
import { ConfigResolver } from "./smtp-configs/resolver.ts";
import { isSandboxConfig } from "./smtp-configs/sandbox-config.ts";
import type { SavingDependencies } from "./smtp-configs/saving.ts";
import { type SmtpConfigCreate, type SmtpConfigInput, smtpConfigCreate } from "./smtp-configs/settings.ts";
import { SmtpConfigs } from "./smtp-configs/smtp-configs.ts";
import { readLimitRatios } from "./smtp-configs/usage.ts";
import { Drafts } from "./smtp-configs/versions/drafts.ts";
import { VersionHistory } from "./smtp-configs/versions/history.ts";
import { DatabaseClock } from "./store/database-clock.ts";
import { isPostgresUrl, openPostgresStore, openSqliteStore, type Store } from "./store/store.ts";
import { insertEncryptionKey, listEncryptionKeys } from "./store/tables/encryption-keys.ts";
import type { SmtpConfig } from "./store/tables/smtp-configs.ts";
import { LoadedTemplates } from "./templates/engine/templates.ts";
import { TemplateCache } from "./templates/library/cache.ts";
import { TemplateHistory } from "./templates/library/history.ts";
import { TemplateParts } from "./templates/library/parts.ts";
import { SavedTemplates } from "./templates/library/templates.ts";
import { WebhookSender } from "./webhooks/sender.ts";

/** An option that is undefined has its default, as a variable of the environment that is not set. */
export interface ServicesOptions {
  /**
   * Path of the SQLite file, whose folder exists; `:memory:` keeps nothing. Or `postgres://…`: then any
   * number of nodes may share the database.
   */
  readonly database: string;
  /** Encrypts what is secret: 16 characters or more, best a Fernet key. */
  readonly secret: string;
  /** Earlier secrets, which still decrypt. */
  readonly previousSecrets?: readonly string[] | undefined;
  /**
   * An SMTP config that is set here: tried before all others, never stored, read-only in the page. As in
   * `POST /api/smtp-configs`.
   */
  readonly smtp?: SmtpConfigInput | undefined;
  /** Which relays may be dialled. Default: `default`, all but link-local and metadata addresses. */
  readonly egress?: EgressMode | undefined;
  /** Who is asked about domains: `address` or `address:port`. Default: the name servers of the system. */
  readonly dnsServers?: readonly string[] | undefined;
  /** Where browsers see the pages: the base of the links in what Sendwright itself tells admins. Default: no links. */
  readonly publicUrl?: string | undefined;
  /** Bytes of memory for the content of emails in flight. Default: 256 MB. */
  readonly memory?: number | undefined;
  /** Emails that may be queued; beyond that none is accepted. Default: 1,000,000. */
  readonly queueLimit?: number | undefined;
  /** Bytes of the disk under the SQLite file that must stay free, or no email is accepted. 0: any. Default: 256 MB. */
  readonly minFreeDisk?: number | undefined;
  /** Port of the sandbox relay on the loopback; 0 takes any free one. Default: none is started. */
  readonly sandboxPort?: number | null | undefined;
  /**
   * Who may get mail: `all`, `only:@acme.test,qa@acme.test`, `redirect:qa@acme.test`, or `capture`, which sends
   * everything to the sandbox. Default: `all`.
   */
  readonly recipients?: string | undefined;
  /** Default: JSON lines on standard output, from `info` on. */
  readonly log?: Log | undefined;
  readonly clock?: Clock | undefined;
  /** In [0, 1), for the jitter of retries. */
  readonly random?: (() => number) | undefined;
}

/** The running parts. What HTTP and the command line do, they do through these. */
export interface Services extends OpenConfigs {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly secrets: Secrets;
  /** What large requests are held in until their emails are stored. */
  readonly contentMemory: ContentMemory;
  readonly consents: Consents;
  readonly templates: LoadedTemplates;
  readonly savedTemplates: SavedTemplates;
  readonly templateParts: TemplateParts;
  /** Reloads the templates on this node, and then on the others: the brand has changed. */
  readonly templatesChanged: () => Promise<void>;
  readonly tests: ConnectionTests;
  readonly discovery: Discovery;
  readonly senderDns: SenderDns;
  readonly monitor: Monitor;
  readonly alerts: Alerts;
  readonly webhook: WebhookSender;
  readonly intake: Intake;
  readonly outbox: Outbox;
  readonly bulkRetry: BulkRetry;
  readonly worker: DeliveryWorker;
  readonly sandbox: Sandbox | null;
  readonly guard: RecipientGuard;
  /** @throws SendwrightError `store.unavailable` */
  health(): Promise<Health>;
  /** Finishes what is being sent, for up to `deadlineMs` (default 10 s), and releases everything. */
  close(deadlineMs?: number): Promise<void>;
}

/**
 * Opens the database, unlocks the keys, and starts to deliver. A start that fails leaves nothing open.
 * @throws SendwrightError `input.invalid` for `smtp` or `recipients`, `secret.unusable`, `store.locked`, `store.newer`,
 *   `store.unavailable`, `sandbox.unavailable`
 */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { database, log = createLog("info"), random = Math.random } = options;
  const smtp = options.smtp === undefined ? null : parse(smtpConfigCreate, options.smtp);
  const rule = parseRecipientRule(options.recipients ?? "all");
  const primary = parseSecret(options.secret, "the secret");
  const previous = (options.previousSecrets ?? []).map((secret) => parseSecret(secret, "a previous secret"));
  const store = await (isPostgresUrl(database) ? openPostgresStore(database) : openSqliteStore(database));
  try {
    const clock = options.clock ?? (await clockOf(store));
    const secrets = await unlockStore(store, primary, previous, clock);
    if (!secrets.fits) log.error("secret rejected by database; sending nothing");
    return await startServices({ ...options, store, secrets, smtp, rule, clock, log, random });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Nodes that share a database share its time of day. */
async function clockOf(store: Store): Promise<Clock> {
  if (!store.shared) return systemClock;
  const clock = new DatabaseClock(systemClock);
  await clock.look(store.db);
  return clock;
}

/** What each part may take once the deadline is over, and then the connections to the database: milliseconds. */
const closingMs = 1_000;
const defaultMemoryBytes = 256_000_000;
const defaultQueueLimit = 1_000_000;
const defaultMinFreeDisk = 256_000_000;

/** What the parts are made of. */
interface Base extends Omit<ServicesOptions, "smtp"> {
  readonly rule: RecipientRule;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly smtp: SmtpConfigCreate | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Builds the parts, from those that need nothing to those that need most, and starts what runs in the background. */
async function startServices(base: Base): Promise<Services> {
  const { store, secrets, smtp, clock, log, random } = base;
  const metrics = new Metrics();
  // Each half has its own: what is on its way to a slow relay for hours keeps nothing out, and the other way round.
  const memory = Math.floor((base.memory ?? defaultMemoryBytes) / 2);
  const contentMemory = new ContentMemory({ budget: new ByteBudget(memory), clock });

  // Where this node may dial to.
  const egress = createEgress(base.egress ?? "default");
  const webEgress = createEgress(base.egress ?? "default", undefined, webPorts);
  const openDns: OpenDns = ({ signal }) => openDnsOf({ servers: base.dnsServers ?? null, signal });

  // Who may get mail.
  const sandboxPort = base.sandboxPort ?? null;
  const sandbox = sandboxPort === null ? null : new Sandbox({ port: sandboxPort, log, clock });
  const guard = new RecipientGuard(base.rule, sandbox);
  if (base.rule.kind !== "all") log.warn({ recipients: ruleText(base.rule) }, "recipients restricted");

  // What is told of a change: the delivery worker of this node, and the other nodes.
  const changes = new EventEmitter<{ configs: []; templates: [] }>();
  const onChanged = () => void changes.emit("configs");
  for (const change of ["configs", "templates"] as const) changes.on(change, () => announce(store, log));

  // SMTP configs.
  const endpoint = new TokenEndpoint({ egress: webEgress, clock });
  const oauth = { store, secrets, endpoint, clock, log, onChanged };
  const accessTokens = new AccessTokens(oauth);
  const consents = new Consents({ ...oauth, accessTokens });
  const opened = openConfigs({ store, secrets, clock, smtp, accessTokens, onChanged });
  const { configSource, configs, resolver, drafts, versions } = opened;

  // Templates.
  const templates = new LoadedTemplates();
  const templateCache = new TemplateCache({ store, templates, clock, log });
  const onTemplatesChanged = () => void changes.emit("templates");
  const history = new TemplateHistory({ store, cache: templateCache, clock, onChanged: onTemplatesChanged });
  const savedTemplates = new SavedTemplates({ templates, cache: templateCache, history });
  const templateParts = new TemplateParts({ templates, cache: templateCache, history });

  // Delivery, and the request side that feeds it.
  const worker = new DeliveryWorker({
    store,
    secrets,
    configSource: guard.configSource(configSource),
    resolver: guard.resolver(resolver),
    guard,
    egress,
    contentBudget: new ByteBudget(memory),
    clock,
    log,
    metrics,
    random,
    isSandbox: (settings) => isSandboxConfig(settings, sandbox?.port ?? null),
    onFailing: (config) => void rollBack(versions, config, log),
    explainTitle: (attempt) => explainAttempt(attempt, { namesAccount: false })?.title ?? null,
  });
  changes.on("configs", () => worker.configsChanged());
  const onQueued = () => worker.wake();
  const disk = new FreeDisk({
    folder: folderOf(base.database),
    floor: base.minFreeDisk ?? defaultMinFreeDisk,
    clock,
  });
  const queue = new QueueLimit({ store, clock, limit: base.queueLimit ?? defaultQueueLimit });
  const intake = new Intake({ queue, disk });
  const outbox = new Outbox({ store, secrets, configSource, templates, clock, metrics, intake, onQueued });
  const bulkRetry = new BulkRetry({ store, clock, onQueued: onChanged });

  // What an admin asks about connections and domains.
  const onRecovered = onChanged;
  const tests = new ConnectionTests({
    store,
    drafts,
    configSource,
    resolver,
    templates,
    guard,
    egress,
    clock,
    log,
    onRecovered,
  });
  const discovery = new Discovery({ store, egress, clock, log, openDns });
  const senderDns = new SenderDns({ configs, clock, openDns });

  // What is checked and told without being asked.
  const linkTo = configLinks(base.publicUrl);
  const webhook = new WebhookSender({ store, secrets, egress: webEgress, clock, log });
  const alerts = new Alerts({ store, clock, linkTo });
  const alertEmails = new AlertEmails({
    store,
    configs,
    clock,
    log,
    linkTo,
    accept: (email, key) => outbox.accept(email, { caller: systemActor, idempotencyKey: key }),
  });
  const monitor = new Monitor({
    store,
    configSource,
    configs,
    resolver,
    templates,
    alerts,
    alertEmails,
    guard,
    failureRate: new FailureRate({ store, alerts, clock }),
    egress,
    clock,
    log,
    random,
    openDns,
    canRead: () => secrets.fits,
    openBreaker({ health, revision }, reason) {
      const isKnownGood = health.knownGoodVersion === revision.version;
      return nextBreaker(
        health.breaker,
        { kind: "failed", cause: "config", reason, isKnownGood },
        clock.now(),
      );
    },
    onEvents: () => void webhook.wake(),
    onChanged,
  });
  const retention = new Retention({ store, clock, log });
  const skewMs = () => (clock instanceof DatabaseClock ? clock.skewMs : 0);
  metrics.lookUp({
    queue: () => readQueueFigures(store, clock),
    sessions: () => worker.sessions(),
    nodeFaults: () => worker.faults().length + (secrets.fits ? 0 : 1),
    skewMs,
    alerts: async () => (await alerts.list()).length,
    contentMemory: () => contentMemory.inUse,
    freeDisk: () => disk.bytes(),
    configLimits: () => readLimitRatios(store.reader, configSource, clock.now()),
  });

  const background = new ServiceGroup([
    ...(sandbox === null ? [] : [sandbox]),
    ...(clock instanceof DatabaseClock ? [pollClock(clock, store, log)] : []),
    templateCache,
    accessTokens,
    worker,
    retention,
    webhook,
    monitor,
  ]);
  await background.start();
  return {
    ...opened,
    clock,
    log,
    metrics,
    store,
    secrets,
    contentMemory,
    consents,
    templates,
    savedTemplates,
    templateParts,
    async templatesChanged() {
      await templateCache.reload();
      onTemplatesChanged();
    },
    tests,
    discovery,
    senderDns,
    monitor,
    alerts,
    webhook,
    intake,
    outbox,
    bulkRetry,
    worker,
    sandbox,
    guard,
    health: () =>
      readHealth({
        store,
        secrets,
        configs,
        intake,
        clock,
        isCaptured: guard.rule.kind === "capture",
        nodeFaults: () => worker.faults(),
        skewMs,
      }),
    async close(deadlineMs = 10_000) {
      // A database that does not answer would hold both up for as long as its statements may take.
      const hasStopped = await inTime(clock, deadlineMs + closingMs, background.stop(deadlineMs));
      const hasClosed = await inTime(clock, closingMs, store.close());
      if (!hasStopped || !hasClosed) log.error("shutdown timed out; tasks still running");
    },
  };
}

/** Follows the clock of the database, which an admin may set and whose seconds are never quite those of this node. */
function pollClock(clock: DatabaseClock, { db }: Store, log: Log): Service {
  const everyMs = 10_000;
  const run = async () => {
    await clock.look(db);
    return everyMs;
  };
  return new Poll(
    { clock, log },
    { run, firstMs: everyMs, retryMs: everyMs, failure: "database clock not read" },
  );
}

/** Where a SQLite file grows; null if nothing is written to a disk of this machine. */
function folderOf(database: string): string | null {
  return isPostgresUrl(database) || database === ":memory:" ? null : dirname(database);
}

/**
 * A key that fits, or is the database's first, is stored at once; another waits for an admin. Nodes that start
 * together on an empty database agree on one.
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

/** Tells the other nodes, if there may be any, to look at what has changed. */
function announce(store: Store, log: Log): void {
  if (!store.shared) return;
  store.transact([store.announcement()]).catch((error: unknown) => {
    log.warn({ err: error }, "announcement failed; other nodes notice soon");
  });
}

/** Goes back to the version that worked, if admins have chosen that. */
async function rollBack(versions: VersionHistory, config: SmtpConfig, log: Log): Promise<void> {
  try {
    const isRolledBack = await versions.rollBack(config);
    if (isRolledBack) log.warn({ configId: config.id }, "config change failed; previous version restored");
  } catch (error) {
    log.error({ err: error }, "config restore failed");
  }
}

/** The SMTP configs of a database: where they come from, how they are changed, and how they are used. */
export interface OpenConfigs {
  readonly configSource: ConfigSource;
  readonly configs: SmtpConfigs;
  readonly resolver: ConfigResolver;
  readonly drafts: Drafts;
  readonly versions: VersionHistory;
}

export interface OpenConfigsDependencies extends SavingDependencies {
  /** The config that the environment sets, if it sets one. */
  readonly smtp?: SmtpConfigCreate | null;
  /** Without them no config can sign in with OAuth. */
  readonly accessTokens?: AccessTokens;
}

export function openConfigs(dependencies: OpenConfigsDependencies): OpenConfigs {
  const { smtp = null, accessTokens = null, ...saving } = dependencies;
  const source = new ConfigSource(smtp === null ? null : new EnvironmentConfig(smtp, saving));
  return {
    configSource: source,
    configs: new SmtpConfigs({ ...saving, source, accessTokens }),
    resolver: new ConfigResolver({ ...saving, source, accessTokens }),
    drafts: new Drafts(saving),
    versions: new VersionHistory(saving),
  };
}
