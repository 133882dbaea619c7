import type { EmailState } from "../../core/model.ts";
import type { Db } from "../schema.ts";

/** An email that repeats another one. */
export interface Resend {
  readonly id: string;
  readonly state: EmailState;
  /** The id of the actor who resent it. */
  readonly caller: string;
  readonly createdAt: number;
}

/** The emails that repeat this one, the newest first, up to a limit. */
export async function listResends(db: Db, emailId: string, limit: number): Promise<Resend[]> {
  const rows = await db
    .selectFrom("emails")
    .select(["id", "state", "caller", "created_at"])
    .where("resent_from", "=", emailId)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ id, state, caller, created_at }) => ({ id, state, caller, createdAt: created_at }));
}
