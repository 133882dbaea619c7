import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Counts by state and time read one small index, however long the log is. */
export const overview: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index emails_finished on emails (state, finished_at)
      where finished_at is not null`.execute(db);
  },
};
