import { resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { ServerOptions } from "../../core/environment.ts";
import { isSendwrightError } from "../../core/errors.ts";
import { hasSessions, pooledTransactions, pooledTransactionsRemedy } from "../../store/postgres-sessions.ts";
import { readPostgresStatus } from "../../store/postgres-status.ts";
import { isServed, openStoreBeside, type Store } from "../../store/store.ts";
import { countNodes } from "../../store/tables/nodes.ts";
import { databaseOf } from "../secret-source.ts";
import { failed, ok, warning } from "./checks/check.ts";
import { checkSkew } from "./checks/clock.ts";
import { checkSqliteFile } from "./checks/sqlite-file.ts";
import type { Findings } from "./findings.ts";

const file = { id: "database.file", title: "File" };
const tables = { id: "database.schema", title: "Tables" };
const server = { id: "database.server", title: "Server" };
const sessions = { id: "database.sessions", title: "Sessions" };
const postgres = { id: "database.version", title: "PostgreSQL" };

/** Opens the database to look into it; null, with the reason among the findings, where that cannot be done. */
export async function openExamined(options: ServerOptions, findings: Findings): Promise<Store | null> {
  if (options.databaseUrl !== undefined) {
    const store = await openTables(options.databaseUrl, findings);
    const isReached = findings.checks.every(({ id, status }) => id !== tables.id || status !== "failed");
    if (isReached) await checkSessions(options.databaseUrl, findings);
    return store;
  }
  const path = resolve(databaseOf(options));
  const checked = await findings.examine(file, () => checkSqliteFile(path));
  findings.add(...(checked?.checks ?? []));
  return checked?.isReadable === true ? openTables(path, findings) : null;
}

function openTables(database: string, findings: Findings): Promise<Store | null> {
  return findings.examine(tables, async () => {
    try {
      const store = await openStoreBeside(database, "read");
      findings.add(ok(tables, "up to date"));
      return store;
    } catch (error) {
      if (isSendwrightError(error, "store.older")) {
        findings.add(
          warning(
            tables,
            "The tables are missing or from an earlier version.",
            "Run `sendwright start` to upgrade them.",
          ),
        );
      } else if (isSendwrightError(error, "store.unavailable")) {
        findings.add(
          failed(
            tables,
            error.message,
            "Check SENDWRIGHT_DATABASE_URL and this user's permissions in the database.",
          ),
        );
      } else throw error;
      return null;
    }
  });
}

/** How long after its last sign a node counts as gone. */
const silenceMs = 30_000;

/** Whether anybody is there to send. */
export async function checkServer(
  options: ServerOptions,
  store: Store,
  clock: Clock,
  findings: Findings,
): Promise<boolean> {
  if (store.shared) await checkPostgres(store, clock, findings);
  const served = await findings.examine(server, async () => {
    if (!store.shared) return isServed(databaseOf(options)) ? 1 : 0;
    return countNodes(store.db, clock.now() - silenceMs);
  });
  if (served === null) return false;
  if (served === 0) {
    findings.add(
      warning(
        server,
        "No server is running on this database, so no emails are sent.",
        "Run `sendwright start`.",
      ),
    );
    return false;
  }
  findings.add(ok(server, served === 1 ? "running on this database" : `${served} nodes`));
  return true;
}

async function checkSessions(url: string, findings: Findings): Promise<void> {
  await findings.examine(sessions, async () => {
    if (await hasSessions(url)) findings.add(ok(sessions, "one session for each connection"));
    else findings.add(failed(sessions, pooledTransactions, pooledTransactionsRemedy));
  });
}

async function checkPostgres({ db }: Store, clock: Clock, findings: Findings): Promise<void> {
  await findings.examine(postgres, async () => {
    // The first query also opens the connection, which takes longer than to ask for the time.
    const { version } = await readPostgresStatus(db);
    const askedAt = clock.now();
    const status = await readPostgresStatus(db);
    findings.add(ok(postgres, version), checkSkew(status, askedAt, clock.now()));
  });
}
