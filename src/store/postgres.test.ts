import { CompiledQuery, sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Postgres, startPostgres } from "../../test/support/postgres.ts";
import { write } from "./step.ts";
import { openPostgresStore, type Store } from "./store.ts";
import { readSetting, writeSetting } from "./tables/settings.ts";

let postgres: Postgres;
let url: string;
let store: Store;
const others: Store[] = [];
beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  store = await openPostgresStore(url);
});
afterEach(async () => {
  for (const one of [store, ...others.splice(0)]) await one.close();
});

/** The same database as another node has it. */
async function anotherNode(): Promise<Store> {
  const other = await openPostgresStore(url);
  others.push(other);
  return other;
}

/** Asks the server on a connection that is not the store's. */
async function ask(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

const unavailable = expect.objectContaining({ code: "store.unavailable" });
const raw = (text: string, ...parameters: unknown[]) => CompiledQuery.raw(text, parameters);
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("values", () => {
  it("of bigint are numbers, exact as far as numbers are", async () => {
    const { rows } = await sql`
      select 9007199254740991::bigint as most, -9007199254740991::bigint as least, null::bigint as none,
        count(*) as counted, 7 as small, array[1::bigint, 2] as many
      from (values (1), (2)) as two (n)
    `.execute(store.db);
    expect(rows).toMatchObject([
      { most: Number.MAX_SAFE_INTEGER, least: Number.MIN_SAFE_INTEGER, none: null, counted: 2, small: 7 },
    ]);
  });

  it("of bytea are bytes", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { rows } = await sql<{ bytes: Uint8Array }>`select cast(${bytes} as bytea) as bytes`.execute(
      store.db,
    );
    expect(Buffer.from(rows[0]?.bytes ?? [])).toEqual(bytes);
  });
});

describe("a transaction in one go", () => {
  it("is whole or not at all, and fails with what failed first", async () => {
    await store.transact([write(raw("insert into settings values ('a', '1')"))]);
    const error = await thrownBy(
      store.transact([
        write(raw("insert into settings values ($1, '2')", "b")),
        write(raw("insert into settings values ($1, '3')", "a")),
        write(raw("insert into settings values ($1, '4')", "c")),
      ]),
    );
    expect(error).toMatchObject({ code: "23505", constraint: "settings_pkey" });
    expect(await ask("select key from settings")).toEqual([{ key: "a" }]);
  });

  it("leaves nothing behind that disturbs the next ones, also of statements first used in a failed one", async () => {
    const failing = () =>
      thrownBy(
        store.transact([
          write(raw("select 1 / $1::integer", 0)),
          write(raw("insert into settings values ($1, 'first used here')", "b")),
        ]),
      );
    for (let round = 0; round < 3; round++) expect(await failing()).toMatchObject({ code: "22012" });
    for (let round = 0; round < 3; round++) {
      await store.transact([
        write(raw("delete from settings where key = $1", "b")),
        write(raw("insert into settings values ($1, 'first used here')", "b")),
      ]);
    }
    expect(await ask("select key from settings")).toEqual([{ key: "b" }]);
  });

  it("is done beside others, and beside those that go step by step", async () => {
    const key = (index: number) => `key ${index}`;
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        index % 3 === 0
          ? store.transaction((within) => writeSetting(within, key(index), index))
          : store.transact([write(raw("insert into settings values ($1, $2)", key(index), String(index)))]),
      ),
    );
    expect(await ask("select count(*)::integer as n from settings")).toEqual([{ n: 60 }]);
    expect(await readSetting(store.db, key(59))).toBe(59);
  });

  it("gives up its connection where that breaks, and the next one has another", async () => {
    const broken = thrownBy(
      store.transact([
        write(raw("insert into settings values ('a', '1')")),
        write(raw("select pg_terminate_backend(pg_backend_pid())")),
        write(raw("insert into settings values ('b', '2')")),
      ]),
    );
    expect(await broken).toEqual(unavailable);
    await store.transact([write(raw("insert into settings values ('c', '3')"))]);
    expect(await ask("select key from settings")).toEqual([{ key: "c" }]);
  });

  it("knows more texts than it keeps plans for", async () => {
    for (let round = 0; round < 2; round++) {
      for (let start = 0; start < 600; start += 100) {
        const steps = Array.from({ length: 100 }, (_, index) => ({
          queries: [raw(`select ${start + index} as n, $1::integer as p`, index)],
          read: ([result]: readonly { readonly rows: readonly unknown[] }[]) => result?.rows[0],
        }));
        expect(await store.transact(steps)).toEqual(
          steps.map((_, index) => ({ n: start + index, p: index })),
        );
      }
    }
  });
});

