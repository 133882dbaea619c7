/** What a domain without SPF may publish; `~all` marks mail of others without refusing it. */
export function newSpf(term: string): string {
  return `v=spf1 ${term} ~all`;
}

/** The record, letting one more through: before `all` or `redirect`, after which nothing counts. */
export function withTerm(record: string, term: string): string {
  const words = wordsOf(record);
  if (words.includes(term)) return words.join(" ");
  const end = words.findIndex(isEnd);
  return words.toSpliced(end === -1 ? words.length : end, 0, term).join(" ");
}

/** Several records as the one that there may be (RFC 7208 §3.2): all that they let through, and the first end. */
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
