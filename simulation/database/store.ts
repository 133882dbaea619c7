import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import { SharedSqliteAdapter } from "../../src/store/dialect.ts";
import type { Schema } from "../../src/store/schema.ts";
import {
  beginTransaction,
  type SqliteAnswer,
  type SqliteStatement,
} from "../../src/store/sqlite/database.ts";
import { resultOf } from "../../src/store/sqlite/dialect.ts";
import { sqliteError } from "../../src/store/sqlite/error.ts";
import { runSteps, write } from "../../src/store/step.ts";
import type { Store } from "../../src/store/store.ts";
import type { DatabaseServer } from "./server.ts";

export interface StoreOptions {
  readonly server: DatabaseServer;
  readonly node: number;
  readonly shared: boolean;
  /** Resolves after this time, if the node still lives. */
  readonly wait: (ms: number) => Promise<void>;
  /** Tells the other nodes. */
  readonly announce: () => void;
}

/** In a transaction it stands for `pg_notify`, which takes effect with the commit. */
const announcement = "select 'announcement' as announcement";

/** A parameter in whose place the database puts its own time when it executes the statement. */
const databaseTime = Symbol("the time of the database");
/** Where nodes share the database; one alone brings its own time along. */
const sharedAdapter = new SharedSqliteAdapter(sql<number>`cast(${databaseTime} as bigint)`);
/** What a node asks PostgreSQL for its time, in SQLite's words. */
const time = { sql: "select cast(? as bigint) as now", parameters: [databaseTime] };

/** A node's way to the simulated database, with the interface of the real ones. */
export class SimulatedStore implements Store {
  readonly db: Kysely<Schema>;
  readonly reader: Kysely<Schema>;
  readonly shared: boolean;
  readonly transaction: Store["transaction"];
  readonly exclusively: Store["exclusively"];
  readonly transact: Store["transact"];
  readonly #listeners: (() => void)[] = [];

  constructor(options: StoreOptions) {
    const connection = new Connection(options);
    this.db = new Kysely<Schema>({
      dialect: {
        createAdapter: () => (options.shared ? sharedAdapter : new SqliteAdapter()),
        createDriver: () => connection,
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
    this.reader = this.db;
    this.shared = options.shared;
    this.transaction = (work) => this.db.transaction().execute(work);
    this.exclusively = this.transaction;
    this.transact = (steps) => runSteps(steps, (queries) => connection.transact(queries));
  }

  announcement() {
    return this.shared ? write(CompiledQuery.raw(announcement)) : write();
  }

  onAnnounced(callback: () => void): void {
    this.#listeners.push(callback);
  }

  /** Another node has announced something. */
  announced(): void {
    for (const listener of this.#listeners) listener();
  }

  async close(): Promise<void> {}
}

/** One connection: Kysely lets one transaction or query at a time have it. */
class Connection implements Driver, DatabaseConnection {
  readonly #options: StoreOptions;
  readonly #name: string;
  #isInTransaction = false;
  /** With SQLite, whole transactions come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#name = `node${options.node}`;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#isInTransaction) return this.#execute(query);
    await this.#admit();
    const result = this.#whole(() => this.#execute<Row>(query));
    await this.#answer();
    return result;
  }

  streamQuery(): AsyncIterableIterator<QueryResult<never>> {
    throw new TypeError("Sendwright reads in pages and not in streams.");
  }

  transact(queries: readonly CompiledQuery[]): Promise<readonly QueryResult<unknown>[]> {
    const askedAt = this.#options.server.now;
    const work = () => this.#transactNow(queries, askedAt);
    if (this.#options.shared) return work();
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }

  async beginTransaction(): Promise<void> {
    await this.#admit();
    this.#options.server.enter(this.#name);
    this.#isInTransaction = true;
    this.#execute(CompiledQuery.raw(beginTransaction));
  }

  async commitTransaction(): Promise<void> {
    this.#end("commit");
    await this.#answer();
  }

  async rollbackTransaction(): Promise<void> {
    this.#end("rollback");
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this;
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}

  async #transactNow(
    queries: readonly CompiledQuery[],
    askedAt: number,
  ): Promise<readonly QueryResult<unknown>[]> {
    const { server, announce, node } = this.#options;
    await this.#admit();
    const [done] = this.#whole(() => server.database.transact([queries.map((query) => this.#timed(query))]));
    if (done?.committed !== true) {
      await this.#answer();
      throw sqliteError(done?.error);
    }
    const counting = queries.find(({ sql: text }) => text.startsWith('insert into "smtp_config_usage"'));
    for (const [index, { sql: text }] of queries.entries()) {
      if (text.includes("update emails set state = 'sending'")) {
        const [limitedBy = null] = (counting?.parameters ?? []) as string[];
        server.claimed(idsIn(done.answers[index]), { node, askedAt, limitedBy });
      }
    }
    if (queries.some(({ sql }) => sql === announcement)) announce();
    await this.#answer();
    return done.answers.map(resultOf);
  }

  #execute<Row>(query: CompiledQuery): QueryResult<Row> {
    try {
      return resultOf<Row>(this.#options.server.database.execute(this.#timed(query)));
    } catch (error) {
      throw sqliteError(error);
    }
  }

  #timed(query: CompiledQuery): SqliteStatement {
    const { sql: text, parameters } = query.sql.includes("clock_timestamp()") ? time : query;
    const now = () => this.#options.server.clock.now();
    return { sql: text, parameters: parameters.map((value) => (value === databaseTime ? now() : value)) };
  }

  #whole<T>(work: () => T): T {
    const { server } = this.#options;
    server.enter(this.#name);
    try {
      return work();
    } finally {
      server.leave();
    }
  }

  #end(how: "commit" | "rollback"): void {
    this.#execute(CompiledQuery.raw(how));
    this.#isInTransaction = false;
    this.#options.server.leave();
  }

  #admit(): Promise<void> {
    const { server, node, wait } = this.#options;
    return server.admit(node, wait);
  }

  #answer(): Promise<void> {
    const { server, node, wait } = this.#options;
    return server.answer(node, wait);
  }
}

function idsIn(answer: SqliteAnswer | undefined): readonly string[] {
  const column = answer?.columns?.indexOf("id") ?? -1;
  return (answer?.rows ?? []).map((row) => String(row[column]));
}
