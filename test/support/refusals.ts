import { sql } from "kysely";
import type { Store } from "../../src/store/store.ts";
import type { Email } from "../../src/store/tables/emails.ts";

/** From now on a SQLite database refuses the attempt of an email. */
export async function refuseAttempt({ db }: Store, { id }: Email): Promise<void> {
  await sql`create trigger refuse before insert on attempts when new.email_id = ${sql.lit(id)}
    begin select raise(abort, 'no attempt'); end`.execute(db);
}

/** From now on a SQLite database refuses every change of an email. */
export async function refuseChanges({ db }: Store, { id }: Email): Promise<void> {
  await sql`create trigger refuse before update on emails when old.id = ${sql.lit(id)}
    begin select raise(abort, 'no change'); end`.execute(db);
}

export async function refuseNothing({ db }: Store): Promise<void> {
  await sql`drop trigger refuse`.execute(db);
}
