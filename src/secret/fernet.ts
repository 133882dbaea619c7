import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { SendwrightError } from "../core/errors.ts";

/**
 * A Fernet key (https://github.com/fernet/spec). KeyObjects print as `SecretKeyObject {}`, so that a
 * key that strays into a log shows nothing.
 */
export interface FernetKey {
  /** All 32 bytes, from which other keys are derived. */
  readonly whole: KeyObject;
  /** The first 16 bytes: HMAC-SHA256. */
  readonly signing: KeyObject;
  /** The last 16 bytes: AES-128-CBC. */
  readonly encryption: KeyObject;
}

/** A plaintext with the time that its token states, in whole seconds since the epoch. */
export interface Opened {
  readonly plaintext: Buffer;
  readonly timestamp: bigint;
}

export interface EncryptOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** 16 bytes; random unless a test vector fixes them. */
  readonly iv?: Uint8Array;
}

export interface DecryptOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long a token is valid. Without it the token's time is not looked at. */
  readonly ttlSeconds?: number;
}

const keyBytes = 32;
const version = 0x80;
/** Version, 64 bits of time, IV. */
const headerBytes = 1 + 8 + 16;
const blockBytes = 16;
const macBytes = 32;
/** How far the clock of the machine that made a token may be ahead. */
const maxClockSkewSeconds = 60n;

/** A new random key in its text form: 44 characters of URL-safe base64. */
export function generateKey(): string {
  return encodeBase64(randomBytes(keyBytes));
}

/**
 * The key that a text spells, or null if it is not a canonical Fernet key: exactly 32 bytes in URL-safe
 * base64 with padding.
 */
export function parseKey(text: string): FernetKey | null {
  const bytes = decodeBase64(text);
  return bytes?.length === keyBytes ? keyOf(bytes) : null;
}

/** The key made of these 32 bytes. */
export function keyOf(bytes: Uint8Array): FernetKey {
  if (bytes.length !== keyBytes) throw new RangeError(`A Fernet key has ${keyBytes} bytes.`);
  return {
    whole: createSecretKey(bytes),
    signing: createSecretKey(bytes.subarray(0, 16)),
    encryption: createSecretKey(bytes.subarray(16)),
  };
}

/** The text form of a key, as `generateKey` gives it and Python's `Fernet(key)` takes it. */
export function formatKey(key: FernetKey): string {
  return encodeBase64(key.whole.export());
}

/** Encrypts text (as UTF-8) or bytes to a token. */
export function encrypt(key: FernetKey, plaintext: string | Uint8Array, options: EncryptOptions): string {
  return seal(key, { plaintext: Buffer.from(plaintext), timestamp: wholeSeconds(options.now) }, options.iv);
}

/** Makes the token that `open` takes apart, with a time of the caller's choice. */
export function seal(
  key: FernetKey,
  { plaintext, timestamp }: Opened,
  iv: Uint8Array = randomBytes(16),
): string {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(version, 0);
  header.writeBigUInt64BE(timestamp, 1);
  header.set(iv, 9);
  const cipher = createCipheriv("aes-128-cbc", key.encryption, iv);
  const signed = Buffer.concat([header, cipher.update(plaintext), cipher.final()]);
  return encodeBase64(Buffer.concat([signed, hmac(key, signed)]));
}

/**
 * Decrypts a token. With `ttlSeconds` it must also be young enough, and not from the future by more
 * than a minute; both in whole seconds.
 * @throws SendwrightError `token.invalid`, the same for every cause, so that it tells an attacker nothing.
 */
export function decrypt(key: FernetKey, token: string, options?: DecryptOptions): Buffer {
  const { plaintext, timestamp } = open(key, token);
  if (options?.ttlSeconds !== undefined) {
    const now = wholeSeconds(options.now);
    const expired = timestamp + BigInt(Math.floor(options.ttlSeconds)) < now;
    if (expired || timestamp > now + maxClockSkewSeconds) throw invalidToken();
  }
  return plaintext;
}

/**
 * Takes a token apart without looking at its age. The MAC is verified before anything that it covers is
 * used: a token's padding is never an oracle.
 * @throws SendwrightError `token.invalid`
 */
export function open(key: FernetKey, token: string): Opened {
  const bytes = decodeBase64(token);
  if (bytes === null || bytes.length < headerBytes + blockBytes + macBytes || bytes[0] !== version) {
    throw invalidToken();
  }
  const signed = bytes.subarray(0, -macBytes);
  if (!timingSafeEqual(hmac(key, signed), bytes.subarray(-macBytes))) throw invalidToken();
  try {
    const decipher = createDecipheriv("aes-128-cbc", key.encryption, signed.subarray(9, headerBytes));
    const plaintext = Buffer.concat([decipher.update(signed.subarray(headerBytes)), decipher.final()]);
    return { plaintext, timestamp: signed.readBigUInt64BE(1) };
  } catch {
    throw invalidToken();
  }
}

/** The one error for tokens that no key opens. */
export function invalidToken(): SendwrightError {
  return new SendwrightError(
    "token.invalid",
    "This token is damaged, too old or was created with another key.",
  );
}

function hmac(key: FernetKey, bytes: Buffer): Buffer {
  return createHmac("sha256", key.signing).update(bytes).digest();
}

function wholeSeconds(ms: number): bigint {
  return BigInt(Math.floor(ms / 1000));
}

/** URL-safe base64 with padding (RFC 4648 §5), which Python's decoder wants and Node leaves out. */
function encodeBase64(bytes: Buffer): string {
  const text = bytes.toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** Node's decoder forgives nearly everything; only what encodes back to the input was canonical. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64url");
  return encodeBase64(bytes) === text ? bytes : null;
}
