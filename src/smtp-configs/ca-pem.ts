import { X509Certificate } from "node:crypto";

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text (RFC 7468), without what stands between them, and with LF. Null if
 * there is none, if one cannot be read, or if it holds something else, above all a private key.
 */
export function normaliseCaPem(text: string): string | null {
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0 || text.replace(block, "").includes("-----BEGIN")) return null;
  if (!blocks.every(isCertificate)) return null;
  return blocks.map((pem) => `${pem.replaceAll(/\r\n?/g, "\n")}\n`).join("");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
