import { z } from "zod";
import { SendwrightError } from "../../core/errors.ts";
import { type DataSchema, parseDataSchema, validatorOf } from "../engine/data-schema.ts";
import {
  describeTemplate,
  type Layout,
  type Template,
  type TemplateInfo,
  type TemplateOrigin,
  type TemplateSource,
} from "../engine/template.ts";
import { builtinEntries, type TemplateEntry } from "../engine/templates.ts";

/** What templates and their parts may be, as they are sent and as they are stored. */

/** Past what one text may have in the end; the template's own limits say so sooner and better. */
const maxText = 256 * 1024;
const maxLocales = 50;
const minute = 60_000;

const text = z.string().max(maxText);
/** Left out and null mean the same: there is none. */
const textOrNull = text.nullish().transform((value) => value ?? null);

export const nameRule = "must be lower case with hyphens, such as order-shipped, of at most 64 characters";
export const templateName = z.string().regex(/^(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: nameRule });

/** A source as the API has it: every field is there. */
export const sourceInput = z.strictObject({
  subject: z.string().min(1).max(2000).describe("Subject, with Liquid"),
  preheader: textOrNull.describe("Preview text that mail programs show next to the subject, with Liquid"),
  mjml: text.min(1).describe("MJML inside the layout, or a whole `<mjml>` document"),
  text: textOrNull.describe("Plain text. Null to generate it from the HTML"),
});
export type SourceContent = z.output<typeof sourceInput>;

const locale = z.string().refine(isCanonicalLocale, {
  error: "must be a language tag in its usual form, such as de or pt-BR",
});

export const sourcesInput = z
  .record(locale, sourceInput)
  .superRefine((sources, context) => {
    const locales = Object.keys(sources);
    const wrong = (message: string) => context.addIssue({ code: "custom", message });
    if (locales.length === 0) wrong("must have a source for at least one language");
    if (locales.length > maxLocales) wrong(`must have at most ${maxLocales} languages`);
    if (locales.length > 1 && !Object.hasOwn(sources, "en")) {
      wrong("must contain en if there are other languages, because Sendwright falls back to it");
    }
  })
  .describe("Sources by BCP 47 language tag");

export const definitionInput = z.strictObject({
  description: z.string().trim().min(1).max(200),
  sensitive: z.boolean().default(false),
  expiresAfterMs: z
    .int()
    .min(minute)
    .max(365 * 24 * 60 * minute)
    .nullable()
    .default(null),
  schema: z.record(z.string(), z.unknown()).describe("JSON Schema of the data, in a subset of draft 2020-12"),
  example: z.record(z.string(), z.unknown()).describe("Example data that matches the schema"),
});

export const partInput = z.strictObject({
  mjml: text.min(1),
  text: textOrNull.describe("Plain text of the part"),
});
export type PartContent = z.output<typeof partInput>;

/** Of a template that is not built in: what it is for and which data it needs. */
export interface TemplateDefinition {
  readonly description: string;
  readonly sensitive: boolean;
  readonly expiresAfterMs: number | null;
  readonly schema: DataSchema;
  readonly example: Readonly<Record<string, unknown>>;
}

/** What is stored of a template. */
export interface TemplateContent {
  /** Null for a built-in one, of which only the sources can be changed. */
  readonly definition: TemplateDefinition | null;
  readonly sources: Readonly<Record<string, SourceContent>>;
}

const storedTemplate = z.strictObject({
  definition: definitionInput.nullable(),
  sources: z.record(z.string(), sourceInput),
});

/** @throws where the database holds something else. */
export function readTemplateContent(stored: unknown): TemplateContent {
  const { definition, sources } = storedTemplate.parse(stored);
  if (definition === null) return { definition, sources };
  return { definition: { ...definition, schema: parseDataSchema(definition.schema) }, sources };
}

/** @throws where the database holds something else. */
export function readPartContent(stored: unknown): PartContent {
  return partInput.parse(stored);
}

/**
 * A template as it is rendered.
 * @throws SendwrightError `template.not_found` for sources alone of a template that is not built in.
 */
export function templateOf(name: string, { definition, sources }: TemplateContent): Template {
  const rendered = mapValues(sources, sourceOf);
  if (definition === null) {
    const builtin = builtinEntries.get(name);
    if (builtin === undefined) {
      throw new SendwrightError("template.not_found", `Built-in template "${name}" not found.`);
    }
    return { ...builtin.template, sources: rendered };
  }
  const { schema, ...rest } = definition;
  return {
    name,
    ...rest,
    sources: rendered,
    // Made when it is needed, and remembered for the templates in use alone.
    get schema() {
      return validatorOf(schema);
    },
  };
}

export function entryOf(name: string, content: TemplateContent, version: number): TemplateEntry {
  const template = templateOf(name, content);
  const origin: TemplateOrigin = { isBuiltIn: content.definition === null, isEdited: true, version };
  const schema = content.definition?.schema ?? builtinEntries.get(name)?.info.schema;
  // JSON has no undefined: what zod calls optional is left out.
  return { template, info: describeTemplate(template, origin, schema as TemplateInfo["schema"] | undefined) };
}

export function sourceOf({ subject, preheader, mjml, text: plain }: SourceContent): TemplateSource {
  return {
    subject,
    mjml,
    ...(preheader === null ? {} : { preheader }),
    ...(plain === null ? {} : { text: plain }),
  };
}

/** The other way: null where something was left out. */
export function contentOf({ subject, preheader, mjml, text: plain }: TemplateSource): SourceContent {
  return { subject, preheader: preheader ?? null, mjml, text: plain ?? null };
}

export function layoutOf({ mjml, text: plain }: PartContent): Layout {
  return { mjml, text: plain ?? "{{ content }}" };
}

export function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

function isCanonicalLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag;
  } catch {
    // A malformed tag is a RangeError.
    return false;
  }
}
