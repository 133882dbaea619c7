/** A place in a source, as people count: lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place where a text ends. */
export function placeIn(textBefore: string): Place {
  const lines = textBefore.split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** The same in words. */
export function placeAfter(textBefore: string): string {
  const { line, column } = placeIn(textBefore);
  return `line ${line}, column ${column}`;
}
