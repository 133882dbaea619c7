import { styleText } from "node:util";

/** Where a command prints to. */
export interface Output {
  write(text: string): void;
  /** A terminal shows the output, so a line may be overwritten while work goes on. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  /** Characters in a line; Infinity where nobody breaks lines. */
  readonly columns: number;
}

/** Standard output. Node.js knows NO_COLOR and terminals without colours. */
export function standardOutput(): Output {
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true;
  return {
    write: (text) => void stdout.write(text),
    isTerminal,
    hasColours: isTerminal && stdout.hasColors(),
    // Some terminals do not know how wide they are.
    columns: isTerminal ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
  };
}

export type Mark = "good" | "remark" | "bad" | "none";

const marks = {
  good: ["✓", "green"],
  remark: ["!", "yellow"],
  bad: ["✗", "red"],
  none: ["–", "dim"],
} as const satisfies Record<Mark, readonly [string, string]>;

/** One sign and its colour for each way that something can end. */
export function markOf(mark: Mark, { hasColours }: Output): string {
  const [sign, colour] = marks[mark];
  return hasColours ? styleText(colour, sign, { validateStream: false }) : sign;
}

export function bold(text: string, { hasColours }: Output): string {
  return hasColours ? styleText("bold", text, { validateStream: false }) : text;
}

export function dim(text: string, { hasColours }: Output): string {
  return hasColours ? styleText("dim", text, { validateStream: false }) : text;
}

/** Text of others on one line, without control characters: it must not steer the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

/** Cut so that it fits, with a sign that it was. */
export function fitted(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** A comfortable line; longer ones are hard to read. */
const readableWidth = 88;

/** A paragraph, broken between words and indented. */
export function paragraph(text: string, indent: number, { columns }: Output): string {
  const width = Math.max(20, Math.min(columns, readableWidth) - indent);
  const lines: string[] = [];
  for (const word of oneLine(text).split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${" ".repeat(indent)}${line}\n`).join("");
}
