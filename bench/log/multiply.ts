import { DatabaseSync } from "node:sqlite";

/**
 * Copies the emails of a database, with all that belongs to them, until there are `count` more. Each copy is
 * a second older than the next one. Columns are read from the database, and only those that must differ are
 * named here: what is copied was written by the product itself.
 * @param address SQL for the recipient of the copy `n`.
 */
export function multiplyEmails(file: string, count: number, address: string): void {
  const database = new DatabaseSync(file);
  database.exec(`
    pragma journal_mode = delete; pragma journal_mode = off; pragma synchronous = off;
    pragma foreign_keys = off; pragma cache_size = -200000; pragma temp_store = memory;
    create temp table original as select row_number() over (order by id) - 1 as rank, id from emails;
    create temp table copy as
      with recursive counter (n) as (select 0 union all select n + 1 from counter where n + 1 < ${count})
      select n, rank, ${idOf("n")} as id, ${ageMs("n")} as age
        from counter join original on original.rank = n % (select count(*) from original) order by n;
  `);
  for (const [table, changed] of Object.entries(changesFor(address))) {
    const columns = database.prepare(`select name from pragma_table_info('${table}')`).all();
    const names = columns.map(({ name }) => String(name));
    const key = table === "emails" ? "id" : "email_id";
    database.exec(`
      create temp table seed as
        select original.rank as rank, ${table}.* from ${table} join original on original.id = ${table}.${key};
      create index temp.seed_rank on seed (rank);
      insert into ${table} (${names.join(", ")})
        select ${names.map((name) => changed[name] ?? `seed.${name}`).join(", ")}
        from copy cross join seed on seed.rank = copy.rank;
      drop table seed;
    `);
  }
  database.close();

  /** A UUIDv7 (RFC 9562 §5.7) of the copy's time. */
  function idOf(n: string): string {
    const time = `(${startedAt} - ${ageMs(n)})`;
    return `printf('%08x-%04x-7000-8000-%012x', ${time} >> 16, ${time} & 65535, ${n})`;
  }

  function ageMs(n: string): string {
    return `(${count} - ${n}) * 1000`;
  }
}

/** Ids of copies must be less than those of what is accepted later. */
const startedAt = Date.now();

/** SQL for what differs, by table and column. */
const changesFor = (address: string): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  emails: {
    id: "copy.id",
    message_id: "'<' || copy.id || '@example.com>'",
    created_at: "seed.created_at - age",
    sent_at: "seed.sent_at - age",
    finished_at: "seed.finished_at - age",
  },
  email_content: { email_id: "copy.id" },
  recipients: { email_id: "copy.id", address },
  attempts: { id: "copy.id", email_id: "copy.id", at: "seed.at - age" },
});
