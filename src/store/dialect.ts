import { type Kysely, PostgresAdapter, type RawBuilder, sql } from "kysely";

/** For the few places where the databases differ: a type, a lock, a notification, the clock of leases. */
export function isPostgres(db: Pick<Kysely<never>, "getExecutor">): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/**
 * The time that leases go by, as SQL. On PostgreSQL it is the server's, since the clocks of nodes differ; it stays
 * the same for a whole transaction. A SQLite database has one process, which brings its own time along.
 * @param now by the caller's clock.
 */
export function databaseNow(db: Pick<Kysely<never>, "getExecutor">, now: number): RawBuilder<number> {
  return isPostgres(db)
    ? sql<number>`cast(extract(epoch from now()) * 1000 as bigint)`
    : sql<number>`cast(${now} as bigint)`;
}
