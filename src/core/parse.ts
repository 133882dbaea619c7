import type { z } from "zod";
import { type Issue, maxIssues, SendwrightError, type SourcePlace } from "./errors.ts";

const longestToken = 1_000;

/**
 * Parses outside input at the edge. Every wrong field is named at once.
 * @throws SendwrightError `input.invalid` with one issue for each wrong field.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidInput(issuesOf(result.error.issues));
}

/** The error for fields found wrong, of which it keeps the first ones. */
export function invalidInput(issues: readonly Issue[], place?: SourcePlace): SendwrightError {
  const names = issues
    .slice(0, maxIssues)
    .map((issue) => (issue.pointer === "" ? issue.detail : `${issue.pointer}: ${issue.detail}`));
  return new SendwrightError("input.invalid", names.join("; "), {
    issues,
    ...(place === undefined ? {} : { place }),
  });
}

/** The first of zod's issues, as JSON Pointers; an unknown key is an issue of its own. */
export function issuesOf(issues: readonly z.core.$ZodIssue[], base = ""): Issue[] {
  const found = issues.slice(0, maxIssues).flatMap((issue): Issue[] => {
    const pointer = base + issue.path.map((key) => `/${pointerToken(String(key))}`).join("");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.slice(0, maxIssues).map((key) => ({
        pointer: `${pointer}/${pointerToken(key)}`,
        detail: "unknown field",
      }));
    }
    if (issue.code === "invalid_union") {
      // The branch that got furthest knows best what was meant.
      const branches = issue.errors.filter((branch) => branch.length > 0);
      const deepest = branches.sort((a, b) => depth(b) - depth(a))[0];
      if (deepest !== undefined && depth(deepest) > 0) return issuesOf(deepest, pointer);
      // A rule says more than that the type is another one.
      const explained = branches.find((branch) => branch.some(({ code }) => isRule(code)));
      if (explained !== undefined) return issuesOf(explained, pointer);
    }
    return [{ pointer, detail: issue.message }];
  });
  return found.slice(0, maxIssues);
}

function isRule(code: z.core.$ZodIssue["code"]): boolean {
  return code !== "invalid_type" && code !== "invalid_union";
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (deepest, { path, code }) => Math.max(deepest, path.length + (code === "unrecognized_keys" ? 1 : 0)),
    0,
  );
}

/** A reference token of a JSON Pointer (RFC 6901 §3), of as much of a name as an error keeps: `~` and `/` are escaped. */
export function pointerToken(token: string): string {
  return token.slice(0, longestToken).replaceAll("~", "~0").replaceAll("/", "~1");
}
