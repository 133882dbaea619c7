import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { EmailState } from "../model.ts";
import type { Db, Schema } from "./schema.ts";

/** Which emails are meant: all that is given must be so. */
export interface EmailCriteria {
  readonly state?: EmailState | undefined;
  /** A whole address, in its normal form. */
  readonly recipient?: string | undefined;
  readonly template?: string | undefined;
  /** Part of the subject or of a recipient's address; case does not matter for ASCII. */
  readonly q?: string | undefined;
  /** Only what this actor sent. */
  readonly caller?: string | undefined;
}

/** For `where`, in a query over `emails`. */
export function meets({ state, recipient, template, q, caller }: EmailCriteria) {
  return ({ eb, and, or, exists, selectFrom }: ExpressionBuilder<Schema, "emails">): Expression<SqlBool> => {
    const wanted: Expression<SqlBool>[] = [];
    if (state !== undefined) wanted.push(eb("state", "=", state));
    if (template !== undefined) wanted.push(eb("template", "=", template));
    if (caller !== undefined) wanted.push(eb("caller", "=", caller));
    if (recipient !== undefined) {
      const theirs = selectFrom("recipients").select("email_id").where("address", "=", recipient);
      wanted.push(eb("emails.id", "in", theirs));
    }
    if (q !== undefined) {
      const pattern = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
      const theirs = selectFrom("recipients")
        .select("position")
        .whereRef("recipients.email_id", "=", "emails.id")
        .where(sql<SqlBool>`lower(address) like lower(${pattern}) escape '\\'`);
      wanted.push(or([sql<SqlBool>`lower(subject) like lower(${pattern}) escape '\\'`, exists(theirs)]));
    }
    return and(wanted);
  };
}

/**
 * How many emails there are, up to a cap: nobody waits for the last of a million to be counted.
 * @returns `capped`: there are more than `count`.
 */
export async function countMeeting(
  db: Db,
  criteria: EmailCriteria,
  cap: number,
): Promise<{ count: number; capped: boolean }> {
  const found = await db
    .selectFrom((eb) =>
      eb
        .selectFrom("emails")
        .select("id")
        .where(meets(criteria))
        .limit(cap + 1)
        .as("found"),
    )
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  const count = Number(found.count);
  return { count: Math.min(count, cap), capped: count > cap };
}
