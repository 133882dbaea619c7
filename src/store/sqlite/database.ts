import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** What a statement gave: rows as arrays in the order of the columns, or how many rows it changed. */
export interface SqliteAnswer {
  /** Null for a statement that gives no rows. */
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
}

/** The answers to the statements of a transaction, or why it was undone. */
export type Transacted =
  | { readonly committed: true; readonly answers: readonly SqliteAnswer[] }
  | { readonly committed: false; readonly error: unknown };

export interface SqliteStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

interface Prepared {
  readonly statement: StatementSync;
  readonly columns: readonly string[] | null;
  readonly altersSchema: boolean;
}

/** More distinct queries than Sendwright has; the bound is against queries whose length varies. */
const maxStatements = 500;

/**
 * WAL with `synchronous=FULL`: a commit that returned survives a power cut. A checkpoint, which writes the
 * log back into the database, comes every 8,000 pages (32 MB) rather than 1,000: pages that change often are then
 * written back once instead of many times.
 */
const forWriting =
  "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 8000; pragma foreign_keys = on";
const forBoth = "pragma busy_timeout = 5000; pragma cache_size = -8000";

/** Sendwright's transactions write: one that found out only later that another process does might fail. */
export const beginTransaction = "begin immediate";

/** What a connection is for: one that only reads cannot write by mistake. */
export type SqliteAccess = "write" | "read";

/** One connection to a SQLite file, which answers at once: the caller waits for the disk. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  /** @param file a path, or `:memory:`. A file that is created here can be read by its owner alone. */
  constructor(file: string, access: SqliteAccess) {
    if (access === "write" && file !== ":memory:") createPrivate(file);
    this.#database = new DatabaseSync(file);
    try {
      this.#database.exec(forBoth);
      // A connection for reading does not choose how the file is written: `query_only` would let it.
      this.#database.exec(access === "read" ? "pragma query_only = on" : forWriting);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** @throws the error of `node:sqlite`, with SQLite's `errcode`. */
  execute({ sql, parameters }: SqliteStatement): SqliteAnswer {
    const { statement, columns, altersSchema } = this.#prepare(sql);
    const values = parameters as SQLInputValue[];
    // The columns of `select *` are other ones from now on.
    if (altersSchema) this.#prepared.clear();
    if (columns === null) return { columns, rows: [], changes: Number(statement.run(...values).changes) };
    // With `setReturnArrays` each row is an array, whatever the type says.
    const rows = statement.all(...values) as unknown as readonly (readonly unknown[])[];
    return { columns, rows, changes: rows.length };
  }

  /**
   * Executes transactions, each of them whole or not at all, and commits them together: the wait for the disk,
   * which costs the time, is one for all. A transaction that fails leaves the others intact, unless the commit
   * itself fails.
   */
  transact(transactions: readonly (readonly SqliteStatement[])[]): Transacted[] {
    try {
      this.#database.exec(beginTransaction);
      const done = transactions.map((statements) => this.#transactOne(statements));
      this.#database.exec("commit");
      return done;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      return transactions.map(() => ({ committed: false, error }));
    }
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const earlier = this.#prepared.get(sql);
    if (earlier !== undefined) return earlier;
    if (this.#prepared.size >= maxStatements) this.#prepared.clear();
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const names = statement.columns().map(({ name }) => name);
    const altersSchema = /^\s*(?:create|alter|drop)\s/i.test(sql);
    const prepared = { statement, columns: names.length === 0 ? null : names, altersSchema };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #transactOne(statements: readonly SqliteStatement[]): Transacted {
    this.#database.exec("savepoint one");
    try {
      const answers = statements.map((statement) => this.execute(statement));
      this.#database.exec("release one");
      return { committed: true, answers };
    } catch (error) {
      // A disk that is full may have ended the whole (https://sqlite.org/lang_transaction.html).
      if (!this.#database.isTransaction) throw error;
      this.#database.exec("rollback to one; release one");
      return { committed: false, error };
    }
  }
}

/**
 * Creates the file of a database, unless there is one: SQLite would have everybody read it, and gives its -wal and
 * -shm files the mode of the file itself. One that is there is not opened, since closing it would free the locks
 * that other connections of this process hold (https://sqlite.org/howtocorrupt.html, 2.2).
 */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch {
    // It is there, or cannot be created: SQLite will say why.
  }
}
