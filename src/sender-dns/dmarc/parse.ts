import { parseTags } from "../tags.ts";

const policies = ["none", "quarantine", "reject"] as const;
export type DmarcRequest = (typeof policies)[number];

/** A DMARC record (RFC 9989 §4.7; `pct` is of RFC 7489, which many receivers still follow). */
export interface DmarcRecord {
  /** The policy for mail of the domain; null if it is missing or not known. */
  readonly policy: DmarcRequest | null;
  /** The policy for its subdomains. */
  readonly subdomains: DmarcRequest;
  readonly strictSpf: boolean;
  readonly strictDkim: boolean;
  /** The share of failing mail that the policy applies to, 0 to 100. */
  readonly percent: number;
  /** `t=y`: receivers are asked not to act on it. */
  readonly isTesting: boolean;
  /** The addresses for aggregate reports. */
  readonly reportTo: readonly string[];
  /** `y`: a public suffix; `n`: the domain of an organization; `u`: not said. */
  readonly psd: "y" | "n" | "u";
}

export function isDmarc(text: string): boolean {
  return /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text);
}

/** The record, or null if it cannot be read. */
export function parseDmarc(text: string): DmarcRecord | null {
  const tags = parseTags(text);
  if (tags === null) return null;
  const request = (name: string): DmarcRequest | null =>
    policies.find((policy) => policy === tags.get(name)?.toLowerCase()) ?? null;
  const reportTo = (tags.get("rua") ?? "").split(",").map((uri) => uri.trim());
  const percent = /^\d{1,3}$/.test(tags.get("pct") ?? "") ? Math.min(100, Number(tags.get("pct"))) : 100;
  const psd = tags.get("psd")?.toLowerCase();
  const policy = request("p");
  return {
    policy,
    subdomains: request("sp") ?? policy ?? "none",
    strictSpf: tags.get("aspf")?.toLowerCase() === "s",
    strictDkim: tags.get("adkim")?.toLowerCase() === "s",
    percent,
    isTesting: tags.get("t")?.toLowerCase() === "y",
    reportTo: reportTo.filter((uri) => /^mailto:.+@.+/i.test(uri)),
    psd: psd === "y" || psd === "n" ? psd : "u",
  };
}
