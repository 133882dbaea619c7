import { bold, type Mark, markOf, type Output, oneLine, paragraph } from "../terminal.ts";
import type { Check } from "./checks/check.ts";

/** The areas in the order of their headings; a check's id begins with its area. */
const areas = {
  machine: "Machine",
  environment: "Environment",
  data: "Data directory",
  database: "Database",
  secret: "Secret",
  configs: "SMTP configs",
  names: "DNS",
  queue: "Emails",
  admins: "Sign-in",
} as const;

const markFor = { ok: "good", warning: "remark", failed: "bad" } as const satisfies Record<
  Check["status"],
  Mark
>;

const widestTitle = 24;

/** Prints what was found, by area, with what to do about it, and the sum of it. */
export function printChecks(checks: readonly Check[], heading: string, output: Output): void {
  output.write(`${bold(heading, output)}\n`);
  for (const [area, title] of Object.entries(areas)) {
    const here = checks.filter(({ id }) => id.split(".", 1)[0] === area);
    if (here.length === 0) continue;
    output.write(`\n${bold(title, output)}\n`);
    const width = Math.min(widestTitle, Math.max(...here.map((check) => oneLine(check.title).length)));
    for (const check of here) output.write(lineOf(check, width, output));
  }
  output.write(`\n${sumOf(checks)}\n`);
}

function lineOf({ title, status, found, remedy }: Check, width: number, output: Output): string {
  const mark = markOf(markFor[status], output);
  const indent = width + 6;
  const detail = paragraph(found, indent, output).slice(indent);
  const todo = remedy === null ? "" : paragraph(`Fix: ${remedy}`, indent, output);
  return `  ${mark} ${oneLine(title).padEnd(width)}  ${detail}${todo}`;
}

function sumOf(checks: readonly Check[]): string {
  const failed = checks.filter(({ status }) => status === "failed").length;
  const warnings = checks.filter(({ status }) => status === "warning").length;
  const attention = `${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
  if (failed > 0)
    return `${failed} of ${checks.length} checks failed${warnings > 0 ? `, ${attention}` : ""}.`;
  if (warnings > 0) return `0 failed, ${attention}.`;
  return "All checks passed.";
}
