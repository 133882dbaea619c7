import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rowStatement } from "../../src/store/row-statement.ts";
import type { Store } from "../../src/store/store.ts";
import { namesOf, type ValueColumns, type ValueRow, valueRows } from "../../src/store/value-rows.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const columns = {
  number: "integer",
  name: "text",
  small: "integer",
  large: "bigint",
} as const satisfies ValueColumns;

/** What each column can hold; NUL is what no text of PostgreSQL holds. */
const row = fc.record({
  name: fc.option(fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"))),
  small: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  large: fc.option(fc.maxSafeInteger()),
});

const select = rowStatement(namesOf(columns), (db, rows) =>
  sql`with given ${valueRows(columns, rows)}
    select number, name, small, large from given order by number`.compile(db),
);

describe.each(databases)("rows that a statement brings along on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());

  async function through(rows: readonly ValueRow<typeof columns>[]): Promise<unknown[]> {
    const results: unknown[] = [];
    for (const query of select(store.db, rows)) results.push(...(await store.db.executeQuery(query)).rows);
    return results;
  }

  it("arrive as they were, whatever they hold and however many they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 80 }), async (rows) => {
        const numbered = rows.map((values, number) => ({ number, ...values }));
        expect(await through(numbered)).toEqual(numbered);
      }),
      { numRuns: 40 },
    );
  });

  it("have their types also where there is nothing in them", async () => {
    const empty = { number: 0, name: null, small: null, large: null };
    const [query] = select(store.db, [empty]);
    expect(await through([empty, { ...empty, number: 1 }])).toEqual([empty, { ...empty, number: 1 }]);
    expect(query?.parameters).toEqual([0, null, null, null]);
    const added = sql<{ more: number }>`with given ${valueRows(columns, [empty])}
      select coalesce(large, 0) + 1 as more from given`;
    expect((await added.execute(store.db)).rows).toEqual([{ more: 1 }]);
  });

  it("keep times exact", async () => {
    const time = { number: 0, name: "far away", small: 0, large: Number.MAX_SAFE_INTEGER };
    expect(await through([time])).toEqual([time]);
  });
});
