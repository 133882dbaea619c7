import { hkdfSync, randomBytes, scrypt } from "node:crypto";
import { SendwrightError } from "../core/errors.ts";
import { type FernetKey, keyOf, parseKey } from "./fernet.ts";
import { encodeFields } from "./fields.ts";

/**
 * How a secret becomes a Fernet key: not at all (it is one), by HKDF (RFC 5869) where it is random
 * enough, or by scrypt (RFC 7914), which makes guessing a password dear. Salts are base64url.
 */
export type Derivation =
  | { readonly kdf: "none"; readonly salt: null; readonly params: Record<string, never> }
  | { readonly kdf: "hkdf-sha256"; readonly salt: string; readonly params: Record<string, never> }
  | { readonly kdf: "scrypt"; readonly salt: string; readonly params: ScryptParams };

/** RFC 7914 §2: cost, block size, parallelisation. It takes about 128 · N · r bytes of memory. */
export type ScryptParams = Readonly<Record<"N" | "r" | "p", number>>;

/** What a key is for. A key of one purpose opens nothing of another. */
export type Purpose = "seal" | "sessions" | "contents" | "oauth" | "webhook" | "key-id";

const minCharacters = 16;
const saltBytes = 16;
const hkdfInfo = "smtp-config/v1";
const scryptParams: ScryptParams = { N: 2 ** 17, r: 8, p: 1 };
/** Rows of the database choose the cost: they must not choose to exhaust the machine. */
const maxScryptBytes = 512 * 2 ** 20;

/** The secrets that the documentation shows. Everybody knows them, so none is accepted. */
export const exampleSecrets: readonly string[] = [
  "replace-this-with-your-own-secret",
  "correct horse battery staple",
  "correct-horse-battery-staple",
  "your-secret-goes-here",
  "changeme-changeme",
  "change-me-change-me",
];

/**
 * The secret as it is used: surrounding white space, such as the line break at the end of a file, is
 * no part of it.
 * @param name where it was set, for the message: `SENDWRIGHT_SECRET`.
 * @throws SendwrightError `secret.unusable` if it is empty, shorter than 16 characters or an example.
 */
export function parseSecret(text: string, name: string): string {
  const secret = text.trim();
  const remedy = "Set it to a long random text, such as the output of `openssl rand -hex 32`.";
  if (secret === "") throw new SendwrightError("secret.unusable", `${name} is empty. ${remedy}`);
  if ([...secret].length < minCharacters) {
    throw new SendwrightError(
      "secret.unusable",
      `${name} has fewer than ${minCharacters} characters and is too easy to guess. ${remedy}`,
    );
  }
  if (exampleSecrets.includes(secret.toLowerCase())) {
    throw new SendwrightError(
      "secret.unusable",
      `${name} is an example from the documentation and publicly known. ${remedy}`,
    );
  }
  return secret;
}

/**
 * The way that suits a secret: a canonical Fernet key is used as it is; at least 64 hex or 43 base64url
 * characters hold 256 bits if they are random; anything else may be a password.
 */
export function chooseKdf(secret: string): Derivation["kdf"] {
  if (parseKey(secret) !== null) return "none";
  return /^(?:[0-9a-f]{64,}|[\w-]{43,}={0,2})$/i.test(secret) ? "hkdf-sha256" : "scrypt";
}

/** The derivation for a secret that has none yet, with a new salt. */
export function newDerivation(secret: string): Derivation {
  const kdf = chooseKdf(secret);
  if (kdf === "none") return { kdf, salt: null, params: {} };
  const salt = randomBytes(saltBytes).toString("base64url");
  return kdf === "scrypt" ? { kdf, salt, params: scryptParams } : { kdf, salt, params: {} };
}

/**
 * A derivation as the database holds it, or null if this version does not know it or if it would cost
 * more than 512 MiB of memory.
 */
export function parseDerivation(kdf: string, salt: string | null, params: unknown): Derivation | null {
  if (kdf === "none") return { kdf, salt: null, params: {} };
  if (salt === null) return null;
  if (kdf === "hkdf-sha256") return { kdf, salt, params: {} };
  if (kdf !== "scrypt" || typeof params !== "object" || params === null) return null;
  if ("N" in params && "r" in params && "p" in params) {
    const { N, r, p } = params;
    if (!isCount(N) || !isCount(r) || !isCount(p)) return null;
    const isPowerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
    if (!isPowerOfTwo || p > 16 || 128 * N * r > maxScryptBytes) return null;
    return { kdf, salt, params: { N, r, p } };
  }
  return null;
}

/**
 * Derives the Fernet key of a secret. The input keying material is the secret's text in UTF-8.
 * @throws SendwrightError `secret.unusable` if the derivation is `none` and the secret is no Fernet key.
 */
export async function deriveKey(secret: string, derivation: Derivation): Promise<FernetKey> {
  switch (derivation.kdf) {
    case "none": {
      const key = parseKey(secret);
      if (key === null) throw new SendwrightError("secret.unusable", "The secret is not a Fernet key.");
      return key;
    }
    case "hkdf-sha256":
      return keyOf(hkdf(secret, derivation.salt));
    case "scrypt":
      return keyOf(await scryptBytes(secret, derivation.salt, derivation.params));
  }
}

/**
 * The key of one purpose and one row. The info of HKDF is length-prefixed, so that no purpose and id
 * run together into those of another.
 */
export function purposeKey(primary: FernetKey, purpose: Purpose, id: string): FernetKey {
  const info = encodeFields(["sendwright/v1", purpose, id]);
  return keyOf(new Uint8Array(hkdfSync("sha256", primary.whole, new Uint8Array(), info, 32)));
}

/** The name of a key: 64 bits that say nothing about it. The same key always has the same name. */
export function keyIdOf(key: FernetKey): string {
  return purposeKey(key, "key-id", "").whole.export().toString("hex", 0, 8);
}

function hkdf(secret: string, salt: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, Buffer.from(salt, "base64url"), hkdfInfo, 32));
}

function scryptBytes(secret: string, salt: string, { N, r, p }: ScryptParams): Promise<Buffer> {
  // Node's bound is 32 MiB by default, a quarter of what these costs need (RFC 7914 §2 and §6).
  const maxmem = 128 * r * (N + p + 2);
  return new Promise((resolve, reject) => {
    scrypt(secret, Buffer.from(salt, "base64url"), 32, { N, r, p, maxmem }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}
