import { CompiledQuery } from "kysely";
import { inChunks } from "./chunks.ts";
import { isPostgres } from "./dialect.ts";
import type { Db } from "./schema.ts";

type Value = string | number | null | Uint8Array;

/** Stands for a value while a statement is compiled. */
class Slot {
  readonly row: number;
  readonly column: string;

  constructor(row: number, column: string) {
    this.row = row;
    this.column = column;
  }
}

interface Text {
  readonly sql: string;
  readonly slots: readonly Slot[];
}

/**
 * A statement for many rows whose text is compiled once for each number of rows, and from then on only
 * filled in: with a hundred values for each email, compiling would cost more than sending.
 * @param columns of the rows.
 * @param build makes the statement. All its parameters are values of the rows.
 * @returns the statements for any number of rows.
 */
export function rowStatement<const Columns extends readonly string[]>(
  columns: Columns,
  // The values are stand-ins, so their types say nothing; the rows that are filled in are checked.
  build: (db: Db, rows: readonly Record<Columns[number], never>[]) => CompiledQuery,
): (db: Db, rows: readonly Readonly<Record<Columns[number], Value>>[]) => CompiledQuery[] {
  const texts = new Map<string, Text>();

  function textFor(db: Db, count: number): Text {
    const key = `${isPostgres(db) ? "postgres" : "sqlite"} ${count}`;
    const known = texts.get(key);
    if (known !== undefined) return known;
    const rows = Array.from({ length: count }, (_, row) =>
      Object.fromEntries(columns.map((column) => [column, new Slot(row, column)])),
    );
    const { sql, parameters } = build(db, rows as Record<Columns[number], never>[]);
    const text = { sql, slots: parameters as readonly Slot[] };
    texts.set(key, text);
    return text;
  }

  return (db, rows) =>
    inChunks(rows).map((chunk) => {
      const { sql, slots } = textFor(db, chunk.length);
      const values = slots.map(({ row, column }) => chunk[row]?.[column as Columns[number]]);
      return CompiledQuery.raw(sql, values);
    });
}

/**
 * A statement with values, whose text is compiled once and from then on only filled in.
 * @param names of the values.
 * @param build makes the statement. All its parameters are values of those names.
 */
export function statement<const Names extends readonly string[]>(
  names: Names,
  build: (db: Db, values: Record<Names[number], never>) => CompiledQuery,
): (db: Db, values: Readonly<Record<Names[number], Value>>) => CompiledQuery {
  const forRows = rowStatement(names, (db, [values]) => build(db, values as Record<Names[number], never>));
  return (db, values) => forRows(db, [values])[0] as CompiledQuery;
}
