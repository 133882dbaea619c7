import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import type { ServerOptions } from "../core/environment.ts";
import { SendwrightError } from "../core/errors.ts";
import { readTextFile } from "../core/text-file.ts";
import { parseSecret } from "../secret/derive.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import type { Store } from "../store/store.ts";
import { listEncryptionKeys } from "../store/tables/encryption-keys.ts";

/** Where the emails are: the database that is named, or the file in the data folder. */
export function databaseOf({ databaseUrl, dataDir }: DatabaseOptions): string {
  return databaseUrl ?? join(dataDir, "sendwright.db");
}

interface DatabaseOptions {
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

export interface FoundSecret {
  readonly secret: string;
  /** The key file if it was created just now, or null. */
  readonly createdFile: string | null;
}

interface SecretOptions extends DatabaseOptions {
  readonly secret?: string | undefined;
}

/** Where the secret is that the options do not name. */
export function keyFileOf(dataDir: string): string {
  return join(dataDir, "sendwright.key");
}

/**
 * The secret from the options, else from the key file in the data folder. If there is neither, nor a database
 * that a secret was used with, creates a key file: mode 0600, synced before use.
 * @throws SendwrightError as `readSecret`.
 */
export function findSecret(options: SecretOptions): FoundSecret {
  const secret = readSecret(options);
  if (secret !== null) return { secret, createdFile: null };
  const key = generateKey();
  const keyFile = keyFileOf(options.dataDir);
  // "wx": never write over a key.
  const descriptor = openSync(keyFile, "wx", 0o600);
  try {
    writeSync(descriptor, `${key}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return { secret: key, createdFile: keyFile };
}

/**
 * The same, and creates nothing: null if there is neither a key file nor a database yet.
 * @throws SendwrightError `secret.missing` for a database whose key file is gone: a new key could not
 *   read what the old one encrypted; `secret.unusable`.
 */
export function readSecret({ secret, ...where }: SecretOptions): string | null {
  if (secret !== undefined) return parseSecret(secret, "SENDWRIGHT_SECRET");
  if (where.databaseUrl !== undefined) {
    throw new SendwrightError(
      "secret.missing",
      "SENDWRIGHT_SECRET is required with SENDWRIGHT_DATABASE_URL, because all nodes must share it. Create one with `sendwright generate-secret`.",
    );
  }
  const keyFile = keyFileOf(where.dataDir);
  if (existsSync(keyFile)) return parseSecret(readTextFile(keyFile), keyFile);
  const database = databaseOf(where);
  if (!existsSync(database)) return null;
  throw new SendwrightError(
    "secret.missing",
    `The key file ${keyFile} of the database ${database} is missing. Restore it, or set SENDWRIGHT_SECRET to the secret of this database.`,
  );
}

/**
 * The keys of an open database, by the secrets of the options; for commands beside a server.
 * @throws SendwrightError `secret.missing`, `secret.unusable`
 */
export async function unlockBeside(
  store: Store,
  options: Pick<ServerOptions, "secret" | "previousSecrets" | "databaseUrl" | "dataDir">,
): Promise<Secrets> {
  return unlock({
    rows: await listEncryptionKeys(store.db),
    primary: findSecret(options).secret,
    previous: parsePreviousSecrets(options.previousSecrets),
    clock: systemClock,
  });
}

/**
 * The earlier secrets from the options.
 * @throws SendwrightError `secret.unusable`
 */
export function parsePreviousSecrets(secrets: readonly string[]): readonly string[] {
  return secrets.map((secret) => parseSecret(secret, "A secret of SENDWRIGHT_PREVIOUS_SECRETS"));
}
