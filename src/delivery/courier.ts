import type { Clock } from "../clock.ts";
import type { SmtpConfigs } from "../config/smtp-configs.ts";
import { PosthornError } from "../errors.ts";
import type { Log } from "../log.ts";
import { parseAddress } from "../message/address.ts";
import { senderHeaders } from "../message/mime.ts";
import type { Metrics } from "../metrics.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Connection, connect, type SendResult } from "../smtp/connection.ts";
import type { Egress } from "../smtp/egress.ts";
import {
  claimEmails,
  expireEmails,
  markBodyStarted,
  nextDueAt,
  releaseLeases,
  settleEmail,
} from "../store/email-queue.ts";
import { type Email, findContent, listRecipients, type Recipient } from "../store/emails.ts";
import { endPauses, listSmtpConfigs, pauseSmtpConfig, type SmtpConfig } from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { revealContent } from "./contents.ts";
import { attemptOf, type Ending, settlementOf } from "./outcome.ts";

/** Longer than any conversation with a relay may take. */
const leaseMs = 30 * 60_000;
/** A config that must be mended is tried again this often, with one email: some trouble mends itself. */
const configPauseMs = 60 * 60_000;
/** The courier looks around at least this often. */
const roundMs = 60_000;
/** Between tries while the database does not answer. */
const databaseRetryMs = 1_000;

/** The worker that delivers. */
export interface Courier {
  /** Frees what an earlier process left under way, then delivers whatever is due. */
  start(): Promise<void>;
  /** Looks for work now: something was queued, or a config was changed. */
  wake(): void;
  /** Takes no new email and waits for those under way; past the deadline their connections are cut. */
  stop(deadlineMs: number): Promise<void>;
}

export interface CourierParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configs: SmtpConfigs;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
}

