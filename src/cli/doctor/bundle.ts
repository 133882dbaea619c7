import { writeFileSync } from "node:fs";
import { arch, platform, release } from "node:os";
import type { Clock } from "../../core/clock.ts";
import { documentedOptions, type Environment, type ServerOptions } from "../../core/environment.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { rfc3339 } from "../../core/format.ts";
import type { Secrets } from "../../secret/secrets.ts";
import { resolveConfig } from "../../smtp-configs/open.ts";
import { countByState, type FailedAttempt, listFailedAttempts } from "../../store/tables/failed-attempts.ts";
import { readQueueDepth } from "../../store/tables/queue-depth.ts";
import type { SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { readSecret } from "../secret-source.ts";
import { withoutCredentials } from "./environment.ts";
import type { Examination } from "./examine.ts";
import { createMasker, maskUsername } from "./masking.ts";

interface BundleDependencies {
  /** Null where it cannot be read. */
  readonly environment: Environment | null;
  readonly examination: Examination;
  readonly version: string;
  readonly clock: Clock;
}

const failedAttempts = 50;

/**
 * What helps to understand an installation from afar, as JSON for people: no secret in any form, of addresses
 * their domains alone, and of emails neither contents nor subjects. Servers and ports are kept: they matter most.
 */
export async function makeBundle({
  environment,
  examination,
  version,
  clock,
}: BundleDependencies): Promise<string> {
  const { checks, store, secrets, configs } = examination;
  const options = environment?.options ?? null;
  const bundle = {
    services: version,
    node: process.versions.node,
    platform: `${platform()} ${release()} ${arch()}`,
    madeAt: rfc3339(clock.now()),
    checks,
    options: options === null ? null : shownOptions(options),
    unknownVariables: environment?.unknown ?? [],
    smtpConfigs: configs.map(shownConfig),
    emails: store === null ? null : await emailsIn(store.reader, clock.now()),
  };
  const mask = createMasker(secretsOf(options, secrets, configs), usernamesOf(configs));
  return `${JSON.stringify(bundle, (_name, value: unknown) => (typeof value === "string" ? mask(value) : value), 2)}\n`;
}

/**
 * Only its owner may read it, and it takes nothing's place.
 * @throws SendwrightError `input.invalid`
 */
export function writeBundle(file: string, bundle: string): void {
  try {
    writeFileSync(file, bundle, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "already exists. Choose another name" : `can't be written (${code})`;
    throw new SendwrightError("input.invalid", `The file ${file} ${why}.`, { cause });
  }
}

async function emailsIn(db: Parameters<typeof countByState>[0], now: number) {
  const { oldestDueAt, ...depth } = await readQueueDepth(db, now);
  return {
    queue: { ...depth, oldestDueAt: oldestDueAt === null ? null : rfc3339(oldestDueAt) },
    byState: await countByState(db),
    latestFailedAttempts: (await listFailedAttempts(db, failedAttempts)).map(shownAttempt),
  };
}

function shownAttempt({ at, ...attempt }: FailedAttempt) {
  return { at: rfc3339(at), ...attempt };
}

/** By their names in the environment. Of a secret, whether it is set. */
function shownOptions(options: ServerOptions): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    documentedOptions.map(({ name, env, secret }) => {
      const value = options[name];
      const isSet = value !== undefined && !(Array.isArray(value) && value.length === 0);
      if (name === "databaseUrl" && options.databaseUrl !== undefined) {
        return [env, withoutCredentials(options.databaseUrl)];
      }
      if (name === "publicUrl" && options.publicUrl !== undefined) {
        return [env, withoutCredentials(options.publicUrl)];
      }
      // The addresses of a rule are left out: the bundle is for others.
      if (name === "recipients") return [env, options.recipients.replace(/:.*/s, ":…")];
      return [env, secret ? (isSet ? "set" : "not set") : (value ?? null)];
    }),
  );
}

function shownConfig(config: SmtpConfig) {
  const { id, secret, revision, health } = config;
  const { caPem, username, fromName, ...settings } = config.settings;
  const { version, createdAt, updatedAt } = revision;
  const { lastTest, breaker, knownGoodVersion, failingVersion } = health;
  return {
    id,
    ...settings,
    version,
    failures: breaker.failures,
    provenVersion: knownGoodVersion,
    faultyVersion: failingVersion,
    username: username === null ? null : maskUsername(username),
    password: secret.kind === "none" ? "not set" : "set",
    fromName: fromName === null ? "not set" : "set",
    caPem: caPem === null ? "not set" : "set",
    createdAt: rfc3339(createdAt),
    updatedAt: rfc3339(updatedAt),
    lastTest: lastTest === null ? null : { ...lastTest, at: rfc3339(lastTest.at) },
    pausedUntil: breaker.state === "open" ? rfc3339(breaker.until) : null,
    pausedReason: breaker.state === "open" ? breaker.reason : null,
  };
}

/** Everything that is secret and known here: a relay may have sent any of it back. */
function secretsOf(
  options: ServerOptions | null,
  secrets: Secrets | null,
  configs: readonly SmtpConfig[],
): readonly string[] {
  const passwords = secrets === null ? [] : configs.flatMap((config) => passwordOf(config, secrets));
  if (options === null) return passwords;
  const { adminPassword, apiKey, secret, previousSecrets, databaseUrl } = options;
  const given = [adminPassword, apiKey, secret ?? secretInFile(options), ...previousSecrets];
  const ofDatabase = databaseUrl === undefined ? [] : passwordsIn(databaseUrl);
  return [...passwords, ...given, ...ofDatabase].flatMap((value) => value || []);
}

function passwordOf(config: SmtpConfig, secrets: Secrets): string[] {
  try {
    const { credentials } = resolveConfig(config, secrets);
    return credentials === null ? [] : [credentials.password];
  } catch (error) {
    // What cannot be opened was not sent to any relay either, by this secret.
    if (isSendwrightError(error)) return [];
    throw error;
  }
}

function secretInFile(options: ServerOptions): string | undefined {
  try {
    return readSecret(options) ?? undefined;
  } catch (error) {
    if (isSendwrightError(error)) return undefined;
    throw error;
  }
}

function passwordsIn(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  const named = [...searchParams].filter(([name]) => /pass/i.test(name)).map(([, value]) => value);
  return [password, decodeURIComponent(password), ...named];
}

function usernamesOf(configs: readonly SmtpConfig[]): readonly string[] {
  return configs.flatMap(({ settings: { username } }) => (username === null ? [] : [username]));
}
