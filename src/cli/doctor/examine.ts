import { countAdmins } from "../../accounts/admin-link.ts";
import type { Clock } from "../../core/clock.ts";
import type { Environment, ServerOptions } from "../../core/environment.ts";
import { parse } from "../../core/parse.ts";
import { createEgress } from "../../net/egress.ts";
import type { Secrets } from "../../secret/secrets.ts";
import { unlock } from "../../secret/unlock.ts";
import { EnvironmentConfig } from "../../smtp-configs/environment-config.ts";
import { smtpConfigCreate } from "../../smtp-configs/settings.ts";
import type { Store } from "../../store/store.ts";
import { listEncryptionKeys } from "../../store/tables/encryption-keys.ts";
import { findNewestTime } from "../../store/tables/newest-time.ts";
import { readQueueDepth } from "../../store/tables/queue-depth.ts";
import { listSmtpConfigs, type SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { environmentSmtp } from "../environment-smtp.ts";
import { parsePreviousSecrets, readSecret } from "../secret-source.ts";
import { type Check, ok, warning } from "./checks/check.ts";
import { checkClock } from "./checks/clock.ts";
import { checkQueue } from "./checks/queue.ts";
import { checkSecret } from "./checks/secret.ts";
import { checkConfigs, checkNames } from "./checks/smtp-configs.ts";
import { checkDataFolder, isShut } from "./data-folder.ts";
import { checkServer, openExamined } from "./database.ts";
import { checkEnvironment, checkNode } from "./environment.ts";
import { Findings } from "./findings.ts";

/** What an examination has found, and what it has opened for that. */
export interface Examination {
  readonly checks: readonly Check[];
  /** Null where it cannot be opened. Whoever asked closes it. */
  readonly store: Store | null;
  /** Null where there is no secret, or no database. */
  readonly secrets: Secrets | null;
  readonly configs: readonly SmtpConfig[];
}

const folder = { id: "data.folder", title: "Folder" };
const time = { id: "machine.clock", title: "Clock" };
const secret = { id: "secret.fits", title: "Secret" };
const inUse = { id: "configs.enabled", title: "In use" };
const names = { id: "names", title: "Names" };
const queue = { id: "queue.waiting", title: "Waiting" };
const admins = { id: "admins.count", title: "Admins" };

/** Looks the installation through and changes nothing. What is broken hinders no other check. */
export async function examine(environment: Environment, clock: Clock): Promise<Examination> {
  const { options } = environment;
  const findings = new Findings();
  const { checks } = findings;
  findings.add(checkNode(process.versions.node), ...checkEnvironment(environment));
  if (options.databaseUrl === undefined) {
    await findings.examine(folder, () => findings.add(...checkDataFolder(options)));
  }
  const isHidden = options.databaseUrl === undefined && isShut(options.dataDir);
  const store = isHidden ? null : await openExamined(options, findings);
  if (store === null) {
    findings.add(checkClock(clock.now(), null));
    if (isHidden) return { checks, store, secrets: null, configs: [] };
    await findings.examine(secret, () => findings.add(checkSecretAlone(options)));
    return { checks, store, secrets: null, configs: [] };
  }

  const { db, reader } = store;
  const isServed = await checkServer(options, store, clock, findings);
  await findings.examine(time, async () => findings.add(checkClock(clock.now(), await findNewestTime(db))));
  const configs = (await findings.examine(inUse, () => listSmtpConfigs(db))) ?? [];
  const secrets = await findings.examine(secret, () =>
    unlockExamined(store, options, configs, clock, findings),
  );
  const set = async () => (secrets === null ? [] : environmentConfig(options, secrets, clock));
  const all = [...((await findings.examine(inUse, set)) ?? []), ...configs];
  if (secrets !== null) findings.add(...checkConfigs(all, secrets, clock.now()));
  await findings.examine(names, async () =>
    findings.add(...(await checkNames(all, createEgress(options.egress)))),
  );
  await findings.examine(queue, async () =>
    findings.add(checkQueue(await readQueueDepth(reader, clock.now()), isServed, clock.now())),
  );
  await findings.examine(admins, async () => findings.add(await checkAdmins(store)));
  return { checks, store, secrets, configs };
}

async function unlockExamined(
  { db }: Store,
  options: ServerOptions,
  configs: readonly SmtpConfig[],
  clock: Clock,
  findings: Findings,
): Promise<Secrets | null> {
  const primary = readSecret(options);
  // Only where there is no database either.
  if (primary === null) return null;
  const keys = await listEncryptionKeys(db);
  const previous = parsePreviousSecrets(options.previousSecrets);
  const secrets = await unlock({ rows: keys, primary, previous, clock });
  findings.add(...checkSecret({ secrets, keys, configs, previousCount: previous.length }));
  return secrets;
}

/** Without the database, whether there is a secret at all. */
function checkSecretAlone(options: ServerOptions): Check {
  parsePreviousSecrets(options.previousSecrets);
  const found = readSecret(options) === null ? "none yet; created on first start" : "set up";
  return ok(secret, found);
}

async function checkAdmins({ db }: Store): Promise<Check> {
  const { all, withPassword } = await countAdmins(db);
  const remedy = "Run `sendwright admin reset` for a link that creates an admin or sets a new password.";
  if (all === 0) return warning(admins, "There's no admin yet, so no one can sign in.", remedy);
  if (withPassword === 0) {
    return warning(admins, `No one can sign in: none of ${all} has a password.`, remedy);
  }
  return ok(admins, `${all}. Locked out? Run \`sendwright admin reset\``);
}

/** The config that the environment sets, if it sets one. @throws SendwrightError `input.invalid` */
function environmentConfig(options: ServerOptions, secrets: Secrets, clock: Clock): readonly SmtpConfig[] {
  const given = environmentSmtp(options);
  if (given === undefined) return [];
  return [new EnvironmentConfig(parse(smtpConfigCreate, given), { secrets, clock }).current];
}
