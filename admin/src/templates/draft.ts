import type { TemplateDetail, TemplatePart } from "../api/types.ts";
import { readData } from "../parts/read-data.ts";
import { typedNumber } from "../parts/typed-number.ts";

const minute = 60_000;

export type Source = TemplateDetail["sources"][string];

/** A template as it is being written. */
export interface Draft {
  readonly description: string;
  readonly sensitive: boolean;
  /** In minutes, as typed; empty for the usual time. */
  readonly expiresAfter: string;
  /** As JSON text, which may be none while it is typed. */
  readonly schema: string;
  readonly example: string;
  readonly sources: Readonly<Record<string, Source>>;
}

/** What a template is made of, as it is now or was in a version. */
export type TemplateContent = Pick<
  TemplateDetail,
  "description" | "sensitive" | "expiresAfterMs" | "schema" | "example" | "sources" | "isBuiltIn"
>;

export function draftOf(template: TemplateContent): Draft {
  const { description, sensitive, expiresAfterMs, schema, example, sources } = template;
  return {
    description,
    sensitive,
    expiresAfter: expiresAfterMs === null ? "" : String(expiresAfterMs / minute),
    schema: pretty(schema),
    example: pretty(example),
    sources,
  };
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/**
 * What to save, without version and note. Of a built-in template that is the sources alone: its data is
 * known to those who send it.
 * @returns null while schema or example are no JSON objects.
 */
export function bodyOf(draft: Draft, isBuiltIn: boolean) {
  const { description, sensitive, sources } = draft;
  if (isBuiltIn) return { sources };
  const schema = readData(draft.schema);
  const example = readData(draft.example);
  if (schema === null || example === null) return null;
  const expiresAfterMs = draft.expiresAfter.trim() === "" ? null : typedNumber(draft.expiresAfter) * minute;
  return { description, sensitive, expiresAfterMs, schema, example, sources };
}

/** Something that two states of a template differ in. */
export interface Difference {
  readonly locale: string | null;
  readonly field: "description" | "sensitive" | "expiresAfter" | "schema" | "example" | keyof Source;
  readonly before: string;
  readonly after: string;
}

/** Everything that differs; where a template is built in, in its sources alone. */
export function differences(before: Draft, after: Draft, isBuiltIn: boolean): Difference[] {
  const found: Difference[] = [];
  if (!isBuiltIn) {
    for (const field of ["description", "sensitive", "expiresAfter", "schema", "example"] as const) {
      if (before[field] === after[field]) continue;
      found.push({ locale: null, field, before: String(before[field]), after: String(after[field]) });
    }
  }
  for (const locale of new Set([...Object.keys(before.sources), ...Object.keys(after.sources)])) {
    for (const field of ["subject", "preheader", "mjml", "text"] as const) {
      const [old = null, now = null] = [before.sources[locale]?.[field], after.sources[locale]?.[field]];
      if (old !== now) found.push({ locale, field, before: old ?? "", after: now ?? "" });
    }
  }
  return found;
}

type PartText = Pick<TemplatePart, "mjml" | "text">;

/** The same of a part that templates share. */
export function partDifferences(before: PartText, after: PartText): Difference[] {
  return (["mjml", "text"] as const)
    .filter((field) => before[field] !== after[field])
    .map((field) => ({ locale: null, field, before: before[field] ?? "", after: after[field] ?? "" }));
}

/** Whether there is nothing to save. */
export function sameDraft(one: Draft, other: Draft, isBuiltIn: boolean): boolean {
  const locales = (draft: Draft) => Object.keys(draft.sources).sort().join();
  return locales(one) === locales(other) && differences(one, other, isBuiltIn).length === 0;
}
