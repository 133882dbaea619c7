import { SendwrightError } from "../../src/core/errors.ts";
import { type SqliteAnswer, SqliteDatabase, type SqliteStatement } from "../../src/store/sqlite/database.ts";
import type { Fault } from "../plans/plan.ts";
import { NodeClock } from "../world/node-clock.ts";
import type { Random } from "../world/random.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";

/** The tables that a simulation fills, those that refer to others first. */
const tables = [
  "attempts",
  "recipients",
  "email_content",
  "emails",
  "smtp_config_versions",
  "smtp_config",
  "smtp_config_usage",
  "audit_log",
  "nodes",
];

const configChange = /^(?:update|insert into|delete from) "smtp_config" /;

/** The real SQL on a real SQLite database in memory, which may be told to refuse single statements. */
export class FaultyDatabase extends SqliteDatabase {
  /** Why a statement is refused; null if it is not. */
  refusal: (statement: SqliteStatement) => string | null = () => null;
  /** Called after a statement that has changed emails. */
  onEmailsChanged: () => void = () => {};
  /** Called after a statement that has changed configs. */
  onConfigsChanged: () => void = () => {};

  constructor() {
    super(":memory:", "write");
  }

  override execute(statement: SqliteStatement): SqliteAnswer {
    const refusal = this.refusal(statement);
    if (refusal !== null) throw new Error(refusal);
    const answer = super.execute(statement);
    if (answer.changes > 0 && /\b(?:update|insert into) "?(?:emails|attempts)\b/.test(statement.sql)) {
      this.onEmailsChanged();
    }
    if (answer.changes > 0 && configChange.test(statement.sql)) this.onConfigsChanged();
    return answer;
  }

  /** Rows as objects, past all faults. */
  look<Row>(sql: string, ...parameters: readonly unknown[]): Row[] {
    const { columns, rows } = super.execute({ sql, parameters });
    return rows.map(
      (row) => Object.fromEntries((columns ?? []).map((name, index) => [name, row[index]])) as Row,
    );
  }

  /** Empties the tables: a new database costs more than a scenario. */
  clear(): void {
    this.refusal = () => null;
    this.onEmailsChanged = () => {};
    this.onConfigsChanged = () => {};
    for (const table of tables) super.execute({ sql: `delete from ${table}`, parameters: [] });
  }
}

/** That a node has an email now. */
export interface Claim {
  readonly id: string;
  readonly node: number;
  readonly at: number;
  /** When the node asked for it, from which moment on it counts. */
  readonly askedAt: number;
  /** The id of the config whose limits it counts towards; null if that has none. */
  readonly limitedBy: string | null;
  readonly recipients: number;
  /** Configs that have refused the email for good. */
  readonly refusedBy: string;
}

export type DatabaseFault = Extract<Fault, { kind: "database" }>;

/** What goes wrong with one operation. */
export type Trouble = DatabaseFault["how"] | null;

export interface ServerDependencies {
  readonly database: FaultyDatabase;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly random: Random;
}

const storesBreaker = /^update "smtp_config" set "paused_until" = \?, "paused_reason"/;
/** How long a client waits for an answer. */
const timeoutMs = 5_000;
/** How long a transaction waits for a lock. */
const lockMs = 12_000;

/** The database as nodes reach it: each operation takes time, and may fail before or after it is done. */
export class DatabaseServer {
  readonly database: FaultyDatabase;
  /** Of its machine: the leases of nodes that share it go by this one. */
  readonly clock: NodeClock;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #random: Random;
  readonly #faults = new Set<DatabaseFault>();
  /** Emails whose attempts are refused, by id. */
  readonly #poisoned = new Set<string>();
  #working: string | null = null;
  /** When it last refused what became of a breaker. */
  breakerRefusedAt = Number.NEGATIVE_INFINITY;
  /** All claims of each email, the latest last. */
  readonly claims = new Map<string, readonly Claim[]>();
  /** When anything was wrong last. */
  troubleAt = Number.NEGATIVE_INFINITY;
  lastEmailChangeAt = 0;

  constructor({ database, scheduler, trace, random }: ServerDependencies) {
    this.database = database;
    this.clock = new NodeClock(scheduler, { alive: true }, 0);
    this.#scheduler = scheduler;
    this.#trace = trace;
    this.#random = random;
    database.refusal = (statement) => this.#refusal(statement);
    database.onEmailsChanged = () => {
      this.lastEmailChangeAt = scheduler.now;
    };
  }

  get now(): number {
    return this.#scheduler.now;
  }

  get isWell(): boolean {
    return this.#faults.size === 0 && this.#poisoned.size === 0;
  }

