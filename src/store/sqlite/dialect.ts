import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { type Clock, systemClock } from "../../core/clock.ts";
import { beginTransaction, type SqliteAccess, type SqliteAnswer, SqliteDatabase } from "./database.ts";
import { sqliteError } from "./error.ts";
import { ReopeningSqlite } from "./reopening.ts";
import { type SqliteConnection, SqliteThread } from "./thread.ts";

/** A SQLite file, as Kysely's dialect and, past it, for whole transactions at once. */
export interface Sqlite {
  readonly dialect: Dialect;
  /** Runs queries in a transaction of their own. Several that wait at once are committed together. */
  transact(queries: readonly CompiledQuery[]): Promise<readonly QueryResult<unknown>[]>;
}

/** @param file a path, or `:memory:`, which stays in this thread: it waits for no disk. */
export function createSqlite(
  file: string,
  access: SqliteAccess = "write",
  clock: Pick<Clock, "monotonic"> = systemClock,
): Sqlite {
  const driver = new SqliteDriver(new ReopeningSqlite(() => open(file, access), clock));
  return {
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    transact: (queries) => driver.transact(queries),
  };
}

/** The one connection; Kysely lets one transaction or query at a time have it. */
class SqliteDriver implements Driver {
  readonly #database: ReopeningSqlite;
  readonly #connection: DatabaseConnection;
  /** What the transaction was begun on: if that ends, so does the transaction. */
  #begunOn: SqliteConnection | undefined;
  /** Resolves when the transaction ends that Kysely has begun: its statements come one by one. */
  #transaction: Promise<void> | null = null;
  #endTransaction = () => {};

  constructor(database: ReopeningSqlite) {
    this.#database = database;
    this.#connection = {
      executeQuery: async <Row>({ sql, parameters }: CompiledQuery) =>
        resultOf<Row>(await translated(() => database.execute({ sql, parameters }, this.#begunOn))),
      streamQuery() {
        throw new TypeError("Sendwright reads in pages and not in streams.");
      },
    };
  }

  async init(): Promise<void> {
    await translated(() => this.#database.current());
  }

  async transact(queries: readonly CompiledQuery[]): Promise<readonly QueryResult<unknown>[]> {
    while (this.#transaction !== null) await this.#transaction;
    const answers = await translated(() => this.#database.transact(queries));
    return answers.map(resultOf);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#transaction = new Promise((resolve) => {
      this.#endTransaction = () => {
        this.#transaction = null;
        this.#begunOn = undefined;
        resolve();
      };
    });
    try {
      this.#begunOn = await translated(() => this.#database.current());
      await connection.executeQuery(CompiledQuery.raw(beginTransaction));
    } catch (error) {
      this.#endTransaction();
      throw error;
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
    this.#endTransaction();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    } catch (error) {
      // A disk that is full may have ended the transaction already (https://sqlite.org/lang_transaction.html), and a
      // thread that has ended takes it along.
      const isOver = this.#begunOn?.hasEnded === true || String(error).includes("no transaction is active");
      if (!isOver) throw error;
    } finally {
      this.#endTransaction();
    }
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#database.close();
  }
}

async function open(file: string, access: SqliteAccess): Promise<SqliteConnection> {
  if (file !== ":memory:") return SqliteThread.start(file, access);
  const database = new SqliteDatabase(file, access);
  return {
    hasEnded: false,
    execute: async (statement) => database.execute(statement),
    async transact(statements) {
      const [done] = database.transact([statements]);
      if (done?.committed !== true) throw done?.error;
      return done.answers;
    },
    close: async () => database.close(),
  };
}

/** The rows as objects, as Kysely gives them. */
export function resultOf<Row>({ columns, rows, changes }: SqliteAnswer): QueryResult<Row> {
  if (columns === null) return { rows: [], numAffectedRows: BigInt(changes) };
  const named = rows.map((row) => {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < columns.length; index++) object[columns[index] ?? ""] = row[index];
    return object as Row;
  });
  return { rows: named, numAffectedRows: BigInt(changes) };
}

/** Trouble of the disk, or of the thread, becomes `store.unavailable`. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw sqliteError(error);
  }
}
