import type { Dns } from "../../net/dns.ts";
import { type DmarcRecord, isDmarc, parseDmarc } from "./parse.ts";

/** The result at one name of the walk. */
export interface DmarcAt {
  readonly domain: string;
  readonly texts: readonly string[];
  /** Null if there is no record, more than one, or one that is invalid. */
  readonly record: DmarcRecord | null;
}

export type DmarcFound =
  | {
      readonly kind: "found";
      readonly at: DmarcAt & { readonly record: DmarcRecord };
      readonly isOwn: boolean;
    }
  /** `own`: the records at the domain itself, none of which counts. */
  | { readonly kind: "none"; readonly own: DmarcAt }
  | { readonly kind: "failed"; readonly name: string; readonly code: string };

/** The limit of names that are asked, however long the domain is (RFC 9989 §4.10). */
const maxNames = 8;

/**
 * The record that counts for a domain: its own, or else that of its organization. The domain of the
 * organization is found by walking up the names (RFC 9989 §4.10), not in a list of public suffixes as in
 * RFC 7489 §3.2, which could be out of date.
 */
export async function findDmarc(domain: string, dns: Dns): Promise<DmarcFound> {
  const walked: DmarcAt[] = [];
  for (const name of namesAbove(domain)) {
    const answer = await dns.txt(`_dmarc.${name}`);
    if (answer.kind === "failed") {
      // No answer is needed above a record that counts.
      if (walked.some(({ record }) => record !== null)) break;
      return { kind: "failed", name: `_dmarc.${name}`, code: answer.code };
    }
    const texts = answer.kind === "found" ? answer.records.filter(isDmarc) : [];
    const [text] = texts;
    const record = text !== undefined && texts.length === 1 ? parseDmarc(text) : null;
    walked.push({ domain: name, texts, record });
    if (name === domain && record !== null) break;
    if (record !== null && record.psd !== "u") break;
  }
  const [own = { domain, texts: [], record: null }] = walked;
  const at = own.record === null ? organisationOf(walked) : own;
  if (at === null || at.record === null) return { kind: "none", own };
  return { kind: "found", at: { ...at, record: at.record }, isOwn: at === own };
}

/** The domain of the organization (RFC 9989 §4.10.2): the name that says so, the one below a public suffix, or the highest with a record. */
function organisationOf(walked: readonly DmarcAt[]): DmarcAt | null {
  const suffix = walked.findIndex(({ record }) => record?.psd === "y");
  const below = walked[suffix - 1];
  if (below !== undefined && below.record !== null) return below;
  return walked.findLast(({ record }) => record !== null) ?? null;
}

/** The domain, then each above it, the top level last; of a long one only those with up to seven labels. */
function namesAbove(domain: string): string[] {
  const labels = domain.split(".");
  const names = labels.map((_, index) => labels.slice(index).join("."));
  if (names.length <= maxNames) return names;
  return [domain, ...names.slice(1 - maxNames)];
}
