/** The record for a domain without SPF. `~all` marks mail from other servers without refusing it. */
export function newSpf(term: string): string {
  return `v=spf1 ${term} ~all`;
}

/** The record with one more term, which is put before `all` or `redirect`, because later terms do not count. */
export function withTerm(record: string, term: string): string {
  const words = wordsOf(record);
  if (words.includes(term)) return words.join(" ");
  const end = words.findIndex(isEnd);
  return words.toSpliced(end === -1 ? words.length : end, 0, term).join(" ");
}

/** Several records merged into the only one that is allowed (RFC 7208 §3.2): all terms, and the first end. */
export function merged(records: readonly string[]): string {
  const words = [...new Set(records.flatMap((record) => wordsOf(record).slice(1)))];
  const end = words.find((word) => /^[+~?-]?all$/i.test(word)) ?? words.find(isEnd);
  const rest = words.filter((word) => !isEnd(word));
  return ["v=spf1", ...rest, ...(end === undefined ? [] : [end])].join(" ");
}

function isEnd(word: string): boolean {
  return /^(?:[+~?-]?all$|redirect=)/i.test(word);
}

function wordsOf(record: string): string[] {
  return record.split(" ").filter((word) => word !== "");
}
