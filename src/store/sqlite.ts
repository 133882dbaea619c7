import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { SqliteDialect, type SqliteStatement } from "kysely";
import { PosthornError } from "../errors.ts";

/** More distinct queries than Posthorn has; the bound is against queries whose length varies. */
const maxStatements = 500;

/**
 * Kysely on `node:sqlite`, with prepared statements kept.
 * `synchronous=FULL` with WAL: a commit that returned survives a power cut.
 * @param file a path, or `:memory:`.
 */
export function sqliteDialect(file: string): SqliteDialect {
  const database = guarded(() => new DatabaseSync(file));
  guarded(() =>
    database.exec(
      "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; pragma foreign_keys = on",
    ),
  );
  const statements = new Map<string, SqliteStatement>();
  return new SqliteDialect({
    database: {
      prepare(sql) {
        const known = statements.get(sql);
        if (known !== undefined) return known;
        if (statements.size >= maxStatements) statements.clear();
        const statement = adapt(guarded(() => database.prepare(sql)));
        statements.set(sql, statement);
        return statement;
      },
      close: () => database.close(),
    },
  });
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guarded(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => guarded(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}

/**
 * Primary result codes (https://sqlite.org/rescode.html) that speak of the machine and not of the
 * query: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
 */
const unavailable = new Set([5, 6, 8, 10, 13, 14]);

/** Runs the work; trouble of the disk becomes `store.unavailable`. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") {
      if (unavailable.has(error.errcode & 0xff)) {
        throw new PosthornError("store.unavailable", `The database cannot be used now: ${error.message}.`, {
          cause: error,
        });
      }
    }
    throw error;
  }
}