  /** Whether nodes have not reached it, or may not have, for so long. */
  isAwayFor(ms: number): boolean {
    const now = this.#scheduler.now;
    return [...this.#faults].some(({ how, at }) => how !== "refusing" && now - at >= ms);
  }

  begin(fault: DatabaseFault): void {
    this.#faults.add(fault);
  }

  end(fault: DatabaseFault): void {
    this.#faults.delete(fault);
    this.troubleAt = this.#scheduler.now;
  }

  claimed(ids: readonly string[], given: Pick<Claim, "node" | "askedAt" | "limitedBy">): void {
    for (const id of ids) {
      const [row] = this.database.look<{ refusedBy: string; recipients: number }>(
        `select coalesce(refused_by, '') as refusedBy,
          (select count(*) from recipients where email_id = emails.id and state = 'queued') as recipients
        from emails where id = ?`,
        id,
      );
      const { refusedBy, recipients } = row ?? { refusedBy: "", recipients: 0 };
      const claim: Claim = { ...given, id, at: this.#scheduler.now, recipients, refusedBy };
      this.claims.set(id, [...(this.claims.get(id) ?? []), claim]);
    }
  }

  /** The latest claim of an email by then, of one node if it is given. */
  claimOf(id: string, at = Number.POSITIVE_INFINITY, node: number | null = null): Claim | undefined {
    return this.claims.get(id)?.findLast((claim) => claim.at <= at && (node === null || claim.node === node));
  }

  poison(id: string, isPoisoned: boolean): void {
    if (isPoisoned) this.#poisoned.add(id);
    else this.#poisoned.delete(id);
    this.troubleAt = this.#scheduler.now;
  }

  /** Resolves when an operation of this node may be executed. @throws SendwrightError `store.unavailable` */
  async admit(node: number, wait: (ms: number) => Promise<void>): Promise<void> {
    await wait(this.#latency());
    for (let waited = 0; ; waited += 500) {
      const trouble = this.#troubleOf(node, ["away", "locked", "timeout"]);
      if (trouble === null) return;
      this.#note(node, trouble);
      if (trouble === "away") throw unavailable("the connection was refused");
      if (trouble === "timeout" || waited >= lockMs) {
        await wait(timeoutMs);
        throw unavailable("it did not answer in time");
      }
      await wait(500);
    }
  }

  /** Resolves when the node hears that a commit was done. @throws SendwrightError if it never does */
  async answer(node: number, wait: (ms: number) => Promise<void>): Promise<void> {
    if (this.#troubleOf(node, ["answer-lost"]) === null) return wait(this.#latency());
    this.#note(node, "answer-lost");
    await wait(timeoutMs);
    throw unavailable("the answer to the commit was lost");
  }

  /** Transactions of SQLite cannot overlap, and no event comes between their statements. */
  enter(who: string): void {
    if (this.#working !== null)
      throw new TypeError(`${who} works while a transaction of ${this.#working} is open.`);
    this.#working = who;
  }

  leave(): void {
    this.#working = null;
  }

  #latency(): number {
    return this.#random.chance(0.05) ? this.#random.int(5, 40) : this.#random.int(1, 3);
  }

  #troubleOf(node: number, kinds: readonly Trouble[]): Trouble {
    for (const fault of this.#faults) {
      if (!kinds.includes(fault.how) || (fault.node !== null && fault.node !== node)) continue;
      if (this.#random.chance(fault.share)) return fault.how;
    }
    return null;
  }

  #note(node: number, trouble: Trouble): void {
    this.troubleAt = this.#scheduler.now;
    this.#trace.note("database", `${trouble} for node${node}`);
  }

  /** Not of the database's own trouble, as a trigger or a quota speaks. */
  #refusal({ sql, parameters }: SqliteStatement): string | null {
    if (this.#faults.size === 0 && this.#poisoned.size === 0) return null;
    const isBreaker = storesBreaker.test(sql);
    if (!isBreaker && !sql.includes("insert into attempts")) return null;
    const isRefusing = [...this.#faults].some(
      ({ how, share }) => how === "refusing" && this.#random.chance(share),
    );
    if (!isRefusing && !parameters.some((value) => this.#poisoned.has(value as string))) return null;
    this.troubleAt = this.#scheduler.now;
    if (isBreaker) this.breakerRefusedAt = this.#scheduler.now;
    const what = isBreaker ? "a breaker" : "the row of an attempt";
    this.#trace.note("database", `refuses ${what}`);
    return `${what} was refused`;
  }
}

function unavailable(why: string): SendwrightError {
  return new SendwrightError("store.unavailable", `The database cannot be used now: ${why}.`);
}
