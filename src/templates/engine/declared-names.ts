import type { z } from "zod";
import { boundedCache } from "./bounded-cache.ts";
import { type LiquidTemplate, parseLiquid } from "./liquid.ts";
import { blankPartials } from "./partials.ts";
import { globalNames, type Partials, schemaOf, type Template } from "./template.ts";

type JsonSchema = z.core.JSONSchema._JSONSchema;

interface UndeclaredName {
  readonly detail: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The names that a source asks for and that nobody gives: neither the schema nor the source itself, nor a
 * partial. Branches that the example does not take are read too, so that an email does not fail there later.
 */
export function undeclaredNames(
  template: Template,
  compiled: LiquidTemplate,
  partials: Partials,
): UndeclaredName[] {
  const schema = schemaOf(template);
  const known = new Set<string | number>([...globalNames, ...assignedBy(partials)]);
  return compiled
    .names()
    .filter(({ path }) => path[0] !== undefined && !known.has(path[0]) && !declares(schema, path))
    .map(({ path, line, column }) => ({
      detail: `"${path.join(".")}" is not in the schema of the data`,
      line,
      column,
    }));
}

function declares(schema: JsonSchema, path: readonly (string | number)[]): boolean {
  let at: JsonSchema | undefined = schema;
  for (const step of path) {
    if (typeof at !== "object" || at.properties === undefined) return true;
    if (!Object.hasOwn(at.properties, step)) return false;
    at = at.properties[step];
  }
  return true;
}

const assignedBy = boundedCache(4, (partials: Partials): readonly string[] =>
  Object.values(partials).flatMap(({ mjml, text = "" }) =>
    [mjml, text].flatMap((source) => parseLiquid(blankPartials(source), "text", "partial").assigned()),
  ),
);
