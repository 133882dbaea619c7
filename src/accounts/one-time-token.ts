import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits for a link, and what is stored of them. */
export interface OneTimeToken {
  readonly token: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

export function newToken(): OneTimeToken {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: sha256(token).toString("hex") };
}

/** Whether this is the token that the hash was made of. */
export function isTokenOf(hash: string, token: string): boolean {
  return timingSafeEqual(Buffer.from(hash, "hex"), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
