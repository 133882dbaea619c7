import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PosthornError } from "../errors.ts";
import { parseSecret } from "../secret/derive.ts";
import { generateKey } from "../secret/fernet.ts";

/** Where the emails are: the database that is named, or the file in the data folder. */
export function databaseOf({ databaseUrl, dataDir }: DatabaseOptions): string {
  return databaseUrl ?? join(dataDir, "posthorn.db");
}

interface DatabaseOptions {
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

export interface FoundSecret {
  readonly secret: string;
  /** The key file that was just made, or null. */
  readonly made: string | null;
}

/**
 * The secret from the options, else from the key file in the data folder. Where there is neither, nor
 * a database that would have been made with one, a key file is made: mode 0600, synced before use.
 * @throws PosthornError `secret.missing` for a database whose key file is gone: a new key could not
 *   read what the old one encrypted; `secret.unusable`.
 */
export function findSecret({
  secret,
  ...where
}: DatabaseOptions & { secret?: string | undefined }): FoundSecret {
  if (secret !== undefined) return { secret: parseSecret(secret, "POSTHORN_SECRET"), made: null };
  if (where.databaseUrl !== undefined) {
    throw new PosthornError(
      "secret.missing",
      "POSTHORN_DATABASE_URL needs POSTHORN_SECRET: every node on the database must have the same one. `posthorn generate-secret` prints a good one.",
    );
  }
  const { dataDir } = where;
  const keyFile = join(dataDir, "posthorn.key");
  if (existsSync(keyFile)) {
    return { secret: parseSecret(readFileSync(keyFile, "utf8"), keyFile), made: null };
  }
  const database = databaseOf(where);
  if (existsSync(database)) {
    throw new PosthornError(
      "secret.missing",
      `${database} exists, but its key file ${keyFile} does not. Restore that file, or set POSTHORN_SECRET to the secret the database was made with.`,
    );
  }
  const key = generateKey();
  // "wx": never write over a key.
  const descriptor = openSync(keyFile, "wx", 0o600);
  try {
    writeSync(descriptor, `${key}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return { secret: key, made: keyFile };
}

/**
 * The earlier secrets from the options.
 * @throws PosthornError `secret.unusable`
 */
export function parsePreviousSecrets(secrets: readonly string[]): readonly string[] {
  return secrets.map((secret) => parseSecret(secret, "A secret of POSTHORN_PREVIOUS_SECRETS"));
}
