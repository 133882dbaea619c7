import { Client } from "pg";
import { SendwrightError } from "../core/errors.ts";
import { connectionOptions, translated } from "./postgres.ts";

/** How often two connections are compared: a pooler that others use too may give them different sessions by chance. */
const rounds = 3;
/** A question that takes no longer than this; a pooler without a free session has it wait. */
const answerMs = 5_000;

/**
 * Whether each connection has a session of its own, as PostgreSQL gives it. A pooler in transaction mode gives a
 * transaction whichever session is free: LISTEN hears nothing there, and locks and time limits are those of others.
 * @throws SendwrightError `store.unavailable`
 */
export async function hasSessions(url: string): Promise<boolean> {
  const limits = { statementMs: answerMs, transactionMs: answerMs, nodeMs: answerMs };
  const clients = [0, 1].map(() => new Client(connectionOptions(url, limits)));
  // A connection that is lost: the question under way fails.
  for (const client of clients) client.on("error", () => {});
  try {
    for (const client of clients) await translated(() => client.connect());
    const seen: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const sessions: number[] = [];
      for (const client of clients) sessions.push(await sessionOf(client));
      if (new Set(sessions).size < clients.length) return false;
      seen.push(sessions.join());
    }
    return new Set(seen).size === 1;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

async function sessionOf(client: Client): Promise<number> {
  const { rows } = await translated(() => client.query<{ pid: number }>("select pg_backend_pid() as pid"));
  return rows[0]?.pid ?? 0;
}

/** What is wrong with a database that `hasSessions` says no of. */
export const pooledTransactions =
  "SENDWRIGHT_DATABASE_URL points to a pooler in transaction mode, such as PgBouncer with pool_mode = transaction. Sendwright requires sessions.";
export const pooledTransactionsRemedy =
  "Switch the pooler to session pooling, or set SENDWRIGHT_DATABASE_URL to PostgreSQL itself.";

/** @throws SendwrightError `store.unavailable` if connections have no sessions, or there is no connection. */
export async function refuseUnlessSessions(url: string): Promise<void> {
  if (await hasSessions(url)) return;
  throw new SendwrightError("store.unavailable", `${pooledTransactions} ${pooledTransactionsRemedy}`);
}
