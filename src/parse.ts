import type { z } from "zod";
import { type Issue, PosthornError, type SourcePlace } from "./errors.ts";

/**
 * Parses outside input at the edge. Every wrong field is named at once.
 * @throws PosthornError `input.invalid` with one issue for each wrong field.
 */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidInput(issuesOf(result.error.issues));
}

/** The error for fields found wrong. */
export function invalidInput(issues: readonly Issue[], place?: SourcePlace): PosthornError {
  const names = issues.map((issue) =>
    issue.pointer === "" ? issue.detail : `${issue.pointer}: ${issue.detail}`,
  );
  return new PosthornError("input.invalid", names.join("; "), {
    issues,
    ...(place === undefined ? {} : { place }),
  });
}

/** zod's issues as JSON Pointers; an unknown key is an issue of its own. */
export function issuesOf(issues: readonly z.core.$ZodIssue[], base = ""): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const pointer = base + issue.path.map((key) => `/${escapeToken(String(key))}`).join("");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        pointer: `${pointer}/${escapeToken(key)}`,
        detail: "unknown field",
      }));
    }
    if (issue.code === "invalid_union") {
      // The branch that got furthest knows best what was meant.
      const branches = issue.errors.filter((branch) => branch.length > 0);
      const deepest = branches.sort((a, b) => depth(b) - depth(a))[0];
      if (deepest !== undefined && depth(deepest) > 0) return issuesOf(deepest, pointer);
      // A rule of ours says more than that the type is another one.
      const explained = branches.find((branch) => branch.some(({ code }) => code === "custom"));
      if (explained !== undefined) return issuesOf(explained, pointer);
    }
    return [{ pointer, detail: issue.message }];
  });
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)));
}

/** RFC 6901 §3: `~` and `/` are escaped in a reference token. */
function escapeToken(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
