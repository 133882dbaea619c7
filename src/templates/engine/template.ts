import { z } from "zod";
import { boundedCache } from "./bounded-cache.ts";

/** The source of one email in one language. All parts are Liquid. */
export interface TemplateSource {
  readonly subject: string;
  /** What mail programs show beside the subject in the list of messages. */
  readonly preheader?: string;
  /**
   * MJML: the content that the layout is put around, or a whole `<mjml>` document, which stands without
   * the layout. Liquid stands between elements, in text and in quoted attributes.
   */
  readonly mjml: string;
  /** The plain text, with the layout's around it; made from the HTML where it is left out. */
  readonly text?: string;
}

/**
 * What all emails of an installation have around them. `{{ content }}` stands once in each part, where
 * the template's own goes; in `mjml`, inside an `mj-column`. Beside what every template sees, a layout
 * sees the rendered `subject` and `preheader`.
 */
export interface Layout {
  readonly mjml: string;
  readonly text: string;
}

/** Pieces that templates and layouts have in common, by the name that `{% render "name" %}` calls. */
export type Partials = Readonly<Record<string, Partial>>;

export interface Partial {
  readonly mjml: string;
  /** What stands in the plain text; nothing where it is left out. */
  readonly text?: string;
}

/** The names that every template sees beside its data. A field of such a name could not be seen. */
export const globalNames = ["brand", "content", "locale", "preheader", "product", "subject"] as const;

/** A kind of email: what it is for, which data it needs, and how it reads. */
export interface Template {
  /** Lower case with hyphens, such as `password-reset`. */
  readonly name: string;
  readonly description: string;
  /** True where the email lets its reader in: its contents are then encrypted, never shown, and purged. */
  readonly sensitive: boolean;
  /**
   * How long after acceptance the email is still worth sending, in milliseconds; null for the usual time.
   * A field `validMinutes` of the data goes before it.
   */
  readonly expiresAfterMs: number | null;
  /** Checks the data at acceptance; unknown fields are refused. */
  readonly schema: z.ZodObject;
  /** Data that passes the schema, for previews and documentation. */
  readonly example: Readonly<Record<string, unknown>>;
  /**
   * By BCP 47 language tag. The last resort of every locale is `en`, or the only one of a template that
   * speaks but one language.
   */
  readonly sources: Readonly<Record<string, TemplateSource>>;
}

/** What callers may know of a template. */
export interface TemplateInfo {
  readonly name: string;
  readonly description: string;
  readonly sensitive: boolean;
  readonly expiresAfterMs: number | null;
  /** The data as a JSON Schema (draft 2020-12). */
  readonly schema: z.core.JSONSchema.BaseSchema;
  readonly example: Readonly<Record<string, unknown>>;
  /** The languages that it speaks, as BCP 47 tags. */
  readonly locales: readonly string[];
  readonly isBuiltIn: boolean;
  /** True for a built-in one that an admin has changed, and for every one that is not built in. */
  readonly isEdited: boolean;
  /** Grows with each change; 0 for a built-in one that was never changed. */
  readonly version: number;
}

/** An email's contents, ready to be composed. */
export interface RenderedTemplate {
  readonly subject: string;
  /** What mail programs show beside the subject; null where the template says nothing. */
  readonly preheader: string | null;
  readonly html: string;
  readonly text: string;
  /** How long after acceptance it is worth sending; null for the usual time. */
  readonly expiresAfterMs: number | null;
}

/** How a template stands to the built-in ones. */
export type TemplateOrigin = Pick<TemplateInfo, "isBuiltIn" | "isEdited" | "version">;

/** @param schema that of the data, where it is at hand as it was written. */
export function describeTemplate(
  template: Template,
  origin: TemplateOrigin,
  schema = schemaOf(template),
): TemplateInfo {
  const { name, description, sensitive, expiresAfterMs, example } = template;
  const locales = Object.keys(template.sources);
  return { name, description, sensitive, expiresAfterMs, schema, example, locales, ...origin };
}

/** The data as a JSON Schema, without the patterns that say the same as a format. */
export function schemaOf({ schema }: Pick<Template, "schema">): z.core.JSONSchema.BaseSchema {
  return jsonSchemaOf(schema);
}

const jsonSchemaOf = boundedCache(500, (schema: z.ZodObject) =>
  z.toJSONSchema(schema, {
    io: "input",
    override({ jsonSchema }) {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  }),
);
