// The database: SQLite for one server, PostgreSQL for any number of nodes, behind one interface.
// Transactions are data (step.ts), and tables/ has one file for each table.
// It knows no rules of email: which rows to write is decided in the rooms above.
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { CompiledQuery, Kysely, type QueryResult, sql, type Transaction } from "kysely";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import { migrate, refuseUnlessCurrent } from "./migrate.ts";
import { postgresDialect, type StatementLimits } from "./postgres.ts";
import { isLockTimeout, isOutdatedPlan } from "./postgres-error.ts";
import { buildIndexes } from "./postgres-indexes.ts";
import { listen } from "./postgres-listen.ts";
import { refuseUnlessSessions } from "./postgres-sessions.ts";
import type { Schema } from "./schema.ts";
import { saveCopy } from "./sqlite/copy.ts";
import type { SqliteAccess } from "./sqlite/database.ts";
import { createSqlite } from "./sqlite/dialect.ts";
import { holdLock } from "./sqlite/lock.ts";
import { runSteps, type Step, type StepResults, write } from "./step.ts";

/** The database, migrated and ready. */
export interface Store {
  readonly db: Kysely<Schema>;
  /** The same, for what reads much: it does not keep what is sent waiting. */
  readonly reader: Kysely<Schema>;
  /** Others may work on the same database: other nodes, on PostgreSQL. */
  readonly shared: boolean;
  /** Runs the work in one transaction: all of it is kept, or none. */
  transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * Runs steps in one transaction, in one go: nothing goes to and fro between them, so it is what the many
   * small transactions of sending use. Those that come while the disk is waited for share a commit.
   */
  transact<const Steps extends readonly Step<unknown>[]>(steps: Steps): Promise<StepResults<Steps>>;
  /** A transaction, while no other node does such work. */
  exclusively<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** To be added to a transaction: tells the other nodes, once it is committed, to look for work. */
  announcement(): Step<void>;
  /** Calls back when another node has announced something, or may have. */
  onAnnounced(callback: () => void): void;
  close(): Promise<void>;
}

/** `postgres://…` or `postgresql://…`; anything else is the path of a SQLite file. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(database);
}

/**
 * Opens a SQLite database for a server, taking the lock that keeps other servers off, and brings its
 * schema up to date; of a database that holds something, a copy from before is kept beside it.
 * @param file a path whose folder exists, or `:memory:`.
 * @throws SendwrightError `store.locked`, `store.newer`, `store.upgrade_failed`, `store.unavailable`
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const release = file === ":memory:" ? () => {} : holdLock(lockFile(file));
  return opened(sqliteStore(file, release), ({ db, exclusively }) =>
    migrate({ db, exclusively, beforeUpgrade: (name) => saveCopy(db, file, name) }),
  );
}

/**
 * Opens a PostgreSQL database for a node, one of any number, and brings its schema up to date.
 * @throws SendwrightError `input.invalid` for an address that is none, `store.newer`, `store.upgrade_failed`,
 *   `store.unavailable`
 */
export async function openPostgresStore(url: string): Promise<Store> {
  await refuseUnlessSessions(url);
  return opened(postgresStore(url), async ({ db }) => {
    await migrate({ db, exclusively: (work) => patiently(url, work), beforeUpgrade: async () => {} });
    await buildIndexes(db, url);
  });
}

/**
 * Opens a database beside the servers that may be running on it, for the command line: nothing is
 * locked or migrated, so whoever uses it writes single rows that a server expects to change.
 * @param access `read` for what changes nothing; of PostgreSQL that is up to whoever uses it.
 * @throws SendwrightError `store.unavailable` if there is none; `store.newer`; `store.older` if no server of
 * this version has opened it yet.
 */
export async function openStoreBeside(database: string, access: SqliteAccess = "write"): Promise<Store> {
  if (isPostgresUrl(database)) return opened(postgresStore(database), refuseUnlessCurrent);
  if (!existsSync(database)) {
    throw new SendwrightError(
      "store.unavailable",
      `Database ${database} not found. Check SENDWRIGHT_DATA_DIR, or start the server once to create it.`,
    );
  }
  return opened(
    sqliteStore(database, () => {}, access),
    refuseUnlessCurrent,
  );
}

/** Whether a server has the database open; of PostgreSQL, that must be assumed. */
export function isServed(database: string): boolean {
  if (isPostgresUrl(database)) return true;
  // The lock is taken for a moment, which would make its file.
  if (!existsSync(lockFile(database))) return false;
  try {
    holdLock(lockFile(database))();
    return false;
  } catch (error) {
    if (isSendwrightError(error, "store.locked")) return true;
    throw error;
  }
}

