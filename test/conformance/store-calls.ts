import { sql } from "kysely";
import type { Db } from "../../src/store/schema.ts";
import { runSteps, type Step } from "../../src/store/step.ts";
import * as alerts from "../../src/store/tables/alerts.ts";
import * as apiKeys from "../../src/store/tables/api-keys.ts";
import * as auditLog from "../../src/store/tables/audit-log.ts";
import * as configChecks from "../../src/store/tables/config-checks.ts";
import * as emailClaims from "../../src/store/tables/email-claims.ts";
import * as emailContent from "../../src/store/tables/email-content.ts";
import * as emailCounts from "../../src/store/tables/email-counts.ts";
import * as emailCriteria from "../../src/store/tables/email-criteria.ts";
import * as emailInserts from "../../src/store/tables/email-inserts.ts";
import * as emailLeases from "../../src/store/tables/email-leases.ts";
import * as emailQueue from "../../src/store/tables/email-queue.ts";
import * as emailResends from "../../src/store/tables/email-resends.ts";
import * as emailRetry from "../../src/store/tables/email-retry.ts";
import * as emailSettlements from "../../src/store/tables/email-settlements.ts";
import * as emails from "../../src/store/tables/emails.ts";
import * as encryptionKeys from "../../src/store/tables/encryption-keys.ts";
import * as failedAttempts from "../../src/store/tables/failed-attempts.ts";
import * as newestTime from "../../src/store/tables/newest-time.ts";
import * as nodes from "../../src/store/tables/nodes.ts";
import * as oauthGrants from "../../src/store/tables/oauth-grants.ts";
import * as queueDepth from "../../src/store/tables/queue-depth.ts";
import * as retention from "../../src/store/tables/retention.ts";
import * as settings from "../../src/store/tables/settings.ts";
import * as configHealth from "../../src/store/tables/smtp-config-health.ts";
import * as usage from "../../src/store/tables/smtp-config-usage.ts";
import * as versions from "../../src/store/tables/smtp-config-versions.ts";
import * as smtpConfigs from "../../src/store/tables/smtp-configs.ts";
import * as templates from "../../src/store/tables/templates.ts";
import * as users from "../../src/store/tables/users.ts";
import * as webhookDeliveries from "../../src/store/tables/webhook-deliveries.ts";
import { claimOf, ruleOf } from "../support/claim.ts";
import { newEmail } from "../support/new-email.ts";
import { bytes, sampleNow as now, sampleEmail, sampleId, scheduledEmail } from "../support/sample-rows.ts";
import { smtpConfig } from "../support/smtp-config.ts";

/** Modules of src/store that are no tables: their functions are what the tables are made with. */
export const engine: ReadonlySet<string> = new Set([
  ...["chunks", "columns", "dialect", "migrate", "row-statement", "schema", "step", "store", "value-rows"],
  // These are PostgreSQL's alone.
  ...["postgres", "postgres-error", "postgres-indexes", "postgres-listen", "postgres-status"],
]);

/** Exported functions of tables that ask no database. */
export const withoutDatabase: readonly string[] = [
  "database-clock.DatabaseClock",
  "email-claims.refusalOf",
  "email-content.contentFromRow",
  "email-claim-statement.claimStatement",
  "email-claim-statement.isDue",
  "email-leases.leaseUntil",
  "email-routing.routingCondition",
  "emails.emailFromRow",
  "emails.recipientFromRow",
  "emails.refusedByColumn",
  "postgres-sessions.hasSessions",
  "postgres-sessions.refuseUnlessSessions",
  "smtp-config-health.healthColumns",
  "smtp-config-health.healthFromRow",
  "smtp-config-health.newHealth",
  "smtp-config-health.openBreakerAt",
  "smtp-config-health.triedBreakerAt",
  "smtp-config-usage.bucketsOf",
  "smtp-config-usage.copiesOf",
  "smtp-config-usage.leftOf",
  "smtp-config-usage.limitValues",
  "smtp-config-usage.usageLimits",
  "smtp-configs.secretColumns",
  "smtp-configs.secretFromRow",
  "smtp-configs.tokenOf",
  "webhook-deliveries.newEventId",
];

const allLimits: readonly usage.UsageLimit[] = [
  { window: "minute", counts: "emails", max: 5, hasCopy: false },
  { window: "hour", counts: "emails", max: 5, hasCopy: false },
  { window: "day", counts: "emails", max: 5, hasCopy: false },
  { window: "day", counts: "recipients", max: 500, hasCopy: false },
];

