import { CompiledQuery } from "kysely";
import { inChunks } from "./chunks.ts";
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
  /** Slots, and values that are the same in each statement. */
  readonly parameters: readonly unknown[];
}

/**
 * A statement for many rows whose text is compiled once for each number of rows, and from then on only
 * filled in: with a hundred values for each email, compiling would cost more than sending.
 * @param columns of the rows.
 * @param build makes the statement. What depends on the rows is a parameter.
 * @returns the statements for any number of rows.
 */
export function rowStatement<const Columns extends readonly string[]>(
  columns: Columns,
  // The values are stand-ins, so their types say nothing; the rows that are filled in are checked.
  build: (db: Db, rows: readonly Record<Columns[number], never>[]) => CompiledQuery,
): (db: Db, rows: readonly Readonly<Record<Columns[number], Value>>[]) => CompiledQuery[] {
  /** By the adapter of a database, which is what SQL is made for, then by the number of rows. */
  const texts = new WeakMap<object, Map<number, Text>>();

  function textFor(db: Db, count: number): Text {
    const { adapter } = db.getExecutor();
    const ofDatabase = texts.get(adapter) ?? new Map<number, Text>();
    texts.set(adapter, ofDatabase);
    const known = ofDatabase.get(count);
    if (known !== undefined) return known;
    const rows = Array.from({ length: count }, (_, row) =>
      Object.fromEntries(columns.map((column) => [column, new Slot(row, column)])),
    );
    const { sql, parameters } = build(db, rows as Record<Columns[number], never>[]);
    const text = { sql, parameters };
    ofDatabase.set(count, text);
    return text;
  }

  return (db, rows) =>
    inChunks(rows).map((chunk) => {
      const { sql, parameters } = textFor(db, chunk.length);
      const values = parameters.map((parameter) =>
        parameter instanceof Slot ? chunk[parameter.row]?.[parameter.column as Columns[number]] : parameter,
      );
      return CompiledQuery.raw(sql, values);
    });
}

/**
 * A statement with values, whose text is compiled once and from then on only filled in.
 * @param names of the values.
 * @param build makes the statement. What depends on the values is a parameter.
 */
export function statement<const Names extends readonly string[]>(
  names: Names,
  build: (db: Db, values: Record<Names[number], never>) => CompiledQuery,
): (db: Db, values: Readonly<Record<Names[number], Value>>) => CompiledQuery {
  const forRows = rowStatement(names, (db, [values]) => build(db, values as Record<Names[number], never>));
  return (db, values) => forRows(db, [values])[0] as CompiledQuery;
}
