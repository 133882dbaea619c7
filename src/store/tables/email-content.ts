import type { CompiledQuery } from "kysely";
import { columns } from "../columns.ts";
import type { Db, EmailContentRow } from "../schema.ts";

export interface StoredContent {
  readonly content: Uint8Array;
  readonly encrypted: boolean;
}

/** The stored bytes, or undefined once they are purged. */
export async function findContent(db: Db, emailId: string): Promise<StoredContent | undefined> {
  const row = await db
    .selectFrom("email_content")
    .select(columns.email_content)
    .where("email_id", "=", emailId)
    .executeTakeFirst();
  return row === undefined ? undefined : contentFromRow(row);
}

export function contentFromRow({ content, encrypted }: EmailContentRow): StoredContent {
  return { content, encrypted: encrypted === 1 };
}

/** What is sensitive is kept no longer than it is needed: of these emails, that of those that are final. */
export function purgeSensitiveContent(db: Db, ids: readonly string[]): CompiledQuery {
  return db
    .deleteFrom("email_content")
    .where("email_id", "in", (eb) =>
      eb
        .selectFrom("emails")
        .select("id")
        .where("id", "in", [...ids])
        .where("sensitive", "=", 1)
        .where("finished_at", "is not", null),
    )
    .compile();
}

/** Ids of emails whose contents are encrypted, in order, after the given one: for a change of keys. */
export async function listEncryptedContent(
  db: Db,
  page: { after: string; limit: number },
): Promise<{ emailId: string; content: Uint8Array }[]> {
  const rows = await db
    .selectFrom("email_content")
    .select(["email_id", "content"])
    .where("encrypted", "=", 1)
    .where("email_id", ">", page.after)
    .orderBy("email_id")
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({ emailId: row.email_id, content: row.content }));
}

export async function replaceContent(db: Db, emailId: string, content: Uint8Array): Promise<void> {
  await db.updateTable("email_content").set({ content }).where("email_id", "=", emailId).execute();
}
