/** A word for a POSIX shell. In single quotes only a quote is special: it is closed, escaped and opened again. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
