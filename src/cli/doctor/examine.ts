import type { Clock } from "../../clock.ts";
import { type Check, failed, ok, type Subject, warning } from "../../doctor/installation/check.ts";
import { checkClock, checkSkew } from "../../doctor/installation/clock.ts";
import { checkConfigs, checkNames } from "../../doctor/installation/configs.ts";
import { checkQueue } from "../../doctor/installation/queue.ts";
import { checkSecret } from "../../doctor/installation/secret.ts";
import { checkSqliteFile } from "../../doctor/installation/sqlite-file.ts";
import { isPosthornError } from "../../errors.ts";
import type { Environment, ServerOptions } from "../../options.ts";
import type { Secrets } from "../../secret/secrets.ts";
import { unlock } from "../../secret/unlock.ts";
import { countAdmins } from "../../server/admin-link.ts";
import { createEgress } from "../../smtp/egress.ts";
import { listEncryptionKeys } from "../../store/encryption-keys.ts";
import { findNewestTime } from "../../store/newest-time.ts";
import { countNodes } from "../../store/nodes.ts";
import { readPostgresStatus } from "../../store/postgres-status.ts";
import { readQueueDepth } from "../../store/queue-depth.ts";
import { listSmtpConfigs, type SmtpConfig } from "../../store/smtp-configs.ts";
import { isPostgresUrl, isServed, openStoreBeside, type Store } from "../../store/store.ts";
import { databaseOf, parsePreviousSecrets, readSecret } from "../secret-source.ts";
import { checkDataFolder } from "./data-folder.ts";
import { checkEnvironment, checkNode } from "./environment.ts";

/** What an examination has found, and what it has opened for that. */
export interface Examination {
  readonly checks: readonly Check[];
  /** Null where it cannot be opened. Whoever asked closes it. */
  readonly store: Store | null;
  /** Null without a secret. */
  readonly secrets: Secrets | null;
  readonly configs: readonly SmtpConfig[];
}

/** Looks the installation through and changes nothing. What is broken is told of and hinders no other check. */
export async function examine(environment: Environment, clock: Clock): Promise<Examination> {
  const { options } = environment;
  const checks: Check[] = [checkNode(process.versions.node), ...checkEnvironment(environment)];
  if (options.databaseUrl === undefined) {
    checks.push(...(await tried({ id: "data.folder", title: "Folder" }, () => checkDataFolder(options))));
  }
  const store = await openExamined(options, checks);
  if (store === null) {
    checks.push(checkClock(clock.now(), null), ...(await checkSecretAlone(options)));
    return { checks, store, secrets: null, configs: [] };
  }
  const { db } = store;
  const served = await serverOn(options, store, clock, checks);
  checks.push(
    ...(await tried({ id: "machine.clock", title: "Clock" }, async () => [
      checkClock(clock.now(), await findNewestTime(db)),
    ])),
  );

  const configs = await listSmtpConfigs(db);
  let secrets: Secrets | null = null;
  checks.push(
    ...(await tried({ id: "secret.fits", title: "Secret" }, async () => {
      const keys = await listEncryptionKeys(db);
      const previous = parsePreviousSecrets(options.previousSecrets);
      const primary = readSecret(options);
      // A database without its key file was refused by then.
      if (primary === null) return [];
      secrets = await unlock({ rows: keys, primary, previous, clock });
      return checkSecret({ secrets, keys, configs, previousCount: previous.length });
    })),
  );
  const opened = secrets as Secrets | null;
  if (opened !== null) checks.push(...checkConfigs(configs, opened, clock.now()));
  checks.push(
    ...(await tried({ id: "names", title: "Names" }, () =>
      checkNames(configs, createEgress(options.egress)),
    )),
    ...(await tried({ id: "queue.waiting", title: "Waiting" }, async () => [
      checkQueue(await readQueueDepth(db, clock.now()), served, clock.now()),
    ])),
    ...(await tried({ id: "admins.count", title: "Admins" }, async () => [await checkAdmins(store)])),
  );
  return { checks, store, secrets: opened, configs };
}

/** A check that breaks down is a finding like any other. */
async function tried(
  subject: Subject,
  work: () => readonly Check[] | Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // A sentence of ours names the remedy too.
    if (isPosthornError(error)) return [failed(subject, `It cannot be used (${error.code}).`, message)];
    return [failed(subject, `It could not be looked at: ${message}`, "Please report this, with --bundle.")];
  }
}

async function openExamined(options: ServerOptions, checks: Check[]): Promise<Store | null> {
  const database = databaseOf(options);
  const subject = { id: "database.schema", title: "Tables" };
  if (!isPostgresUrl(database)) {
    const file = { id: "database.file", title: "File" };
    let isReadable = false;
    checks.push(
      ...(await tried(file, () => {
        const checked = checkSqliteFile(database);
        isReadable = checked.isReadable;
        return checked.checks;
      })),
    );
    if (!isReadable) return null;
  }
  let store: Store | null = null;
  checks.push(
    ...(await tried(subject, async () => {
      store = await openStoreBeside(database, "read");
      return [ok(subject, "of this version")];
    })),
  );
  return store;
}

/** How long after its last sign a node counts as gone. */
const silenceMs = 30_000;

/** Whether anybody is there to send. */
async function serverOn(
  options: ServerOptions,
  store: Store,
  clock: Clock,
  checks: Check[],
): Promise<boolean> {
  const subject = { id: "database.server", title: "Server" };
  let served = false;
  checks.push(
    ...(await tried(subject, async () => {
      const more: Check[] = [];
      let found = "one runs on this database";
      if (store.shared) {
        const askedAt = clock.now();
        const status = await readPostgresStatus(store.db);
        const server = { id: "database.version", title: "PostgreSQL" };
        more.push(ok(server, status.version), checkSkew(status, askedAt, clock.now()));
        const nodes = await countNodes(store.db, clock.now() - silenceMs);
        served = nodes > 0;
        found = nodes === 1 ? "1 node" : `${nodes} nodes`;
      } else {
        served = isServed(databaseOf(options));
      }
      const check = served
        ? ok(subject, found)
        : warning(subject, "No server runs on this database: nothing is sent.", "`posthorn start`");
      return [...more, check];
    })),
  );
  return served;
}

async function checkAdmins({ db }: Store): Promise<Check> {
  const subject = { id: "admins.count", title: "Admins" };
  const { all, withPassword } = await countAdmins(db);
  const remedy = "`posthorn admin reset` prints a link that makes an admin, or gives one a new password.";
  if (all === 0) return warning(subject, "There is no admin yet: nobody can sign in.", remedy);
  if (withPassword === 0)
    return warning(subject, `None of ${all} has a password: all are locked out.`, remedy);
  return ok(subject, `${all}; locked out? \`posthorn admin reset\``);
}

/** Without the database, whether there is a secret at all. */
function checkSecretAlone(options: ServerOptions): Promise<readonly Check[]> {
  const subject = { id: "secret.fits", title: "Secret" };
  return tried(subject, () => {
    parsePreviousSecrets(options.previousSecrets);
    const secret = readSecret(options);
    return [ok(subject, secret === null ? "none yet; the first start makes one" : "there is one")];
  });
}
