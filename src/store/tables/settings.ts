import type { Db } from "../schema.ts";

/** The value under a key, or undefined. The reader knows its shape and parses it. */
export async function readSetting(db: Db, key: string): Promise<unknown> {
  const row = await db.selectFrom("settings").select("value_json").where("key", "=", key).executeTakeFirst();
  return row === undefined ? undefined : JSON.parse(row.value_json);
}

export async function writeSetting(db: Db, key: string, value: unknown): Promise<void> {
  const value_json = JSON.stringify(value);
  await db
    .insertInto("settings")
    .values({ key, value_json })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value_json }))
    .execute();
}

export async function removeSetting(db: Db, key: string): Promise<boolean> {
  const result = await db.deleteFrom("settings").where("key", "=", key).executeTakeFirst();
  return result.numDeletedRows === 1n;
}
