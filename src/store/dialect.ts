import { type Kysely, PostgresAdapter, type RawBuilder, SqliteAdapter, sql } from "kysely";

/** For the few places where the databases differ: a type, a lock, a notification, the clock of leases. */
export function isPostgres(db: Pick<Kysely<never>, "getExecutor">): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** A database that speaks SQLite's SQL and that several nodes share, as the simulator's is: it has a clock of its own. */
export class SharedSqliteAdapter extends SqliteAdapter {
  readonly now: RawBuilder<number>;

  constructor(now: RawBuilder<number>) {
    super();
    this.now = now;
  }
}

/**
 * The time that leases go by, as SQL. On PostgreSQL it is the server's, since the clocks of nodes differ; it stays
 * the same for a whole transaction. A SQLite database has one process, which brings its own time along.
 * @param now by the caller's clock.
 */
export function databaseNow(db: Pick<Kysely<never>, "getExecutor">, now: number): RawBuilder<number> {
  const { adapter } = db.getExecutor();
  if (adapter instanceof SharedSqliteAdapter) return adapter.now;
  return adapter instanceof PostgresAdapter
    ? sql<number>`cast(extract(epoch from now()) * 1000 as bigint)`
    : sql<number>`cast(${now} as bigint)`;
}
