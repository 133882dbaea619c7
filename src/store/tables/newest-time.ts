import type { Db } from "../schema.ts";

/**
 * The latest time that was ever written as "now", of an email, an attempt or a deed; null in an empty database. Ids
 * begin with their time, so that the last of each table is found without a search.
 */
export async function findNewestTime(db: Db): Promise<number | null> {
  const emails = db.selectFrom("emails").select("created_at as at").orderBy("id", "desc").limit(1);
  const attempts = db.selectFrom("attempts").select("at").orderBy("id", "desc").limit(1);
  const audit = db.selectFrom("audit_log").select("at").orderBy("id", "desc").limit(1);
  const newest = await Promise.all([emails, attempts, audit].map((query) => query.executeTakeFirst()));
  const times = newest.flatMap((row) => (row === undefined ? [] : [row.at]));
  return times.length === 0 ? null : Math.max(...times);
}
