import { createPublicKey, type KeyObject } from "node:crypto";
import { parseTags } from "../tags.ts";

/** The part of a DKIM key record (RFC 6376 §3.6.1) that decides whether it can verify signatures. */
export type DkimKey =
  | {
      readonly kind: "usable";
      readonly type: "rsa" | "ed25519";
      /** The size of the modulus, or of the curve. */
      readonly bits: number;
      /** `t=y`: receivers are asked not to count failures. */
      readonly isTesting: boolean;
    }
  /** The key is revoked: `p=` is empty. */
  | { readonly kind: "revoked" }
  | { readonly kind: "unusable"; readonly problem: string };

/** Verifiers ignore shorter keys (RFC 8301 §3.2). */
export const minRsaBits = 1024;

export function parseDkimKey(text: string): DkimKey {
  const tags = parseTags(text);
  const key = tags?.get("p");
  if (tags === null || key === undefined) return unusable("it isn't a DKIM key");
  const version = tags.get("v");
  if (version !== undefined && version !== "DKIM1") return unusable("its version isn't DKIM1");
  const base64 = key.replace(/\s/g, "");
  if (base64 === "") return { kind: "revoked" };
  if (!/^[A-Za-z\d+/]+={0,2}$/.test(base64)) return unusable("its key isn't base64");
  const bytes = Buffer.from(base64, "base64");
  const isTesting = (tags.get("t") ?? "").split(":").some((flag) => flag.trim() === "y");
  const type = (tags.get("k") ?? "rsa").toLowerCase();
  if (type === "ed25519") {
    // An Ed25519 key is published without any structure (RFC 8463 §4.2).
    return bytes.length === 32
      ? { kind: "usable", type, bits: 256, isTesting }
      : unusable("its key isn't an Ed25519 key");
  }
  if (type !== "rsa") return unusable(`its key type ${JSON.stringify(type.slice(0, 40))} is unknown`);
  const bits = rsaKey(bytes)?.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined) return unusable("its key is truncated or damaged");
  return { kind: "usable", type, bits, isTesting };
}

/** An RSA key as SubjectPublicKeyInfo, which is usual, or as the RSAPublicKey that the text of the RFC names. */
function rsaKey(key: Buffer): KeyObject | null {
  for (const type of ["spki", "pkcs1"] as const) {
    try {
      const parsed = createPublicKey({ key, format: "der", type });
      if (parsed.asymmetricKeyType === "rsa") return parsed;
    } catch {
      // The key may be in the other form.
    }
  }
  return null;
}

function unusable(problem: string): DkimKey {
  return { kind: "unusable", problem };
}
