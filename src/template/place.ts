/** A place in a source, as people count: lines and columns from 1. */
export function placeAfter(textBefore: string): string {
  const lines = textBefore.split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
