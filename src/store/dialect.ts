import type { Kysely } from "kysely";
import { PostgresAdapter } from "kysely";

/** For the few places where the databases differ: a type, a lock, a notification. */
export function isPostgres(db: Pick<Kysely<never>, "getExecutor">): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
