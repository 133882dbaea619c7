import type { z } from "zod";
import { type Issue, maxIssues, SendwrightError, type SourcePlace } from "./errors.ts";
import { fieldError } from "./zod-words.ts";

const longestToken = 1_000;

/**
 * Parses outside input at the edge. Every wrong field is named at once.
 * @throws SendwrightError `input.invalid` with one issue for each wrong field.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidInput(issuesOf(result.error.issues, input));
}

/** The error for fields found wrong, of which it keeps the first ones. */
export function invalidInput(issues: readonly Issue[], place?: SourcePlace): SendwrightError {
  const names = issues
    .slice(0, maxIssues)
    .map(({ pointer, detail }) => (pointer === "" ? detail : `${pointer}: ${detail}`));
  // In a list the details follow each other within one sentence.
  const message = names.length === 1 ? names.join() : names.map((name) => name.replace(/\.$/, "")).join("; ");
  return new SendwrightError("input.invalid", message, {
    issues,
    ...(place === undefined ? {} : { place }),
  });
}

/**
 * The first of zod's issues, as JSON Pointers, in the words of Sendwright; an unknown key is an issue of its own.
 * @param input what was parsed.
 * @param base is put before each pointer.
 */
export function issuesOf(issues: readonly z.core.$ZodIssue[], input: unknown, base = ""): Issue[] {
  const found = issues.slice(0, maxIssues).flatMap((issue): Issue[] => {
    const pointer = base + issue.path.map((key) => `/${pointerToken(String(key))}`).join("");
    const value = valueAt(input, issue.path);
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
      if (deepest !== undefined && depth(deepest) > 0) return issuesOf(deepest, value, pointer);
      // A rule says more than that the type is another one.
      const explained = branches.find((branch) => branch.some(({ code }) => isRule(code)));
      if (explained !== undefined) return issuesOf(explained, value, pointer);
    }
    return [{ pointer, detail: fieldError(issue, value) }];
  });
  return found.slice(0, maxIssues);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value == null ? undefined : (value as Readonly<Record<PropertyKey, unknown>>)[key]),
    input,
  );
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
