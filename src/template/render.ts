import { invalidInput, issuesOf } from "../parse.ts";
import { boundedCache } from "./bounded-cache.ts";
import { type Brand, brandScope } from "./brand.ts";
import { withDeclaredFields } from "./declared-fields.ts";
import { loadFormats } from "./filters.ts";
import { filterByContext } from "./html-context.ts";
import { type LiquidTemplate, parseLiquid } from "./liquid.ts";
import { localize } from "./locale.ts";
import { compileMjml } from "./mjml.ts";
import { plainData } from "./plain-data.ts";
import type { RenderedTemplate, Template, TemplateSource } from "./template.ts";
import { textFromHtml } from "./text-from-html.ts";

export interface RenderOptions {
  /** Must fit the template's schema. */
  readonly data: unknown;
  /** A BCP 47 language tag; English unless given. */
  readonly locale?: string;
  readonly brand?: Brand;
}

/**
 * Renders one email: the data is checked, then subject, HTML and plain text are made from it.
 * @throws PosthornError `input.invalid` with a pointer `/data/…` for each wrong field, or
 * `template.invalid` for a template that cannot be compiled or takes too much.
 */
export function renderTemplate(template: Template, options: RenderOptions): RenderedTemplate {
  const { source, locale } = localize(template, options.locale);
  const data = checkedData(template, options.data);
  const compiled = compile(source);
  const scope = { data, globals: { locale, brand: brandScope(options.brand ?? {}) } };
  const html = compiled.html.render(scope);
  return {
    subject: compiled.subject.render(scope).trim(),
    html,
    text: tidyText(compiled.text?.render(scope) ?? textFromHtml(html)),
  };
}

interface CompiledTemplate {
  readonly subject: LiquidTemplate;
  readonly html: LiquidTemplate;
  readonly text: LiquidTemplate | null;
}

const compile = boundedCache(500, (source: TemplateSource): CompiledTemplate => {
  loadFormats();
  // Parsed once for its errors alone: they name the author's lines, not those of the compiled HTML.
  parseLiquid(source.mjml, "html", "mjml");
  return {
    subject: parseLiquid(source.subject, "line", "subject"),
    html: parseLiquid(filterByContext(compileMjml(source.mjml)), "html", "html"),
    text: source.text === undefined ? null : parseLiquid(source.text, "text", "text"),
  };
});

function checkedData(template: Template, input: unknown): Readonly<Record<string, unknown>> {
  const result = template.schema.safeParse(plainData(input));
  if (result.success) return withDeclaredFields(template.schema, result.data);
  throw invalidInput(issuesOf(result.error.issues, "/data"));
}

/** Branches that were not taken leave blank lines behind. */
function tidyText(text: string): string {
  return `${text
    .replace(/\r\n?/g, "\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}
