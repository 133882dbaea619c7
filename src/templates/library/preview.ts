import { z } from "zod";
import { type Issue, SendwrightError } from "../../core/errors.ts";
import { dataIssues, sourceIssues } from "../engine/check.ts";
import { type DataSchema, parseDataSchema, validatorOf } from "../engine/data-schema.ts";
import { canonicalLocale, localize } from "../engine/locale.ts";
import { renderTemplate } from "../engine/render.ts";
import type { RenderedTemplate, Template } from "../engine/template.ts";
import type { LoadedTemplates } from "../engine/templates.ts";
import { type TemplateWarning, warningsOf } from "../engine/warnings.ts";
import { brandInput } from "./brand.ts";
import { definitionInput, partInput, sourceInput, sourceOf, templateName } from "./content.ts";
import { contextWith, partFaults } from "./render-context.ts";
import { faulty } from "./templates.ts";

/** What is previewed: a template as it is saved, or as it is being edited. */
export const previewRequest = z.strictObject({
  locale: z.string().optional().describe("Language as a BCP 47 tag, such as `en` or `de-CH`"),
  data: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Data for the template. Defaults to its example"),
  source: sourceInput.optional().describe("Unsaved source that replaces the saved one"),
  brand: brandInput.optional().describe("Brand. Defaults to the saved settings"),
  part: partInput
    .extend({ name: templateName })
    .optional()
    .describe("Unsaved layout or partial that replaces the saved one"),
  schema: definitionInput.shape.schema
    .optional()
    .describe("JSON Schema of the data, with `source`, for a name that is not saved yet"),
  example: definitionInput.shape.example.optional().describe("The same"),
  sensitive: z.boolean().optional().describe("The same"),
});

export type PreviewRequest = z.output<typeof previewRequest>;

export interface TemplatePreview extends Omit<RenderedTemplate, "expiresAfterMs"> {
  readonly sizeBytes: number;
  readonly warnings: readonly TemplateWarning[];
}

/** A template that was rendered for a preview, with what sending it needs. */
export interface RenderedDraft {
  readonly preview: TemplatePreview;
  readonly sensitive: boolean;
  readonly expiresAfterMs: number | null;
}

/**
 * Renders a template as it is saved, or a source that is not.
 * @throws SendwrightError `template.not_found`; `input.invalid` for wrong data; `template.invalid` with every
 *   fault of an unsaved source or part, pointers starting with `/source` or `/part`.
 */
export function renderDraft(
  templates: LoadedTemplates,
  name: string,
  { data, source, brand, part, ...draft }: PreviewRequest,
): RenderedDraft {
  const locale = canonicalLocale(draft.locale ?? "en");
  const saved = templates.find(name)?.template;
  const base = source === undefined ? saved : (draftOf(name, draft) ?? saved);
  if (base === undefined) {
    if (source === undefined) templates.get(name);
    throw new SendwrightError(
      "template.not_found",
      `Template "${name}" not found. Send its schema and example to preview an unsaved template.`,
    );
  }
  const template: Template =
    source === undefined ? base : { ...unfolded(base), sources: { [locale]: sourceOf(source) } };
  const around = { ...templates.context, ...(brand === undefined ? {} : { brand }) };
  const context = part === undefined ? around : contextWith(around, part.name, part);
  if (part !== undefined) {
    const faults = partFaults(part.name, part, context);
    if (faults.length > 0) throw faulty(below("/part", faults), "template.invalid");
  }
  const values = data ?? template.example;
  if (source !== undefined) {
    const wrongData = dataIssues(
      template,
      values,
      data === undefined && draft.example !== undefined ? "/example" : "/data",
    );
    const check = {
      ...context,
      locale,
      data: wrongData.length === 0 ? values : null,
      pointer: "/source",
    };
    const faults = sourceIssues(template, check);
    if (wrongData.length + faults.length > 0) {
      throw faulty([...wrongData, ...faults], wrongData.length > 0 ? "input.invalid" : "template.invalid");
    }
  }
  const { expiresAfterMs, ...rendered } = renderTemplate(template, { ...context, data: values, locale });
  const warnings = warningsOf(rendered, localize(template, locale).source);
  return {
    preview: { ...rendered, sizeBytes: Buffer.byteLength(rendered.html), warnings },
    sensitive: draft.sensitive === true || template.sensitive,
    expiresAfterMs,
  };
}

function below(pointer: string, issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, pointer: pointer + issue.pointer }));
}

/** A template that is not saved yet, if enough is said of it. */
function draftOf(
  name: string,
  { schema, example, sensitive = false }: Pick<PreviewRequest, "schema" | "example" | "sensitive">,
): Template | null {
  if (schema === undefined || example === undefined) return null;
  const parsed: DataSchema = parseDataSchema(schema);
  const base = { name, description: "", sensitive, expiresAfterMs: null, example, sources: {} };
  return { ...base, schema: validatorOf(parsed) };
}

/** A saved template makes its schema when it is asked for it. */
function unfolded(template: Template): Template {
  return { ...template, schema: template.schema };
}
