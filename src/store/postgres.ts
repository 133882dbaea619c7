import { type Dialect, PostgresDialect } from "kysely";
import { Client, Pool, type PoolClient, types } from "pg";
import { SendwrightError } from "../core/errors.ts";

/** Connections of one node. Group commits keep few of them busy. */
const maxConnections = 10;
/** Whoever sends an email should hear soon that the database is away. */
const connectMs = 5_000;
/** Longer than any query of Sendwright takes, but for a migration of a large table. */
const queryMs = 120_000;
/** Statements whose plan each connection keeps; the bound is against queries whose length varies. */
const maxNames = 500;

/** PostgreSQL's bigint holds our times, and these are exact as numbers until the year 287396. */
const bigint = 20;
const parsers: typeof types = {
  ...types,
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === bigint ? Number : types.getTypeParser(oid, format as "text")) as typeof types.getTypeParser,
};

function connectionOptions(url: string) {
  return {
    connectionString: url,
    application_name: "sendwright",
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    keepAlive: true,
    // Statements of one transaction go out together, where they do not wait for each other.
    pipeline: true,
    types: parsers,
  };
}

/** Kysely on `pg`, with plans kept by name, and with trouble of the server as `store.unavailable`. */
export function postgresDialect(url: string): Dialect {
  const pool = new Pool({ ...connectionOptions(url), max: maxConnections });
  // A connection that is lost while nobody uses it: the next query opens another one.
  pool.on("error", () => {});
  // One that is lost while it is used, perhaps between two statements: the next of these fails. The pool listens
  // only to those that nobody uses, and without a listener the process ends.
  pool.on("connect", (client) => client.on("error", () => {}));
  const names = new Map<string, string>();

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= maxNames) return known;
    const name = `sendwright_${names.size}`;
    names.set(text, name);
    return name;
  }

  const wrapped = new WeakMap<PoolClient, ReturnType<typeof wrap>>();
  function wrap(client: PoolClient) {
    // One that is lost while it is in use: whoever asks next on it is told. Unheard, it would end the process.
    client.on("error", () => {});
    return {
      async query<Row>(text: string, values: readonly unknown[] = []) {
        const name = values.length === 0 ? undefined : nameOf(text);
        const result = await translated(() =>
          client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) }),
        );
        return result as unknown as { command: "SELECT"; rowCount: number; rows: Row[] };
      },
      release: (discard?: boolean) => client.release(discard),
    };
  }

  return new PostgresDialect({
    pool: {
      options: {},
      async connect() {
        const client = await translated(() => pool.connect());
        const known = wrapped.get(client) ?? wrap(client);
        wrapped.set(client, known);
        return known as never;
      },
      end: () => pool.end(),
    },
  });
}

/**
 * Listens to a channel for as long as the node lives, on a connection of its own; after that was lost,
 * anything may have been missed, so the callback is called too.
 * @returns the function that ends it.
 */
export function listen(
  url: string,
  channel: string,
  onMessage: (payload: string) => void,
): () => Promise<void> {
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function open(): Promise<void> {
    const opened = new Client(connectionOptions(url));
    client = opened;
    let over = false;
    const again = () => {
      if (over) return;
      over = true;
      void opened.end().catch(() => {});
      if (!stopped) timer = setTimeout(() => void open(), retryMs).unref();
    };
    opened.on("error", again);
    opened.on("end", again);
    opened.on("notification", ({ payload = "" }) => onMessage(payload));
    try {
      await opened.connect();
      await opened.query(`listen ${channel}`);
      onMessage("");
    } catch {
      again();
    }
  }
  void open();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end().catch(() => {});
  };
}

const retryMs = 1_000;

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw postgresError(error);
  }
}

/**
 * SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html) that speak of the server and not of the
 * query: no connection (08), no resources (53), shutting down or starting up (57P), its disk (58), a
 * standby that takes no writes (25006), who may connect (28, 3D), and others in the way (40, 55P03).
 */
const unavailableStates = /^(?:08|53|57P|58|28|3D|25006|40|55P03)/;
/** What `pg` says without a code: its connection is gone, or never came. */
const unavailableWords = /connection|timeout|not queryable|terminated/i;

function postgresError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    typeof code === "string"
      ? unavailableStates.test(code) || /^E[A-Z_]+$/.test(code)
      : unavailableWords.test(error.message);
  if (!unavailable) return error;
  const words = error.message === "" ? String(code) : error.message;
  return new SendwrightError("store.unavailable", `The database cannot be used now: ${words}.`, {
    cause: error,
  });
}
