/**
 * Cuts a list into pieces of 64, 32, … 1: a statement for many rows has one text for each number of rows,
 * and the database keeps the plans of a few texts, not of every number.
 */
export function inChunks<Item>(items: readonly Item[]): (readonly Item[])[] {
  const chunks: (readonly Item[])[] = [];
  let start = 0;
  for (let size = largest; size >= 1; size /= 2) {
    while (items.length - start >= size) {
      chunks.push(items.slice(start, start + size));
      start += size;
    }
  }
  return chunks;
}

const largest = 64;
