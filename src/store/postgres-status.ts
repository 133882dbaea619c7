import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** What a PostgreSQL server says about itself. */
export interface PostgresStatus {
  /** Such as `18.1`. */
  readonly version: string;
  /** Milliseconds since the epoch, by the server's own clock. */
  readonly now: number;
}

export async function readPostgresStatus(db: Db): Promise<PostgresStatus> {
  const { rows } = await sql<{ version: string; now: number }>`
    select current_setting('server_version') as version,
      (extract(epoch from clock_timestamp()) * 1000)::bigint as now
  `.execute(db);
  const [row] = rows;
  if (row === undefined) throw new TypeError("A query without a table has one row.");
  return { version: row.version, now: Number(row.now) };
}
