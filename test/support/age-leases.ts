import { sql } from "kysely";
import type { Store } from "../../src/store/store.ts";

/**
 * Lets time pass for leases. On PostgreSQL they go by the server's clock, which no test moves, so their ends are
 * moved instead. On SQLite they go by the clock that the test moves itself.
 */
export async function ageLeases({ db, shared }: Store, ms: number): Promise<void> {
  if (!shared) return;
  await sql`update emails set lease_until = lease_until - ${ms} where state = 'sending'`.execute(db);
}
