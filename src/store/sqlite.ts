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
import { openSqliteDatabase, type SqliteAnswer } from "./sqlite-database.ts";
import { sqliteError } from "./sqlite-error.ts";
import { type SqliteThread, startSqliteThread } from "./sqlite-thread.ts";

/**
 * Kysely on `node:sqlite`.
 * @param file a path, or `:memory:`, which stays in this thread: it waits for no disk.
 */
export function sqliteDialect(file: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** The one connection; Kysely lets one transaction or query at a time have it. */
class SqliteDriver implements Driver {
  readonly #file: string;
  #database: SqliteThread | null = null;
  #connection: DatabaseConnection | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    const database = await translated(() => open(this.#file));
    this.#database = database;
    this.#connection = {
      executeQuery: async <Row>({ sql, parameters }: CompiledQuery) =>
        resultOf<Row>(await translated(() => database.execute(sql, parameters))),
      streamQuery() {
        throw new TypeError("Posthorn reads in pages and not in streams.");
      },
    };
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#connection === null) throw new TypeError("The database was not opened.");
    return this.#connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // Posthorn's transactions write: one that found out only later that another process does might fail.
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    } catch (error) {
      // A disk that is full or fails has ended the transaction already (https://sqlite.org/lang_transaction.html).
      if (!String(error).includes("no transaction is active")) throw error;
    }
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#database?.close();
  }
}

async function open(file: string): Promise<SqliteThread> {
  if (file !== ":memory:") return startSqliteThread(file);
  const database = openSqliteDatabase(file);
  return {
    execute: async (sql, parameters) => database.execute(sql, parameters),
    close: async () => database.close(),
  };
}

function resultOf<Row>({ columns, rows, changes }: SqliteAnswer): QueryResult<Row> {
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
