/** A generated page: `path` is below docs/. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** @param source the files that the page follows from, for people who want to change it. */
export function page(path: string, source: string, title: string, body: readonly string[]): Page {
  const note = `<!-- Written by scripts/docs.ts from ${source}. Edit that, then run: node scripts/docs.ts -->`;
  return { path, text: `${[note, `# ${title}`, ...body].join("\n\n")}\n` };
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A description as a sentence, or "" if there is none. */
export function sentence(text: string | undefined): string {
  if (text === undefined || text === "") return "";
  // A name such as iCalendar stays.
  const first = /^\p{Ll}\p{Lu}/u.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** As GitHub makes them of headings. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replaceAll(" ", "-");
}
