import { columns } from "../columns.ts";
import type { Db } from "../schema.ts";

/** How one key is derived from a secret, and a token by which the fitting secret is known. */
export interface EncryptionKey {
  readonly keyId: string;
  readonly kdf: string;
  readonly salt: string | null;
  readonly params: Readonly<Record<string, number>>;
  readonly checkToken: string;
  readonly createdAt: number;
  readonly retiredAt: number | null;
}

/** All keys, the oldest first; retired ones too. */
export async function listEncryptionKeys(db: Db): Promise<EncryptionKey[]> {
  const rows = await db
    .selectFrom("encryption_key")
    .select(columns.encryption_key)
    .orderBy("created_at")
    .orderBy("key_id")
    .execute();
  return rows.map((row) => ({
    keyId: row.key_id,
    kdf: row.kdf,
    salt: row.salt,
    params: JSON.parse(row.params_json),
    checkToken: row.check_token,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
  }));
}

/** Adds a key, or takes a retired one into use again. */
export async function insertEncryptionKey(db: Db, key: EncryptionKey): Promise<void> {
  await db
    .insertInto("encryption_key")
    .values({
      key_id: key.keyId,
      kdf: key.kdf,
      salt: key.salt,
      params_json: JSON.stringify(key.params),
      check_token: key.checkToken,
      created_at: key.createdAt,
      retired_at: key.retiredAt,
    })
    .onConflict((conflict) => conflict.column("key_id").doUpdateSet({ retired_at: key.retiredAt }))
    .execute();
}

export async function retireEncryptionKey(db: Db, keyId: string, at: number): Promise<void> {
  await db.updateTable("encryption_key").set({ retired_at: at }).where("key_id", "=", keyId).execute();
}
