import type { Clock } from "../core/clock.ts";
import { fitsCheckToken, makeCheckToken } from "./check-token.ts";
import { chooseKdf, deriveKey, keyIdOf, newDerivation, parseDerivation } from "./derive.ts";
import { type KeyRow, type NamedKey, Secrets } from "./secrets.ts";

export interface UnlockOptions {
  readonly rows: readonly KeyRow[];
  /** The secret that encrypts from now on, as `parseSecret` gave it. */
  readonly primary: string;
  /** Older secrets, which only decrypt. */
  readonly previous: readonly string[];
  readonly clock: Clock;
}

interface OpenedRow extends NamedKey {
  readonly row: KeyRow;
  readonly secret: string;
}

/**
 * Finds the key of each row among the secrets by its check token. The key that encrypts is the primary
 * secret's: that of a row in use where it opens one, else that of a `newKey`, which the caller stores.
 * Retired rows still decrypt, but do not count for whether the secrets fit.
 */
export async function unlock({ rows, primary, previous, clock }: UnlockOptions): Promise<Secrets> {
  const opened: OpenedRow[] = [];
  const unknownKeyIds: string[] = [];
  for (const row of rows) {
    const match = await openRow(row, [primary, ...previous]);
    if (match !== null) opened.push(match);
    else if (row.retiredAt === null) unknownKeyIds.push(row.keyId);
  }
  const active = rows.filter((row) => row.retiredAt === null);
  const fits = active.length === 0 || unknownKeyIds.length < active.length;

  const ours = opened.filter(({ secret }) => secret === primary);
  const current = ours.find(({ row }) => row.retiredAt === null);
  const reused = ours[0];
  let encrypting: NamedKey;
  let newKey: KeyRow | null = null;
  if (current !== undefined) {
    encrypting = current;
  } else if (reused !== undefined) {
    encrypting = reused;
    newKey = { ...reused.row, retiredAt: null };
  } else {
    const created = await createKey(primary, clock.now());
    encrypting = created;
    newKey = created.row;
  }
  const others = opened.filter(({ keyId }) => keyId !== encrypting.keyId);
  return new Secrets({ primary: encrypting, others, fits, unknownKeyIds, newKey, clock });
}

async function openRow(row: KeyRow, secrets: readonly string[]): Promise<OpenedRow | null> {
  const derivation = parseDerivation(row.kdf, row.salt, row.params);
  if (derivation === null) return null;
  for (const secret of secrets) {
    if (chooseKdf(secret) !== derivation.kdf) continue;
    const key = await deriveKey(secret, derivation);
    if (fitsCheckToken(key, row.checkToken)) return { keyId: keyIdOf(key), key, row, secret };
  }
  return null;
}

async function createKey(secret: string, now: number): Promise<NamedKey & { row: KeyRow }> {
  const derivation = newDerivation(secret);
  const key = await deriveKey(secret, derivation);
  const keyId = keyIdOf(key);
  const row = { keyId, ...derivation, checkToken: makeCheckToken(key, now), createdAt: now, retiredAt: null };
  return { keyId, key, row };
}