/** Claims within every kind of limit, which is counted. */
async function countUsage(db: Db): Promise<void> {
  await run(db, emailInserts.insertEmails(db, [fixed(20), fixed(21)]));
  const claim = { now: now + 1, leaseMs: 2 * dayMs, limit: 5, limits: allLimits, rule: ruleOf([main]) };
  await run(db, emailClaims.claimEmails(db, claimOf(claim)));
}

const dayMs = 86_400_000;
const later = now + dayMs;
const lease = { now, leaseMs: dayMs };
const queued = sampleId(sampleEmail.queued);
const sending = sampleId(sampleEmail.sending);
const sent = sampleId(sampleEmail.sent);
const failed = sampleId(sampleEmail.failed);
const unknown = sampleId(sampleEmail.unknown);
const all = [...Object.values(sampleEmail), scheduledEmail].map(sampleId);
const main = { id: "config-1", revision: { version: 1 } };
const draft = { configId: "config-1", kind: "draft", version: 1 } as const;
const spare = { id: "config-2", revision: { version: 1 } };
const order = { kind: "template", name: "order" } as const;
const open = { state: "open", until: later, reason: "535 No", failures: 3, needsAdmin: true } as const;
const test = { at: now, ok: false, stage: "auth", title: "Password rejected" };
const batch = { after: "", limit: 3 };

async function run<Result>(db: Db, step: Step<Result>): Promise<Result> {
  const [result] = await runSteps([step], async (queries) => {
    const results = [];
    for (const query of queries) results.push(await db.executeQuery(query));
    return results;
  });
  return result;
}

async function inTurn<Result>(...work: readonly (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const one of work) results.push(await one());
  return results;
}

/** Objects with each choice of the given properties, from none of them to all. */
function combinations<Given extends object>(given: Given): Partial<Given>[] {
  return Object.entries(given).reduce<Partial<Given>[]>(
    (some, [name, value]) => some.flatMap((one) => [one, { ...one, [name]: value }]),
    [{}],
  );
}

const criteria = combinations({
  state: "failed" as const,
  recipient: "jo@example.com",
  template: "order",
  q: "100% ",
  caller: "library",
});
/** Not with each of the others: there would be too many. */
const rareCriteria: Partial<emailCriteria.EmailCriteria>[] = [
  ...combinations({ tag: "order", config: "config-1", createdFrom: 0, createdBefore: now }),
  { createdFrom: now, createdBefore: now + 1 },
  { recipient: "jo@example.com", tag: "order", createdFrom: 0, createdBefore: later },
];

