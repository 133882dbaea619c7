import { type RawBuilder, sql } from "kysely";

/** The columns of rows that a statement brings along, with their types in SQL. */
export type ValueColumns = Readonly<Record<string, "text" | "integer" | "bigint">>;

/** A value for each column; a flag is 0 or 1. */
export type ValueRow<Columns extends ValueColumns> = {
  readonly [Name in keyof Columns]: string | number | null;
};

/** Their names, as `rowStatement` wants them. */
export function namesOf<Columns extends ValueColumns>(columns: Columns) {
  return Object.keys(columns) as (keyof Columns & string)[];
}

/**
 * Rows for a `with` clause: `(a, b) as (values (…), (…))`. Each value says its type, since PostgreSQL
 * would take a bare parameter for text.
 */
export function valueRows<Columns extends ValueColumns>(
  columns: Columns,
  rows: readonly ValueRow<Columns>[],
): RawBuilder<unknown> {
  const entries = Object.entries(columns);
  const names = sql.join(entries.map(([name]) => sql.ref(name)));
  const values = rows.map(
    (row) => sql`(${sql.join(entries.map(([name, type]) => sql`cast(${row[name]} as ${sql.raw(type)})`))})`,
  );
  return sql`(${names}) as (values ${sql.join(values)})`;
}
