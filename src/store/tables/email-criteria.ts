import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import { firstIdAt } from "../../core/id.ts";
import type { EmailState } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db, Schema } from "../schema.ts";
import { type Email, emailFromRow } from "./emails.ts";

/** Which emails are meant: all that is given must be so. */
export interface EmailCriteria {
  readonly state?: EmailState | undefined;
  /** A whole address, in its normal form. */
  readonly recipient?: string | undefined;
  readonly template?: string | undefined;
  readonly tag?: string | undefined;
  /** The ID of the SMTP config that attempted it last. */
  readonly config?: string | undefined;
  /** Accepted then or later: milliseconds since the epoch. */
  readonly createdFrom?: number | undefined;
  /** Accepted before then: milliseconds since the epoch. */
  readonly createdBefore?: number | undefined;
  /** Part of the subject or of a recipient's address; case does not matter for ASCII. */
  readonly q?: string | undefined;
  /** Only what this actor sent. */
  readonly caller?: string | undefined;
}

/** An email of the log. */
export interface LoggedEmail extends Email {
  /** The ID of the SMTP config that attempted it last; null before the first attempt. */
  readonly configId: string | null;
}

/** A page of the log: those that meet the criteria, older than `after`. */
export interface EmailFilter extends EmailCriteria {
  /** The id of the last email of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function listEmails(db: Db, { after, limit, ...criteria }: EmailFilter): Promise<LoggedEmail[]> {
  const { query, id } = meeting(db, criteria);
  let page = query
    .select(columns.emails.map((name) => `emails.${name}` as const))
    .orderBy(id, "desc")
    .limit(limit);
  if (after !== undefined) page = page.where(sql<SqlBool>`${id} < ${after}`);
  return (await page.execute()).map((row) => ({ ...emailFromRow(row), configId: row.config_id }));
}

/** The ids of emails that meet the criteria, from the oldest on, after the given one. */
export function idsMeeting(
  db: Db,
  criteria: EmailCriteria,
  page: { readonly after: string; readonly limit: number },
) {
  const { query, id } = meeting(db, criteria);
  return query.select("emails.id").where(sql<SqlBool>`${id} > ${page.after}`).orderBy(id).limit(page.limit);
}

/**
 * Milliseconds by which the time in an ID may be after that of its email: IDs never go back, so they wait for a clock
 * that was set back.
 */
const idLeadMs = 86_400_000;

/**
 * Emails that meet the criteria, and the id to order them by. Those of a recipient are read from their index
 * in this order: no more of them than are wanted. Of those of a span of time, no others are read, since IDs begin with
 * their time.
 */
function meeting(db: Db, { recipient, ...criteria }: EmailCriteria) {
  const { createdFrom, createdBefore } = criteria;
  const id = sql.ref<string>(recipient === undefined ? "emails.id" : "recipients.email_id");
  let query = db.selectFrom("emails").where(meets(criteria));
  if (recipient !== undefined) {
    query = query
      .innerJoin("recipients", "recipients.email_id", "emails.id")
      .where("recipients.address", "=", recipient);
  }
  if (createdFrom !== undefined)
    query = query.where(sql<SqlBool>`${id} >= ${firstIdAt(Math.max(0, createdFrom))}`);
  if (createdBefore !== undefined) {
    query = query.where(sql<SqlBool>`${id} < ${firstIdAt(Math.max(0, createdBefore) + idLeadMs)}`);
  }
  return { query, id };
}

function meets(criteria: Omit<EmailCriteria, "recipient">) {
  const { state, template, tag, config, createdFrom, createdBefore, q, caller } = criteria;
  return ({ eb, and, or, exists, selectFrom }: ExpressionBuilder<Schema, "emails">): Expression<SqlBool> => {
    const wanted: Expression<SqlBool>[] = [];
    if (state !== undefined) wanted.push(eb("emails.state", "=", state));
    if (template !== undefined) wanted.push(eb("emails.template", "=", template));
    if (caller !== undefined) wanted.push(eb("emails.caller", "=", caller));
    if (config !== undefined) wanted.push(eb("emails.config_id", "=", config));
    if (createdFrom !== undefined) wanted.push(eb("emails.created_at", ">=", createdFrom));
    if (createdBefore !== undefined) wanted.push(eb("emails.created_at", "<", createdBefore));
    if (tag !== undefined) wanted.push(hasTag(tag));
    if (q !== undefined) {
      const pattern = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
      const oneOfThem = selectFrom("recipients as one")
        .select("one.position")
        .whereRef("one.email_id", "=", "emails.id")
        .where(sql<SqlBool>`lower(one.address) like lower(${pattern}) escape '\\'`);
      wanted.push(or([sql<SqlBool>`lower(subject) like lower(${pattern}) escape '\\'`, exists(oneOfThem)]));
    }
    return and(wanted);
  };
}

/** Looks for `,"tag"` in `,"a","tag"]`. Quotes inside of tags are escaped, and case matters on every database. */
function hasTag(tag: string): Expression<SqlBool> {
  const listed = sql`',' || substr(emails.tags_json, 2)`;
  return sql<SqlBool>`replace(${listed}, ${`,${JSON.stringify(tag)}`}, '') <> ${listed}`;
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
    .selectFrom(idsMeeting(db, criteria, { after: "", limit: cap + 1 }).as("found"))
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  const count = Number(found.count);
  return { count: Math.min(count, cap), capped: count > cap };
}
