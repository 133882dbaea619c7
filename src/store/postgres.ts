import { type Dialect, PostgresDialect } from "kysely";
import { Pool, type PoolClient, types } from "pg";
import { databaseAddressRule, isDatabaseAddress } from "../core/database-address.ts";
import { SendwrightError } from "../core/errors.ts";
import { isConnectionDoubtful, isOutdatedPlan, postgresError } from "./postgres-error.ts";

/** Connections of one node. Group commits keep few of them busy. */
const maxConnections = 10;
/** Whoever sends an email should hear soon that the database is away. */
const connectMs = 5_000;
/** Statements whose plan each connection keeps; the bound is against queries whose length varies. */
const maxNames = 500;

/** How long work may take. An installation that has set a limit of the server itself keeps its own. */
export interface StatementLimits {
  /** After which the server ends a statement. */
  readonly statementMs: number;
  /** After which the server, from PostgreSQL 17 on, ends a transaction with its connection. */
  readonly transactionMs: number;
  /**
   * After which the node gives a statement up, with its connection. Longer than the others: if the server still worked
   * on it, a transaction that was reported as failed might be committed later.
   */
  readonly nodeMs: number;
}

/** Longer than anything of Sendwright takes, but for a migration of a large table. */
export const defaultLimits: StatementLimits = {
  statementMs: 100_000,
  transactionMs: 110_000,
  nodeMs: 120_000,
};

/** PostgreSQL's bigint holds our times, and these are exact as numbers until the year 287396. */
const bigint = 20;
const parsers: typeof types = {
  ...types,
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === bigint ? Number : types.getTypeParser(oid, format as "text")) as typeof types.getTypeParser,
};

/** @throws SendwrightError `input.invalid` for an address that may mean another one; see `isDatabaseAddress`. */
export function connectionOptions(url: string, limits: StatementLimits | null) {
  if (!isDatabaseAddress(url)) {
    throw new SendwrightError("input.invalid", `The URL of the database ${databaseAddressRule}.`);
  }
  return {
    connectionString: url,
    application_name: "sendwright",
    connectionTimeoutMillis: connectMs,
    query_timeout: limits?.nodeMs,
    keepAlive: true,
    // Statements of one transaction go out together, where they do not wait for each other.
    pipeline: true,
    types: parsers,
  };
}

/**
 * Kysely on `pg`, with plans kept by name, and with trouble of the server as `store.unavailable`.
 * @param limits null for work that takes as long as it takes.
 */
export function postgresDialect(url: string, limits: StatementLimits | null = defaultLimits): Dialect {
  return new PostgresDialect({ pool: new Connections(url, limits) as never });
}

/** The connections of a node. One whose state is in doubt is not used again. */
class Connections {
  readonly options = {};
  readonly #pool: Pool;
  readonly #limits: StatementLimits | null;
  readonly #names = new StatementNames();
  readonly #known = new WeakMap<PoolClient, Connection>();
  /** Grows if the schema has changed under the plans: connections from before are not used again. */
  #generation = 0;

  constructor(url: string, limits: StatementLimits | null) {
    this.#limits = limits;
    this.#pool = new Pool({ ...connectionOptions(url, limits), max: maxConnections });
    // A connection that is lost while nobody uses it: the next query opens another one.
    this.#pool.on("error", () => {});
    // One that is lost while it is used, perhaps between two statements: the next of these fails. The pool listens
    // only to those that nobody uses, and without a listener the process ends.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  async connect(): Promise<Connection> {
    for (;;) {
      const connection = this.#of(await translated(() => this.#pool.connect()));
      if (connection.generation === this.#generation) return connection;
      connection.release(true);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  #of(client: PoolClient): Connection {
    const known = this.#known.get(client);
    if (known !== undefined) return known;
    if (this.#limits !== null) setLimits(client, this.#limits);
    const generation = this.#generation;
    const connection = new Connection(client, this.#names, generation, () => {
      this.#generation = Math.max(this.#generation, generation + 1);
    });
    this.#known.set(client, connection);
    return connection;
  }
}

/**
 * Has the server end what takes too long, where nobody has told it to. It goes ahead of the first statement, which does
 * not wait for it.
 */
function setLimits(client: PoolClient, { statementMs, transactionMs }: StatementLimits): void {
  const text = `select set_config(name, case name when 'statement_timeout' then $1 else $2 end, false) from pg_settings
    where name in ('statement_timeout', 'transaction_timeout') and setting = '0'`;
  // If it fails, the connection has failed, and the statement behind it says so.
  client.query({ text, values: [String(statementMs), String(transactionMs)] }).catch(() => {});
}

/** A connection, as Kysely uses it. */
class Connection {
  /** How often the schema had changed when it was opened. */
  readonly generation: number;
  readonly #client: PoolClient;
  readonly #names: StatementNames;
  readonly #onOutdatedPlan: () => void;
  #isDoubtful = false;
  #isInTransaction = false;

  constructor(client: PoolClient, names: StatementNames, generation: number, onOutdatedPlan: () => void) {
    this.#client = client;
    this.#names = names;
    this.generation = generation;
    this.#onOutdatedPlan = onOutdatedPlan;
    // One that is lost while it is in use: whoever asks next on it is told. Unheard, it would end the process.
    client.on("error", () => {});
  }

  async query(text: string, values: readonly unknown[] = []): Promise<unknown> {
    const name = values.length === 0 ? undefined : this.#names.of(text);
    const query = { text, values: [...values] };
    // As it is when the statement goes out: the answers to those behind it may be here before its own is looked at.
    if (/^(?:begin|start transaction)\b/.test(text)) this.#isInTransaction = true;
    if (/^(?:commit|rollback)$/.test(text)) this.#isInTransaction = false;
    const isInTransaction = this.#isInTransaction;
    try {
      return await this.#client.query(name === undefined ? query : { ...query, name });
    } catch (error) {
      if (isConnectionDoubtful(error)) this.#isDoubtful = true;
      if (!isOutdatedPlan(error)) throw postgresError(error);
      this.#onOutdatedPlan();
      // By itself it may run again at once, planned anew. In a transaction all of that has failed.
      if (isInTransaction) throw postgresError(error);
      return translated(() => this.#client.query(query));
    }
  }

  /** @param discard whether it is not to be used again, whatever is known here. */
  release(discard = false): void {
    this.#client.release(discard || this.#isDoubtful);
  }
}

/** Names of statements, by which a connection keeps their plans. */
class StatementNames {
  readonly #names = new Map<string, string>();

  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= maxNames) return known;
    const name = `sendwright_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}

/** Runs work with `pg`, with trouble of the server as `store.unavailable`. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw postgresError(error);
  }
}
