import { invalidInput, issuesOf } from "../../core/parse.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { boundedCache } from "./bounded-cache.ts";
import { type Brand, brandScope } from "./brand.ts";
import { compileTemplate } from "./compile.ts";
import { withDeclaredFields } from "./declared-fields.ts";
import { startTimeLimit } from "./liquid.ts";
import { localize } from "./locale.ts";
import { plainData } from "./plain-data.ts";
import type { Layout, Partials, RenderedTemplate, Template, TemplateSource } from "./template.ts";
import { textFromHtml } from "./text-from-html.ts";

export interface RenderOptions {
  /** Must fit the template's schema. */
  readonly data: unknown;
  /** A BCP 47 language tag; English unless given. */
  readonly locale?: string;
  readonly brand?: Brand;
  /** The built-in one unless given. */
  readonly layout?: Layout;
  /** None unless given. */
  readonly partials?: Partials;
}

/**
 * Renders one email: the data is checked, then subject, HTML and plain text are made from it.
 * @throws SendwrightError `input.invalid` with a pointer `/data/…` for each wrong field, or
 * `template.invalid` for a template that cannot be compiled or takes too much.
 */
export function renderTemplate(template: Template, options: RenderOptions): RenderedTemplate {
  const { brand = noBrand, layout = builtinLayout, partials = noPartials } = options;
  const { source, locale } = localize(template, options.locale);
  const data = checkedData(template, options.data);
  const compiled = compile(layout)(partials)(source);
  const names = { locale, brand: brandOf(brand), product: data.productName ?? brand.name ?? null };
  const timeLimit = startTimeLimit();
  const subject = compiled.subject.render({ data, globals: names, timeLimit }).trim();
  const head = { data, globals: { ...names, subject }, timeLimit };
  const preheader = compiled.preheader?.render(head).trim() ?? null;
  const scope = { data, globals: { ...head.globals, preheader }, timeLimit };
  const html = compiled.html.render(scope);
  const text = tidyText(compiled.text?.render(scope) ?? textFromHtml(html));
  return { subject, preheader, html, text, expiresAfterMs: expiresAfterMs(template, data) };
}

/** A link or code that has ceased to work is not worth sending; one that works for weeks is not tried for weeks. */
function expiresAfterMs(
  { expiresAfterMs: usual }: Template,
  { validMinutes }: Readonly<Record<string, unknown>>,
): number | null {
  return typeof validMinutes === "number" ? Math.min(validMinutes * 60_000, longestMs) : usual;
}

const longestMs = 24 * 60 * 60 * 1000;

const noBrand: Brand = {};
const noPartials: Partials = {};

const brandOf = boundedCache(20, brandScope);

/** Keyed by identity: callers that render often keep the objects, and an edit creates new ones. */
const compile = boundedCache(4, (layout: Layout) =>
  boundedCache(4, (partials: Partials) =>
    boundedCache(500, (source: TemplateSource) => compileTemplate(source, layout, partials)),
  ),
);

/**
 * The data as the template gets it: checked, with null for each field that was left out.
 * @throws SendwrightError `input.invalid` with a pointer `/data/…` for each wrong field.
 */
export function checkedData(template: Template, input: unknown): Readonly<Record<string, unknown>> {
  const data = plainData(input);
  const result = template.schema.safeParse(data);
  if (result.success) return withDeclaredFields(template.schema, result.data);
  throw invalidInput(issuesOf(result.error.issues, data, "/data"));
}

/** Branches that were not taken leave blank lines behind. */
function tidyText(text: string): string {
  return `${text
    .replace(/\r\n?/g, "\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}
