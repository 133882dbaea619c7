import { columns } from "../columns.ts";
import type { Db } from "../schema.ts";

export const apiKeyScopes = ["send", "admin"] as const;
export type ApiKeyScope = (typeof apiKeyScopes)[number];

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: ApiKeyScope;
  /** The first characters of the key, by which its owner knows it. */
  readonly prefix: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly lastUsedAt: number | null;
}

/** The newest first. */
export async function listApiKeys(db: Db): Promise<ApiKey[]> {
  const rows = await db.selectFrom("api_keys").select(columns.api_keys).orderBy("id", "desc").execute();
  return rows.map(fromRow);
}

export async function findApiKeyByHash(db: Db, keyHash: string): Promise<ApiKey | undefined> {
  const row = await db
    .selectFrom("api_keys")
    .select(columns.api_keys)
    .where("key_hash", "=", keyHash)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function insertApiKey(db: Db, key: ApiKey, keyHash: string): Promise<void> {
  await db
    .insertInto("api_keys")
    .values({
      id: key.id,
      name: key.name,
      scope: key.scope,
      key_hash: keyHash,
      prefix: key.prefix,
      created_at: key.createdAt,
      created_by: key.createdBy,
      last_used_at: key.lastUsedAt,
    })
    .execute();
}

export async function deleteApiKey(db: Db, id: string): Promise<boolean> {
  const result = await db.deleteFrom("api_keys").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export async function touchApiKey(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable("api_keys").set({ last_used_at: at }).where("id", "=", id).execute();
}

function fromRow(row: {
  id: string;
  name: string;
  scope: ApiKeyScope;
  prefix: string;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
}): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    prefix: row.prefix,
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at,
  };
}
