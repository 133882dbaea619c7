import { createHmac, timingSafeEqual } from "node:crypto";
import { purposeKey } from "./derive.ts";
import type { FernetKey } from "./fernet.ts";
import { encodeFields, type Field } from "./fields.ts";

/**
 * The values that a seal protects. An attacker who can write the database but lacks the key cannot point a saved
 * password at another server, allow it in cleartext, or move it to another row.
 */
export interface Sealed {
  /** The row's id. */
  readonly id: string;
  /** The parts of the destination, normalised, always in the same order. */
  readonly destination: readonly Field[];
  readonly allowCleartextAuth: boolean;
  /** Null where no password is saved: different from an empty token. */
  readonly passwordToken: string | null;
}

/** HMAC-SHA256 over the length-prefixed fields, with a key of this row's own; base64url. */
export function makeSeal(key: FernetKey, sealed: Sealed): string {
  const { id, destination, allowCleartextAuth, passwordToken } = sealed;
  const fields = [id, destination.length, ...destination, allowCleartextAuth, passwordToken];
  return createHmac("sha256", purposeKey(key, "seal", id).whole)
    .update(encodeFields(fields))
    .digest("base64url");
}

/** Compares in constant time. */
export function sealHolds(key: FernetKey, sealed: Sealed, seal: string): boolean {
  const given = Buffer.from(seal);
  const expected = Buffer.from(makeSeal(key, sealed));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
