import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

const foreign = /(?:^|\/)(?:node_modules|dist|\.git|data)(?:\/|$)/;

/** Paths of files from the root of the repository, without what is installed or built. */
export function filesLike(pattern: string): string[] {
  const found = globSync(pattern, { cwd: root, exclude: (path) => foreign.test(path) });
  return found.filter((path) => !foreign.test(path)).toSorted();
}

/** The pages of the documentation. Not the changelog: it speaks of pages as they were when it was written. */
export const files: readonly string[] = filesLike("**/*.md").filter((file) => file !== "CHANGELOG.md");

export function read(file: string): string | null {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return null;
  }
}

/** A fenced block of code, without the indentation of the fence. */
export interface Block {
  readonly file: string;
  /** Of the fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What the HTML comment just before the fence says; "" without one. */
  readonly comment: string;
}

interface OpenBlock extends Omit<Block, "file" | "text"> {
  readonly indent: string;
  readonly lines: string[];
}

export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let open: OpenBlock | null = null;
  let comment = "";
  for (const [index, line] of (read(file) ?? "").split("\n").entries()) {
    const fence: RegExpExecArray | null = /^( *)```(\w*)/.exec(line);
    if (open !== null && fence?.[1] === open.indent && fence[2] === "") {
      const { lines, indent: _, ...rest } = open;
      blocks.push({ file, ...rest, text: `${lines.join("\n")}\n` });
      open = null;
      comment = "";
    } else if (open !== null) {
      open.lines.push(line.slice(0, open.indent.length).trim() + line.slice(open.indent.length));
    } else if (fence !== null) {
      open = { indent: fence[1] ?? "", language: fence[2] ?? "", line: index + 1, comment, lines: [] };
    } else if (line.trim() !== "") {
      comment = /^\s*<!-- (.*) -->$/.exec(line)?.[1] ?? "";
    }
  }
  return blocks;
}

/** A file without its code blocks. */
export function proseOf(file: string): string {
  return (read(file) ?? "").replace(/^( *)```[\s\S]*?^\1```$/gm, "");
}

/** Where a block stands, for the title of its test. */
export function place({ file, line }: Block): string {
  return `${file}:${line}`;
}
