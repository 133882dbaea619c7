/** Something wrong in a text, from 1 on; null where its place is not known. */
export interface Fault {
  readonly detail: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** From where to where in the text a fault is shown. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The part of CodeMirror's text that places are looked up in. */
interface Lines {
  readonly lines: number;
  line(number: number): { readonly from: number; readonly to: number; readonly text: string };
}

/** From the place of a fault to the end of the word there; the whole line where the column is not known. */
export function spanOf(lines: Lines, { line, column }: Pick<Fault, "line" | "column">): Span {
  const { from, to, text } = lines.line(Math.min(Math.max(line ?? 1, 1), lines.lines));
  if (column === null) return { from, to };
  const start = Math.min(Math.max(column - 1, 0), text.length);
  const word = /^(?:<\/?[\w-]*|\{[{%]-?\s*\w*|[\w-]+|.)/.exec(text.slice(start))?.[0] ?? "";
  // Past the end of the line there is nothing to underline: then its last character is.
  return word === ""
    ? { from: from + Math.max(start - 1, 0), to: from + start }
    : { from: from + start, to: from + start + word.length };
}