describe("work that one node does at a time", () => {
  it("waits until the other one is done with it", async () => {
    const other = await anotherNode();
    const order: string[] = [];
    const inside = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const first = store.exclusively(async (within) => {
      order.push("first begins");
      inside.resolve();
      await goOn.promise;
      await writeSetting(within, "by", "first");
      order.push("first ends");
    });
    await inside.promise;
    const second = other.exclusively(async (within) => {
      order.push(`second begins, after the ${await readSetting(within, "by")}`);
    });
    await expect.poll(() => waitingForLocks()).toBe(1);
    goOn.resolve();
    await Promise.all([first, second]);
    expect(order).toEqual(["first begins", "first ends", "second begins, after the first"]);
  });

  it("is let go by one that fails, with nothing of it kept", async () => {
    const other = await anotherNode();
    const failed = store.exclusively(async (within) => {
      await writeSetting(within, "by", "first");
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await other.exclusively((within) => readSetting(within, "by"))).toBeUndefined();
  });

  it("keeps nobody from other work", async () => {
    const other = await anotherNode();
    await store.exclusively(async () => {
      await other.transaction((within) => writeSetting(within, "a", 1));
      await other.transact([write(raw("insert into settings values ('b', '2')"))]);
    });
    expect(await ask("select key from settings order by key")).toEqual([{ key: "a" }, { key: "b" }]);
  });

  async function waitingForLocks(): Promise<unknown> {
    const [row] = await ask(
      "select count(*)::integer as n from pg_locks where locktype = 'advisory' and not granted",
    );
    return row?.n;
  }
});

describe("announcements", () => {
  /** Calls of a store's listener, to be waited for. */
  function listenTo(by: Store) {
    let count = 0;
    let wake = () => {};
    by.onAnnounced(() => {
      count++;
      wake();
    });
    return {
      get count() {
        return count;
      },
      async reaches(wanted: number) {
        while (count < wanted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    };
  }

  it("reach every other node once they are committed, and not the one that makes them", async () => {
    const [own, other, third] = [
      listenTo(store),
      listenTo(await anotherNode()),
      listenTo(await anotherNode()),
    ];
    // That it listens now is told as well: something may have been announced before.
    await Promise.all([own.reaches(1), other.reaches(1), third.reaches(1)]);
    await store.transact([write(raw("insert into settings values ('a', '1')")), store.announcement()]);
    await Promise.all([other.reaches(2), third.reaches(2)]);
    await others[0]?.transact([others[0].announcement()]);
    await Promise.all([own.reaches(2), third.reaches(3)]);
    expect([own.count, other.count, third.count]).toEqual([2, 2, 3]);
  });

  it("are not made by a transaction that fails", async () => {
    const other = await anotherNode();
    const heard = listenTo(store);
    await heard.reaches(1);
    await thrownBy(other.transact([other.announcement(), write(raw("select 1 / $1::integer", 0))]));
    await other.transact([other.announcement()]);
    await heard.reaches(2);
    expect(heard.count).toBe(2);
  });

  it("are heard again after the server was away, with a call for those that were missed", async () => {
    const other = await anotherNode();
    const heard = listenTo(store);
    await heard.reaches(1);
    await postgres.stopServer();
    await postgres.startAgain();
    await heard.reaches(2);
    await other.transact([other.announcement()]);
    await heard.reaches(3);
  });

  it("are waited for on a connection of their own, which ends with the store", async () => {
    const other = await anotherNode();
    const heard = listenTo(other);
    await heard.reaches(1);
    const connections = async () => {
      const [row] = await ask(
        "select count(*)::integer as n from pg_stat_activity where application_name = 'sendwright' and datname = current_database()",
      );
      return row?.n;
    };
    expect(await connections()).toBeGreaterThanOrEqual(3);
    await store.close();
    await other.close();
    await expect.poll(connections).toBe(0);
    store = await openPostgresStore(url);
    others.length = 0;
  });
});

describe("a server that was away", () => {
  it("is unavailable until it is back; then the store goes on without being told", async () => {
    await writeSetting(store.db, "a", 1);
    await postgres.stopServer();
    expect(await thrownBy(readSetting(store.db, "a"))).toEqual(unavailable);
    expect(await thrownBy(store.transact([write(raw("select 1"))]))).toEqual(unavailable);
    expect(await thrownBy(store.transaction(async () => {}))).toEqual(unavailable);
    expect(await thrownBy(store.exclusively(async () => {}))).toEqual(unavailable);
    await postgres.startAgain();
    expect(await readSetting(store.db, "a")).toBe(1);
    await store.transact([write(raw("select 1"))]);
  });

  it("fails a transaction that was under way, and nothing else", async () => {
    const cut = store.transaction(async (within) => {
      await writeSetting(within, "a", 1);
      await postgres.stopServer("immediate");
      // Nothing is asked of the connection at the moment when it breaks.
      await postgres.startAgain();
      await writeSetting(within, "b", 2);
    });
    expect(await thrownBy(cut)).toEqual(unavailable);
    expect(await ask("select key from settings")).toEqual([]);
    await writeSetting(store.db, "c", 3);
  });

  it("costs nobody an error who asked for nothing meanwhile", async () => {
    await Promise.all(Array.from({ length: 5 }, () => readSetting(store.db, "a")));
    await postgres.stopServer("immediate");
    await postgres.startAgain();
    await Promise.all(Array.from({ length: 5 }, (_, index) => writeSetting(store.db, `key ${index}`, index)));
  });
});

it("is migrated by one of several nodes that start at once", async () => {
  url = await postgres.createDatabase();
  const nodes = await Promise.all(Array.from({ length: 4 }, () => openPostgresStore(url)));
  others.push(...nodes);
  for (const node of nodes) expect(await readSetting(node.db, "a")).toBeUndefined();
  const [row] = await ask(
    "select count(distinct name)::integer = count(*)::integer as once from kysely_migration",
  );
  expect(row).toEqual({ once: true });
});
