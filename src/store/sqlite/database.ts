import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** What a statement gave: rows as arrays in the order of the columns, or how many rows it changed. */
export interface SqliteAnswer {
  /** Null for a statement that gives no rows. */
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
}

/** One connection to a SQLite file, which answers at once: whoever calls waits for the disk. */
export interface SqliteDatabase {
  /** @throws the error of `node:sqlite`, with SQLite's `errcode`. */
  execute(statement: SqliteStatement): SqliteAnswer;
  /**
   * Executes transactions, each of them whole or not at all, and commits them together: what costs time is
   * to wait for the disk, once for all. One that fails takes none with it, unless the commit itself fails.
   */
  transact(transactions: readonly (readonly SqliteStatement[])[]): Transacted[];
  close(): void;
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

/** @param file a path, or `:memory:`. A file that is made here can be read by its owner alone. */
export function openSqliteDatabase(file: string, access: SqliteAccess): SqliteDatabase {
  if (access === "write" && file !== ":memory:") createPrivate(file);
  const database = new DatabaseSync(file);
  try {
    database.exec(forBoth);
    // Whoever only reads leaves the way of writing as it is: `query_only` would let it be changed.
    database.exec(access === "read" ? "pragma query_only = on" : forWriting);
  } catch (error) {
    database.close();
    throw error;
  }
  const known = new Map<string, Prepared>();

  function prepare(sql: string): Prepared {
    const earlier = known.get(sql);
    if (earlier !== undefined) return earlier;
    if (known.size >= maxStatements) known.clear();
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    const names = statement.columns().map(({ name }) => name);
    const altersSchema = /^\s*(?:create|alter|drop)\s/i.test(sql);
    const prepared = { statement, columns: names.length === 0 ? null : names, altersSchema };
    known.set(sql, prepared);
    return prepared;
  }

  function execute({ sql, parameters }: SqliteStatement): SqliteAnswer {
    const { statement, columns, altersSchema } = prepare(sql);
    const values = parameters as SQLInputValue[];
    // The columns of `select *` are other ones from now on.
    if (altersSchema) known.clear();
    if (columns === null) return { columns, rows: [], changes: Number(statement.run(...values).changes) };
    // With `setReturnArrays` each row is an array, whatever the type says.
    const rows = statement.all(...values) as unknown as readonly (readonly unknown[])[];
    return { columns, rows, changes: rows.length };
  }

  function transactOne(statements: readonly SqliteStatement[]): Transacted {
    database.exec("savepoint one");
    try {
      const answers = statements.map(execute);
      database.exec("release one");
      return { committed: true, answers };
    } catch (error) {
      // A disk that is full may have ended the whole (https://sqlite.org/lang_transaction.html).
      if (!database.isTransaction) throw error;
      database.exec("rollback to one; release one");
      return { committed: false, error };
    }
  }

  return {
    execute,
    transact(transactions) {
      try {
        database.exec(beginTransaction);
        const done = transactions.map(transactOne);
        database.exec("commit");
        return done;
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        return transactions.map(() => ({ committed: false, error }));
      }
    },
    close: () => database.close(),
  };
}

/**
 * Makes the file of a database, unless there is one: SQLite would have everybody read it, and gives its -wal and
 * -shm files the mode of the file itself. One that is there is not opened, since closing it would free the locks
 * that other connections of this process hold (https://sqlite.org/howtocorrupt.html, 2.2).
 */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch {
    // It is there, or cannot be made: SQLite will say why.
  }
}
