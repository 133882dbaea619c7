import type { CompiledQuery } from "kysely";
import { newId } from "../../core/id.ts";
import type { Actor } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db } from "../schema.ts";
import { type Step, write } from "../step.ts";

/** Who did what to what. `detail` is redacted by whoever writes it: a secret never gets this far. */
export interface AuditEntry {
  readonly id: string;
  readonly at: number;
  readonly actor: Actor;
  /** Thing and deed, such as `smtp_config.updated`. */
  readonly action: string;
  /** The id of the thing, or null. */
  readonly target: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function writeAudit(db: Db, entry: Omit<AuditEntry, "id">): Promise<void> {
  await db.executeQuery(insertEntry(db, entry));
}

/** As `writeAudit`, as part of a transaction. */
export function auditStep(db: Db, entry: Omit<AuditEntry, "id">): Step<void> {
  return write(insertEntry(db, entry));
}

function insertEntry(db: Db, entry: Omit<AuditEntry, "id">): CompiledQuery {
  return db
    .insertInto("audit_log")
    .values({
      id: newId(entry.at),
      at: entry.at,
      actor_id: entry.actor.id,
      actor_name: entry.actor.name,
      action: entry.action,
      target: entry.target,
      detail_json: JSON.stringify(entry.detail),
    })
    .compile();
}

/** The newest first, older than `after`. */
export async function listAudit(
  db: Db,
  page: { after: string | null; limit: number },
): Promise<AuditEntry[]> {
  let query = db.selectFrom("audit_log").select(columns.audit_log).orderBy("id", "desc").limit(page.limit);
  if (page.after !== null) query = query.where("id", "<", page.after);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    actor: { id: row.actor_id, name: row.actor_name },
    action: row.action,
    target: row.target,
    detail: JSON.parse(row.detail_json),
  }));
}