function lockFile(file: string): string {
  return `${file.replace(/\.db$/, "")}.lock`;
}

function sqliteStore(file: string, release: () => void, access: SqliteAccess = "write"): Store {
  const sqlite = createSqlite(file, access);
  const db = new Kysely<Schema>({ dialect: sqlite.dialect });
  // A second connection, opened when it is first used; a database in memory has but one.
  const reader =
    file === ":memory:" ? db : new Kysely<Schema>({ dialect: createSqlite(file, "read").dialect });
  const transaction: Store["transaction"] = (work) => db.transaction().execute(work);
  return {
    db,
    reader,
    shared: false,
    transaction,
    transact: (steps) => runSteps(steps, sqlite.transact),
    exclusively: transaction,
    announcement: () => write(),
    onAnnounced() {},
    async close() {
      if (reader !== db) await reader.destroy();
      await db.destroy();
      release();
    },
  };
}

/** The channel of LISTEN and NOTIFY, and the key of the lock on what one node does at a time. */
const channel = "sendwright";
const lockKey = 0x73656e64;

function postgresStore(url: string, limits?: StatementLimits | null): Store {
  const db = new Kysely<Schema>({ dialect: postgresDialect(url, limits) });
  const transaction: Store["transaction"] = (work) => db.transaction().execute(work);
  // By it a node tells its own announcements from those of others.
  const node = newId(0);
  const announcement = sql`select pg_notify(${sql.lit(channel)}, ${sql.lit(node)})`.compile(db);
  const listening: (() => Promise<void>)[] = [];
  return {
    db,
    reader: db,
    shared: true,
    transaction,
    transact: (steps) =>
      runSteps(steps, (queries) =>
        againIfOutdated(() => db.connection().execute((connection) => inOneGo(connection, queries))),
      ),
    exclusively: (work) =>
      transaction(async (within) => {
        await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(within);
        return work(within);
      }),
    announcement: () => write(announcement),
    onAnnounced(callback) {
      listening.push(listen(url, channel, (payload) => payload !== node && callback()));
    },
    async close() {
      await Promise.all(listening.map((stop) => stop()));
      await db.destroy();
    },
  };
}

/** A change of a table waits so long for those who use it, and everybody else waits behind it. Milliseconds. */
const changeLockMs = 2_000;
/** Then it lets them go on for so long before it tries again. */
const changeRestMs = 2_000;

/**
 * As `exclusively`, on a connection of its own whose statements may take as long as they need, but for the locks
 * that they wait for: meanwhile nobody could write. If one is not to be had, the work begins again a little later.
 */
async function patiently(
  url: string,
  work: (transaction: Transaction<Schema>) => Promise<void>,
): Promise<void> {
  const patient = postgresStore(url, null);
  try {
    while (!(await isDone(patient, work))) await delay(changeRestMs);
  } finally {
    await patient.close();
  }
}

async function isDone(
  patient: Store,
  work: (transaction: Transaction<Schema>) => Promise<void>,
): Promise<boolean> {
  try {
    await patient.exclusively(async (transaction) => {
      await sql`set local lock_timeout = ${sql.lit(changeLockMs)}`.execute(transaction);
      await work(transaction);
    });
    return true;
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  }
}

/**
 * A transaction whose statements go out together, from BEGIN to COMMIT: they do not wait for each other. Where
 * one fails, those after it fail too, and PostgreSQL answers the COMMIT with a ROLLBACK.
 */
async function inOneGo(
  connection: Kysely<Schema>,
  queries: readonly CompiledQuery[],
): Promise<readonly QueryResult<unknown>[]> {
  const all = [CompiledQuery.raw("begin"), ...queries, CompiledQuery.raw("commit")];
  const results = await Promise.allSettled(all.map((query) => connection.executeQuery(query)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results.slice(1, -1).flatMap((result) => (result.status === "fulfilled" ? result.value : []));
}

/** Runs a transaction once more that failed, and was undone, only because a plan in it was of an earlier schema. */
async function againIfOutdated<T>(transaction: () => Promise<T>): Promise<T> {
  try {
    return await transaction();
  } catch (error) {
    if (!(isSendwrightError(error, "store.unavailable") && isOutdatedPlan(error.cause))) throw error;
    return transaction();
  }
}

async function opened(store: Store, prepare: (store: Store) => Promise<void>): Promise<Store> {
  try {
    await prepare(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
