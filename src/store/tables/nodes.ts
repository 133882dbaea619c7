import type { Db } from "../schema.ts";

/** Tells that a node lives. */
export async function touchNode(db: Db, id: string, now: number): Promise<void> {
  await db
    .insertInto("nodes")
    .values({ id, seen_at: now })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ seen_at: now }))
    .execute();
}

/** The nodes that were seen after a time, in the order of their ids; those that were not are forgotten. */
export async function listNodes(db: Db, after: number): Promise<string[]> {
  await db.deleteFrom("nodes").where("seen_at", "<=", after).execute();
  const rows = await db.selectFrom("nodes").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id).sort();
}

/** The same for whoever only looks on: nobody is forgotten. */
export async function countNodes(db: Db, after: number): Promise<number> {
  const rows = await db.selectFrom("nodes").select("id").where("seen_at", ">", after).execute();
  return rows.length;
}

export async function removeNode(db: Db, id: string): Promise<void> {
  await db.deleteFrom("nodes").where("id", "=", id).execute();
}