export function createCourier(parts: CourierParts): Courier {
  const { store, secrets, configs, egress, clock, log, metrics, random } = parts;
  const underWay = new Set<Promise<void>>();
  const cut = new AbortController();
  let stopped = false;
  let round: Promise<void> | null = null;
  let roundWanted = false;
  let cancelTimer = () => {};
  let second = { startsAt: 0, taken: 0 };

  /**
   * One email's way, in five steps: load the SMTP configuration, decrypt the password, connect, send
   * over TLS, log the result.
   */
  async function deliver(email: Email): Promise<void> {
    const startedAt = clock.now();
    const recipients = await persist(() => recipientsOf(email));
    let config: SmtpConfig | null = null;
    let connection: Connection | null = null;
    let ending: Ending;
    try {
      config = await loadConfig();
      const relay = configs.openFor(config);
      connection = await connect({ ...relay, egress, clock, signal: cut.signal });
      ending = { kind: "answered", result: await send(connection, config, email, recipients) };
    } catch (error) {
      ending = { kind: "failed", error: asFailure(error) };
    }
    await logResult({ email, recipients, config, connection, ending, startedAt });
    // Goodbye only now: what a relay does at QUIT changes nothing about what it took (RFC 5321 §4.1.1.10).
    await connection?.quit();
  }

  /** The first config in order that is on and not paused. */
  async function loadConfig(): Promise<SmtpConfig> {
    const now = clock.now();
    const usable = (await listSmtpConfigs(store.db)).find(
      (config) => config.enabled && (config.pausedUntil ?? 0) <= now,
    );
    if (usable !== undefined) return usable;
    throw new PosthornError(
      "config.none_usable",
      "No SMTP configuration can be used now. See /settings/smtp.",
    );
  }

  async function send(
    connection: Connection,
    config: SmtpConfig,
    email: Email,
    recipients: readonly Recipient[],
  ): Promise<SendResult> {
    const stored = await findContent(store.db, email.id);
    if (stored === undefined) {
      throw new PosthornError("email.content_gone", "The contents of this email have been deleted.");
    }
    const from = email.from ?? { address: config.fromEmail, name: config.fromName };
    const replyTo =
      email.replyTo.length === 0 && config.replyTo !== null
        ? [{ name: null, address: config.replyTo }]
        : email.replyTo;
    const content = Buffer.concat([
      senderHeaders({ from, replyTo }),
      revealContent(secrets, email.id, stored),
    ]);
    if (email.onUnknown === "hold" && !(await markBodyStarted(store.db, email, clock.now()))) {
      throw new PosthornError("email.state_conflict", "Another worker has taken this email over.");
    }
    return connection.send({
      from: from.address,
      to: recipients.filter(({ state }) => state === "queued").map(({ address }) => address),
      content,
      needsSmtpUtf8:
        email.needsSmtpUtf8 || [from, ...replyTo].some(({ address }) => parseAddress(address).needsSmtpUtf8),
    });
  }

  async function logResult(tried: {
    readonly email: Email;
    readonly recipients: readonly Recipient[];
    readonly config: SmtpConfig | null;
    readonly connection: Connection | null;
    readonly ending: Ending;
    readonly startedAt: number;
  }): Promise<void> {
    const { email, recipients, config, ending } = tried;
    const now = clock.now();
    const attempt = attemptOf({ ...tried, now });
    const settlement = settlementOf({ email, recipients, ending, attempt, now, random: random() });
    await persist(() =>
      store.transaction(async (transaction) => {
        if (!(await settleEmail(transaction, email, settlement))) {
          log.warn({ email: email.id }, "the lease of this email was lost: its outcome is not written");
          return;
        }
        if (config === null) return;
        if (attempt.outcome === "config") {
          const reason = ending.kind === "failed" ? ending.error.message : attempt.reply;
          await pauseSmtpConfig(transaction, config, now + configPauseMs, reason);
        } else if (config.pausedUntil !== null && ending.kind === "answered") {
          await pauseSmtpConfig(transaction, config, null, null);
        }
      }),
    );
    metrics.attempts.inc({ outcome: attempt.outcome });
    const fields = {
      email: email.id,
      state: settlement.state,
      outcome: attempt.outcome,
      config: attempt.configName,
      relay: attempt.relayHost,
      stage: attempt.stage,
      code: attempt.code,
      durationMs: attempt.durationMs,
    };
    if (attempt.outcome === "sent") log.info(fields, "email sent");
    else log.warn({ ...fields, reply: attempt.reply }, "email not sent to everybody");
  }

  async function recipientsOf({ id }: Email): Promise<readonly Recipient[]> {
    return (await listRecipients(store.db, [id])).get(id) ?? [];
  }

  /**
   * Repeats what the database would not do until it does: were the outcome of a claimed email not
   * written, it would be sent again.
   */
  async function persist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (cut.signal.aborted) throw error;
        log.error({ err: error }, "the database does not answer: trying again");
        await new Promise<void>((resolve) => clock.after(databaseRetryMs, resolve));
      }
    }
  }

  /** Claims what is due and free hands can take, and sets the alarm for what is due later. */
  async function runRound(): Promise<void> {
    cancelTimer();
    const now = clock.now();
    await expireEmails(store.db, now, 1_000);
    const all = (await listSmtpConfigs(store.db)).filter((config) => config.enabled);
    const usable = all.find((config) => (config.pausedUntil ?? 0) <= now);
    const wakeTimes = [now + roundMs];
    if (usable === undefined) {
      wakeTimes.push(...all.map((config) => config.pausedUntil ?? now + roundMs));
    } else {
      const room = roomFor(usable, now);
      const claimed = await claimEmails(store.db, { now, leaseUntil: now + leaseMs, limit: room });
      second.taken += claimed.length;
      for (const email of claimed) begin(email);
      if (claimed.length < room) wakeTimes.push((await nextDueAt(store.db)) ?? now + roundMs);
      else if (usable.maxPerSecond !== null) wakeTimes.push(second.startsAt + 1_000);
    }
    cancelTimer = clock.after(Math.max(0, Math.min(...wakeTimes) - now), wake);
  }

  /** How many emails may be begun now. A config that was paused is tried with one. */
  function roomFor(config: SmtpConfig, now: number): number {
    if (now >= second.startsAt + 1_000) second = { startsAt: now, taken: 0 };
    const hands = (config.pausedUntil === null ? config.maxConnections : 1) - underWay.size;
    const quota = config.maxPerSecond === null ? hands : config.maxPerSecond - second.taken;
    return Math.max(0, Math.min(hands, quota));
  }

  function begin(email: Email): void {
    const delivery = deliver(email)
      .catch((error: unknown) => log.error({ err: error, email: email.id }, "a delivery ended unexpectedly"))
      .finally(() => {
        underWay.delete(delivery);
        wake();
      });
    underWay.add(delivery);
  }

  function wake(): void {
    if (stopped) return;
    roundWanted = true;
    if (round !== null) return;
    round = (async () => {
      while (roundWanted && !stopped) {
        roundWanted = false;
        try {
          await runRound();
        } catch (error) {
          log.error({ err: error }, "the courier cannot reach the database");
          cancelTimer = clock.after(databaseRetryMs, wake);
        }
      }
      round = null;
    })();
  }

  return {
    async start() {
      const now = clock.now();
      const freed = await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, now);
      if (freed > 0)
        log.info({ emails: freed }, "emails under way when the last process ended are queued again");
      // Another secret, a file of certificates, a cable: what was mended may have needed the restart.
      await endPauses(store.db, now);
      wake();
    },
    wake,
    async stop(deadlineMs) {
      stopped = true;
      cancelTimer();
      await round;
      const cancelCut = clock.after(deadlineMs, () => cut.abort());
      await Promise.all(underWay);
      cancelCut();
    },
  };
}

function asFailure(error: unknown): PosthornError {
  if (error instanceof PosthornError) return error;
  return new PosthornError("internal", "Posthorn failed unexpectedly; its log says more.", { cause: error });
}
