import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What the explanation of a failed attempt needs: null where it succeeded, and where it is older than this. */
export const failures: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("attempts").addColumn("failure_json", "text").execute();
  },
};
