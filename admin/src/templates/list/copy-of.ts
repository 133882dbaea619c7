import type { TemplateDetail } from "../../api/types.ts";

/** What a template of one's own begins with that is a copy of another. */
export function copyOf({ sensitive, expiresAfterMs, schema, example, sources }: TemplateDetail) {
  return { sensitive, expiresAfterMs, schema: withoutGroups(schema), example, sources };
}

/** Built-in templates may have patterns with groups, one's own may not: what has one takes any text. */
function withoutGroups(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "pattern" && typeof value === "string" && value.includes("(") ? undefined : value,
  );
}
