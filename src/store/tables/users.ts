import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** The addresses of all admins of the stand-alone server; none where a host decides who is one. */
export async function listAdminAddresses(db: Db): Promise<string[]> {
  const { rows } = await sql<{ email: string }>`select email from users order by email`.execute(db);
  return rows.map(({ email }) => email);
}