/** The value of the first, where nothing promises an order, in the order of its texts. */
const sorted = (values: readonly unknown[]) =>
  [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const alert = (id: string, kind: "unreachable" | "tls_failed"): alerts.Alert => ({
  ...{
    id,
    configId: "config-1",
    configName: "Main",
    kind,
    level: 2,
    title: "t",
    explanation: "e",
    remedy: "r",
  },
  raisedAt: now,
  clearedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  emailDue: "raised",
});

const settlement = (state: "sent" | "queued" | "failed"): emailSettlements.Settlement => ({
  state,
  nextAttemptAt: state === "queued" ? later : null,
  attemptCount: 2,
  possibleDuplicate: true,
  captured: true,
  sentAt: state === "sent" ? now : null,
  finishedAt: state === "queued" ? null : now,
  released: null,
  refusedBy: state === "queued" ? ["config-1:1", "config-2:1"] : [],
  recipients: [{ position: 1, state, code: 250, enhancedCode: "2.0.0", reply: "Ok" }],
  attempt: {
    id: sampleId(30),
    at: now,
    configId: "config-2",
    configName: null,
    relayHost: "smtp.example.com",
    relayAddress: null,
    tlsVersion: null,
    stage: "message",
    outcome: "sent",
    errorCode: null,
    code: null,
    enhancedCode: null,
    reply: null,
    durationMs: 5,
    possibleDuplicate: true,
    captured: true,
    failure: null,
    route: null,
  },
});

const someTemplate = (name: string, content: unknown): templates.StoredTemplate => ({
  kind: "template",
  name,
  version: 2,
  revision: 2,
  content,
  createdAt: now,
  updatedAt: later,
  updatedBy: "user:2",
});

/**
 * A call of each query, on the rows of `writeSample` and by itself: `module.function` and what it gives.
 * Those that take filters are called with every choice of them.
 */
export const calls: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  "alerts.listOpenAlerts": alerts.listOpenAlerts,
  "alerts.listAlertsToTell": alerts.listAlertsToTell,
  "alerts.findAlert": (db) => inTurn(...[1, 2, 9].map((n) => () => alerts.findAlert(db, sampleId(n)))),
  "alerts.insertAlert": (db) =>
    inTurn(
      () => alerts.insertAlert(db, alert(sampleId(3), "unreachable")),
      () => alerts.insertAlert(db, alert(sampleId(4), "tls_failed")),
    ),
  "alerts.updateOpenAlert": (db) =>
    inTurn(...[1, 2].map((n) => () => alerts.updateOpenAlert(db, alert(sampleId(n), "unreachable")))),
  "alerts.alertTold": (db) => alerts.alertTold(db, { ...alert(sampleId(1), "unreachable"), level: 1 }),
  "alerts.deleteClearedAlerts": (db) => alerts.deleteClearedAlerts(db, later),

  "api-keys.listApiKeys": apiKeys.listApiKeys,
  "api-keys.findApiKeyByHash": (db) =>
    inTurn(...["hash-1", "none"].map((hash) => () => apiKeys.findApiKeyByHash(db, hash))),
  "api-keys.insertApiKey": (db) => {
    const key = {
      id: sampleId(5),
      name: "New",
      scope: "admin",
      prefix: "sw_x",
      createdBy: "user:1",
    } as const;
    return apiKeys.insertApiKey(db, { ...key, createdAt: now, lastUsedAt: later }, "hash-5");
  },
  "api-keys.deleteApiKey": (db) => inTurn(...[1, 1].map((n) => () => apiKeys.deleteApiKey(db, sampleId(n)))),
  "api-keys.touchApiKey": (db) => apiKeys.touchApiKey(db, sampleId(1), later),

  "audit-log.writeAudit": (db) => {
    const entry = { at: now, actor: { id: "user:1", name: "Ada" }, action: "api_key.created" };
    return auditLog.writeAudit(db, { ...entry, target: null, detail: { name: "Shop" } });
  },
  "audit-log.auditStep": (db) => {
    const entry = { at: now, actor: { id: "user:1", name: "Ada" }, action: "email.resent" };
    return run(db, auditLog.auditStep(db, { ...entry, target: sent, detail: {} }));
  },
  "audit-log.listAudit": (db) =>
    inTurn(...[null, sampleId(2)].map((after) => () => auditLog.listAudit(db, { after, limit: 2 }))),

  "config-checks.listConfigChecks": async (db) => sorted(await configChecks.listConfigChecks(db)),
  "config-checks.findConfigCheck": (db) =>
    inTurn(...["config-1", "none"].map((id) => () => configChecks.findConfigCheck(db, id))),
  "config-checks.planConfigCheck": (db) =>
    inTurn(...["config-1", "config-3"].map((id) => () => configChecks.planConfigCheck(db, id, later))),
  "config-checks.claimConfigCheck": (db) => {
    const claim = (configId: string, checkedAt: number | null) => () =>
      configChecks.claimConfigCheck(db, { configId, checkedAt }, { now, until: later });
    return inTurn(
      claim("config-1", now),
      claim("config-1", now),
      claim("config-2", null),
      claim("config-1", null),
    );
  },
  "config-checks.finishConfigCheck": async (db) => {
    const check = { configId: "config-1", dueAt: later, checkedAt: now, version: 1 };
    await configChecks.claimConfigCheck(db, check, { now, until: later });
    return inTurn(
      () => configChecks.finishConfigCheck(db, { ...check, outcome: null }, now),
      () => configChecks.finishConfigCheck(db, { ...check, outcome: null }, later),
    );
  },
  "config-checks.releaseConfigCheck": async (db) => {
    await configChecks.claimConfigCheck(db, { configId: "config-1", checkedAt: now }, { now, until: later });
    await configChecks.releaseConfigCheck(db, "config-1", later, later);
  },
  "config-checks.deleteConfigCheck": (db) => configChecks.deleteConfigCheck(db, "config-1"),

  "email-claims.claimEmails": async (db) => {
    await run(db, emailInserts.insertEmails(db, [fixed(20), fixed(21), fixed(22)]));
    await db
      .updateTable("emails")
      .set({ refused_by: " config-1:1 " })
      .where("id", "=", sampleId(20))
      .execute();
    const claim = { now: now + 2 * 3_600_000, leaseMs: dayMs, rule: ruleOf([main]) };
    const standIn = ruleOf([main, spare], 1);
    const shares = { normal: 1, low: 1 };
    return inTurn(
      ...[
        { ...claim, limit: 1, rule: standIn },
        { ...claim, limit: 2, shares },
        { ...claim, limit: 5, expiryNow: now + 10 * dayMs },
        { ...claim, limit: 5, rule: ruleOf([main, spare], 1, [false, true]) },
        { ...claim, limit: 5 },
        { ...claim, limit: 5, limits: allLimits, shares },
      ].map((one) => () => run(db, emailClaims.claimEmails(db, claimOf(one)))),
    );
  },
  "smtp-config-usage.readUsage": async (db) => {
    await countUsage(db);
    return inTurn(
      ...[now, now + 90_000, later].map((at) => async () => [...(await usage.readUsage(db, at))].sort()),
    );
  },
  "smtp-config-usage.usageStep": async (db) => {
    await countUsage(db);
    return [...(await run(db, usage.usageStep(db, now)))].sort();
  },
  "smtp-config-usage.deleteOldUsage": async (db) => {
    await countUsage(db);
    return inTurn(
      ...[now, now + 90_000, later + dayMs].map((at) => async () => {
        await usage.deleteOldUsage(db, at);
        return db
          .selectFrom("smtp_config_usage")
          .select(["bucket_ms", "starts_at", "emails", "recipients"])
          .orderBy("bucket_ms")
          .execute();
      }),
    );
  },
  "smtp-config-usage.releaseUsage": async (db) => {
    await countUsage(db);
    const [email] = await db
      .selectFrom("emails")
      .select(["id", "lease"])
      .where("state", "=", "sending")
      .execute();
    if (email === undefined) throw new Error("one was claimed");
    const counted = { configId: "config-1", limits: allLimits, claimedAt: now, recipients: 1 };
    const released = [
      { claimed: email, counted },
      { claimed: { ...email, lease: 99 }, counted },
    ];
    for (const query of usage.releaseUsage(db, released)) await db.executeQuery(query);
    return db
      .selectFrom("smtp_config_usage")
      .select(["bucket_ms", "starts_at", "emails", "recipients"])
      .orderBy("bucket_ms")
      .execute();
  },
  "email-claims.isAnythingDue": async (db) => {
    await run(db, emailInserts.insertEmails(db, [fixed(20)]));
    await db
      .updateTable("emails")
      .set({ refused_by: " config-1:1 " })
      .where("id", "=", sampleId(20))
      .execute();
    const due = { now, expiryNow: now };
    return inTurn(
      ...[main, spare].flatMap((config) =>
        [ruleOf([config]), ruleOf([main, spare], 1), ruleOf([main, spare], 1, [false, true])].map(
          (rule) => () => emailClaims.isAnythingDue(db, { ...due, rule }),
        ),
      ),
      () =>
        emailClaims.isAnythingDue(db, { ...due, rule: ruleOf([main, spare], 1), expiryNow: later + dayMs }),
    );
  },
  "email-claims.forgetRefusals": async (db) => {
    await db.updateTable("emails").set({ refused_by: " config-1:1 config-2:1 " }).execute();
    const other = { id: "config-3", revision: { version: 1 } };
    return inTurn(
      ...[[], [main, other], [main, spare]].map((configs) => async () => {
        await emailClaims.forgetRefusals(db, configs.map(emailClaims.refusalOf));
        return db.selectFrom("emails").select(["id", "refused_by"]).orderBy("id").execute();
      }),
    );
  },
  "email-claims.queueAgainAfterStep": (db) =>
    inTurn(
      ...[null, now + 3_600_000].map((before) => () => {
        return emailClaims.queueAgainAfterStep(db, { now: now - dayMs, before, longestMs: 3_600_000 });
      }),
    ),
  "email-claims.nextDueAt": emailClaims.nextDueAt,
  "email-leases.renewLeases": (db) => {
    const held = [sending, queued].map((id) => ({ id, lease: 1 }));
    return inTurn(...[held, []].map((claimed) => () => emailLeases.renewLeases(db, claimed, lease)));
  },
  "email-leases.markBodyStarted": (db) =>
    inTurn(...[1, 2].map((lease) => () => emailLeases.markBodyStarted(db, { id: sending, lease }, later))),
  "email-leases.releaseLeases": async (db) => {
    await emailLeases.renewLeases(db, [{ id: sending, lease: 1 }], lease);
    const first = await emailLeases.releaseLeases(db, now, now);
    const claim = { now: later - 1, leaseMs: dayMs, limit: 5 };
    await run(db, emailClaims.claimEmails(db, claimOf(claim)));
    return [first, await emailLeases.releaseLeases(db, Number.POSITIVE_INFINITY, later)];
  },

  "email-content.findContent": (db) =>
    inTurn(...[queued, "none"].map((id) => () => emailContent.findContent(db, id))),
  "email-content.purgeSensitiveContent": async (db) => {
    const { numAffectedRows } = await db.executeQuery(emailContent.purgeSensitiveContent(db, all));
    return numAffectedRows;
  },
  "email-content.listEncryptedContent": (db) =>
    inTurn(...["", sent].map((after) => () => emailContent.listEncryptedContent(db, { after, limit: 4 }))),
  "email-content.replaceContent": (db) => emailContent.replaceContent(db, queued, bytes.subarray(7)),

  "email-counts.countEmails": (db) => {
    const hour = (number: number) => ({ from: now - number * 3_600_000, to: now - (number - 1) * 3_600_000 });
    const spans = Array.from({ length: 24 }, (_, index) => hour(24 - index));
    return inTurn(...[[], [hour(3)], spans].map((some) => () => emailCounts.countEmails(db, some)));
  },
  "email-counts.findOldestWaiting": (db) => emailCounts.findOldestWaiting(db, now),
  "email-counts.findLastSentAt": emailCounts.findLastSentAt,

  "email-criteria.listEmails": (db) =>
    inTurn(
      ...combinations({ after: sampleId(2) }).flatMap((page) =>
        [...criteria, ...rareCriteria].map(
          (one) => () => emailCriteria.listEmails(db, { ...one, ...page, limit: 3 }),
        ),
      ),
    ),
  "email-criteria.idsMeeting": (db) =>
    inTurn(
      ...criteria.map((one) => () => emailCriteria.idsMeeting(db, one, { after: sent, limit: 3 }).execute()),
    ),
  "email-criteria.countMeeting": (db) =>
    inTurn(
      ...[1, 100].flatMap((cap) => criteria.map((one) => () => emailCriteria.countMeeting(db, one, cap))),
    ),

  "email-inserts.insertEmails": (db) =>
    run(db, emailInserts.insertEmails(db, [fixed(20), fixed(21), fixed(22)])),
  "email-inserts.isKeyTaken": async (db) => {
    await sql`savepoint before`.execute(db);
    const again = run(db, emailInserts.insertEmails(db, [fixed(20), fixed(21, "key-1")]));
    const error = await again.catch((thrown: unknown) => thrown);
    await sql`rollback to before`.execute(db);
    return [emailInserts.isKeyTaken(error), emailInserts.isKeyTaken(undefined)];
  },

  "email-queue.expireEmails": async (db) => [
    await emailQueue.expireEmails(db, { now, expiryNow: now }, 10),
    await emailQueue.expireEmails(db, { now: later + dayMs, expiryNow: now }, 10),
    sorted(await emailQueue.expireEmails(db, { now: later + dayMs, expiryNow: later + dayMs }, 10)),
  ],
  "email-queue.endQueued": (db) =>
    inTurn(
      () => emailQueue.endQueued(db, queued, "cancelled", now),
      () => emailQueue.endQueued(db, sent, "cancelled", now),
      async () => (await run(db, emailInserts.insertEmails(db, [fixed(20)]))) ?? false,
      () => emailQueue.endQueued(db, sampleId(20), "expired", now),
    ),
  "email-queue.requeueEmail": (db) =>
    inTurn(...all.map((id) => () => emailQueue.requeueEmail(db, id, now, later))),

  "email-resends.listResends": async (db) => {
    await db.updateTable("emails").set({ resent_from: sent }).where("id", "in", [failed, unknown]).execute();
    return inTurn(...[1, 9].map((limit) => () => emailResends.listResends(db, sent, limit)));
  },

  "email-retry.listForRetry": (db) =>
    inTurn(
      ...combinations({ createdBefore: now }).flatMap((time) =>
        criteria.map((one) => () => {
          const wanted = { ...one, ...time, state: "failed" as const };
          return emailRetry.listForRetry(db, wanted, { after: sampleId(9), limit: 3 });
        }),
      ),
    ),
  "email-retry.requeueEmails": (db) =>
    inTurn(
      ...(["failed", "unknown", "partial"] as const).map((state) => () => {
        return emailRetry.requeueEmails(db, all, { state, now, expiresAt: later });
      }),
    ),

  "email-settlements.settleEmails": async (db) => {
    await run(db, emailClaims.claimEmails(db, claimOf({ now: later - 1, leaseMs: dayMs, limit: 5 })));
    const claimed = (id: string, lease: number) => ({ id, lease, sensitive: true });
    const outcomes = [
      { claimed: claimed(sending, 1), settlement: settlement("sent") },
      { claimed: claimed(queued, 2), settlement: { ...settlement("queued"), attempt: null } },
      { claimed: claimed(sampleId(scheduledEmail), 1), settlement: settlement("failed") },
    ];
    return inTurn(...[1, 2].map(() => () => run(db, emailSettlements.settleEmails(db, outcomes))));
  },
  "email-settlements.settleMinimally": (db) =>
    inTurn(
      ...[1, 2].map((token) => () => {
        const claimed = { id: sending, lease: token, sensitive: true };
        return run(db, emailSettlements.settleMinimally(db, { claimed, settlement: settlement("sent") }));
      }),
    ),

  "emails.releaseIdempotencyKey": (db) => emails.releaseIdempotencyKey(db, queued),
  "emails.findByIdempotencyKey": (db) =>
    inTurn(...["key-1", "none"].map((key) => () => emails.findByIdempotencyKey(db, "library", key))),
  "emails.findEmail": (db) => inTurn(...[...all, "none"].map((id) => () => emails.findEmail(db, id))),
  "emails.listRecipients": (db) =>
    inTurn(...[all, [], ["none"]].map((ids) => () => emails.listRecipients(db, ids))),
  "emails.listAttempts": (db) => inTurn(...[failed, "none"].map((id) => () => emails.listAttempts(db, id))),
  "emails.countOpen": emails.countOpen,

  "encryption-keys.listEncryptionKeys": encryptionKeys.listEncryptionKeys,
  "encryption-keys.insertEncryptionKey": (db) => {
    const key = { kdf: "hkdf", salt: "salt", params: { n: 2 }, checkToken: "token", createdAt: now };
    return inTurn(
      ...["old", "new"].map((keyId) => () => {
        return encryptionKeys.insertEncryptionKey(db, { ...key, keyId, retiredAt: null });
      }),
    );
  },
  "encryption-keys.retireEncryptionKey": (db) => encryptionKeys.retireEncryptionKey(db, "old", later),

  "failed-attempts.listFailedAttempts": (db) => failedAttempts.listFailedAttempts(db, 5),
  "failed-attempts.countByState": failedAttempts.countByState,

  "newest-time.findNewestTime": newestTime.findNewestTime,

  "nodes.touchNode": (db) =>
    inTurn(...["sample-1", "sample-3"].map((id) => () => nodes.touchNode(db, id, later))),
  "nodes.listNodes": (db) => nodes.listNodes(db, now - 1.5 * 3_600_000),
  "nodes.countNodes": (db) => nodes.countNodes(db, now - 1.5 * 3_600_000),
  "nodes.removeNode": (db) => nodes.removeNode(db, "sample-1"),

  "oauth-grants.listOauthGrants": oauthGrants.listOauthGrants,
  "oauth-grants.findOauthGrant": (db) =>
    inTurn(...["config-1", "none"].map((id) => () => oauthGrants.findOauthGrant(db, id))),
  "oauth-grants.findConsent": (db) =>
    inTurn(...["state", "none"].map((state) => () => oauthGrants.findConsent(db, state))),
  "oauth-grants.writeOauthGrant": async (db) => {
    const write = (id: string, read?: { version: number }) => () =>
      oauthGrants.writeOauthGrant(db, id, read, "grant-2");
    const written = await inTurn(
      ...[write("config-1"), write("config-1", { version: 6 }), write("config-1", { version: 7 })],
      write("config-2"),
    );
    const { version, ...grant } = (await oauthGrants.findOauthGrant(db, "config-2")) ?? {};
    // The version of a new grant is drawn by lot.
    await oauthGrants.deleteOauthGrant(db, "config-2");
    return [written, typeof version, grant];
  },
  "oauth-grants.beginRenewal": (db) => {
    const begin = (version: number, at: number) => () =>
      oauthGrants.beginRenewal(db, { configId: "config-1", version }, at, later);
    return inTurn(begin(6, now), begin(7, now), begin(7, now), begin(7, later));
  },
  "oauth-grants.endRenewal": (db) => {
    const read = { configId: "config-1", version: 7 };
    return inTurn(
      ...[{ at: now, words: "invalid_grant" }, null].map((refusal) => () => {
        return oauthGrants.endRenewal(db, read, refusal);
      }),
    );
  },
  "oauth-grants.beginConsent": (db) =>
    oauthGrants.beginConsent(db, "config-1", { state: "next", enc: "consent-2", expiresAt: later }),
  "oauth-grants.takeConsent": (db) =>
    inTurn(
      ...["none", "state", "state"].map((state) => () => oauthGrants.takeConsent(db, "config-1", state)),
    ),
  "oauth-grants.noteConsentError": (db) => oauthGrants.noteConsentError(db, "config-1", "access_denied"),
  "oauth-grants.replaceOauthTokens": async (db) => {
    const next = { grantEnc: "grant-2", consentEnc: null };
    const replace = (grantEnc: string, consentState: string | null) => () =>
      oauthGrants.replaceOauthTokens(db, { configId: "config-1", grantEnc, consentState }, next);
    const before = await inTurn(replace("grant", null), replace("grant", "state"));
    await oauthGrants.takeConsent(db, "config-1", "state");
    return [before, await replace("grant-2", null)()];
  },
  "oauth-grants.deleteOauthGrant": (db) =>
    inTurn(...[1, 2].map(() => () => oauthGrants.deleteOauthGrant(db, "config-1"))),

  "queue-depth.readQueueDepth": (db) =>
    inTurn(...[0, now].map((at) => () => queueDepth.readQueueDepth(db, at))),
  "queue-depth.countQueued": (db) =>
    inTurn(...[1, 1_000_000].map((limit) => () => queueDepth.countQueued(db, limit))),

  "retention.purgeContents": (db) =>
    inTurn(
      ...[1, 10_000].map((maxBytes) => () => {
        return retention.purgeContents(db, { ...batch, finalBy: later, maxBytes });
      }),
      () => retention.purgeContents(db, { ...batch, finalBy: 1, maxBytes: 1 }),
    ),
  "retention.deleteEmails": (db) =>
    inTurn(
      ...["", unknown].map((after) => () => retention.deleteEmails(db, { after, limit: 3, finalBy: later })),
      () => retention.deleteEmails(db, { ...batch, finalBy: 1 }),
    ),
  "retention.releaseIdempotencyKeys": (db) =>
    inTurn(
      ...[1, later].map((acceptedBefore) => () => {
        return retention.releaseIdempotencyKeys(db, { ...batch, acceptedBefore });
      }),
    ),

  "settings.readSetting": (db) =>
    inTurn(...["templates_revision", "none"].map((key) => () => settings.readSetting(db, key))),
  "settings.writeSetting": (db) =>
    inTurn(...[{ a: "ü" }, [1]].map((value) => () => settings.writeSetting(db, "new", value))),
  "settings.removeSetting": (db) =>
    inTurn(...[1, 2].map(() => () => settings.removeSetting(db, "templates_revision"))),

  "smtp-config-versions.listVersions": (db) =>
    inTurn(
      ...(["past", "draft"] as const).map((kind) => () => versions.listVersions(db, "config-1", kind)),
      () => versions.listVersions(db, "none", "past"),
    ),
  "smtp-config-versions.listAllVersions": versions.listAllVersions,
  "smtp-config-versions.listPastNumbers": versions.listPastNumbers,
  "smtp-config-versions.insertVersion": async (db) => {
    const [past] = await versions.listVersions(db, "config-1", "past");
    if (past !== undefined) await versions.insertVersion(db, { ...past, version: 2, lastTest: test });
  },
  "smtp-config-versions.deleteVersions": (db) =>
    inTurn(
      () => versions.deleteVersions(db, "config-1", "past", 1),
      () => versions.deleteVersions(db, "config-1", "past", 2),
      () => versions.deleteVersions(db, "config-1", "draft"),
    ),
  "smtp-config-versions.recordVersionTest": (db) =>
    versions.recordVersionTest(db, { ...draft, secret: { kind: "none", seal: "" } }, test),
  "smtp-config-versions.replaceVersionSecret": (db) =>
    inTurn(
      ...["other", ""].map((seal) => () => {
        const next = { kind: "none", seal: "next" } as const;
        return versions.replaceVersionSecret(db, { ...draft, secret: { kind: "none", seal } }, next);
      }),
    ),

  "smtp-config-health.recordSmtpConfigTest": (db) => configHealth.recordSmtpConfigTest(db, "config-1", test),
  "smtp-config-health.endCooldowns": (db) => configHealth.endCooldowns(db, now),
  "smtp-config-health.closeBreaker": (db) =>
    inTurn(...["config-1", "config-2", "config-2"].map((id) => () => configHealth.closeBreaker(db, id))),
  "smtp-config-health.breakerStep": (db) =>
    inTurn(
      ...[null, "421"].map((reason) => () => {
        return run(db, configHealth.breakerStep(db, main, { ...open, reason }));
      }),
      () => run(db, configHealth.breakerStep(db, main, { ...open, state: "half-open" })),
      () => run(db, configHealth.breakerStep(db, spare, configHealth.closedBreaker)),
    ),
  "smtp-config-health.beginTrial": async (db) => {
    await run(db, configHealth.breakerStep(db, spare, open));
    const tried = { ...open, state: "half-open" } as const;
    return inTurn(
      ...[{ ...open, until: now }, open, open, tried, { ...tried, until: later + 1 }].map(
        (read, index) => () => {
          return configHealth.beginTrial(db, spare, read, later + 1 + index);
        },
      ),
    );
  },
  "smtp-config-health.versionHealthStep": (db) =>
    inTurn(
      () => run(db, configHealth.versionHealthStep(db, main, "failing")),
      () => run(db, configHealth.versionHealthStep(db, spare, "known-good")),
    ),

  "smtp-configs.listSmtpConfigs": smtpConfigs.listSmtpConfigs,
  "smtp-configs.smtpConfigsStep": (db) => run(db, smtpConfigs.smtpConfigsStep(db)),
  "smtp-configs.findSmtpConfig": (db) =>
    inTurn(...["config-1", "none"].map((id) => () => smtpConfigs.findSmtpConfig(db, id))),
  "smtp-configs.insertSmtpConfig": (db) =>
    smtpConfigs.insertSmtpConfig(
      db,
      smtpConfig({ id: "config-3", settings: { name: "Grüße" }, health: { lastTest: test } }),
    ),
  "smtp-configs.updateSmtpConfig": (db) => {
    const next = smtpConfig({
      settings: { enabled: false, maxPerSecond: 3 },
      revision: { version: 2 },
      health: { lastTest: test },
    });
    return inTurn(...[3, 1].map((version) => () => smtpConfigs.updateSmtpConfig(db, next, version)));
  },
  "smtp-configs.deleteSmtpConfig": (db) =>
    inTurn(...[1, 2].map(() => () => smtpConfigs.deleteSmtpConfig(db, "config-1"))),
  "smtp-configs.replaceSmtpConfigSecret": (db) =>
    inTurn(
      ...["other", ""].map((seal) => () => {
        const next = { kind: "none", seal: "next" } as const;
        return smtpConfigs.replaceSmtpConfigSecret(db, { ...main, secret: { kind: "none", seal } }, next);
      }),
    ),

  "templates.readTemplatesRevision": templates.readTemplatesRevision,
  "templates.nextTemplatesRevision": templates.nextTemplatesRevision,
  "templates.listTemplateKeys": async (db) => sorted(await templates.listTemplateKeys(db)),
  "templates.listTemplatesSince": (db) =>
    inTurn(...[0, 1].map((revision) => () => templates.listTemplatesSince(db, revision))),
  "templates.findTemplate": (db) =>
    inTurn(...["order", "none"].map((name) => () => templates.findTemplate(db, { kind: "template", name }))),
  "templates.saveTemplate": (db) =>
    inTurn(
      ...["order", "new"].map((name) => () => {
        return templates.saveTemplate(db, someTemplate(name, null), { change: "reset", note: null });
      }),
    ),
  "templates.deleteTemplate": (db) => templates.deleteTemplate(db, order),
  "templates.listTemplateVersions": async (db) => {
    const next = someTemplate("order", { subject: "Hi" });
    await templates.saveTemplate(db, next, { change: "edited", note: null });
    return templates.listTemplateVersions(db, order);
  },
  "templates.findTemplateVersion": (db) =>
    inTurn(...[1, 9].map((version) => () => templates.findTemplateVersion(db, order, version))),

  "users.listAdminAddresses": users.listAdminAddresses,

  "webhook-deliveries.insertWebhookDelivery": (db) =>
    webhookDeliveries.insertWebhookDelivery(db, { id: "msg_2", body: "{}", createdAt: later }),
  "webhook-deliveries.listDueWebhookDeliveries": (db) =>
    inTurn(...[1, now].map((at) => () => webhookDeliveries.listDueWebhookDeliveries(db, at, 5))),
  "webhook-deliveries.nextWebhookTryAt": async (db) => {
    const first = await webhookDeliveries.nextWebhookTryAt(db);
    await webhookDeliveries.deleteWebhookDeliveries(db);
    return [first, await webhookDeliveries.nextWebhookTryAt(db)];
  },
  "webhook-deliveries.claimWebhookDelivery": (db) =>
    inTurn(...[1, 2].map(() => () => webhookDeliveries.claimWebhookDelivery(db, delivery, later))),
  "webhook-deliveries.postponeWebhookDelivery": (db) =>
    webhookDeliveries.postponeWebhookDelivery(db, delivery, { tries: 3, at: later }),
  "webhook-deliveries.deleteWebhookDelivery": (db) => webhookDeliveries.deleteWebhookDelivery(db, "msg_1"),
  "webhook-deliveries.deleteWebhookDeliveries": webhookDeliveries.deleteWebhookDeliveries,
};

const delivery = { id: "msg_1", body: "{}", createdAt: now, tries: 0, nextTryAt: now };

/** A new email whose id is the same in each run. */
function fixed(number: number, key = `new-${number}`) {
  const { email, ...rest } = newEmail(now, { key, recipients: ["jo@example.com", "al@example.com"] });
  return { ...rest, email: { ...email, id: sampleId(number), messageId: `<${number}@example.com>` } };
}
