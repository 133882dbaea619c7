// Renders templates: Liquid with a schema for the data, MJML or HTML with a layout, and text made from the HTML.
// BCP 47 for locales; the data schema is a bounded part of JSON Schema.
// It does not read the database or compose messages: see templates/library/ and message/.
import { SendwrightError } from "../../core/errors.ts";
import { parse } from "../../core/parse.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { builtinTemplates } from "../builtin/templates.ts";
import { type Brand, brandSchema } from "./brand.ts";
import type { RenderContext } from "./check.ts";
import { type RenderOptions, renderTemplate } from "./render.ts";
import { describeTemplate, type RenderedTemplate, type Template, type TemplateInfo } from "./template.ts";

/** The templates of an installation. */
export interface Templates {
  list(): readonly TemplateInfo[];
  /** @throws SendwrightError `template.not_found`, naming the templates that exist. */
  get(name: string): TemplateInfo;
  /** @throws SendwrightError `template.not_found`, `input.invalid` or `template.invalid`. */
  render(name: string, options: RenderOptions): RenderedTemplate;
}

export interface TemplateEntry {
  readonly info: TemplateInfo;
  readonly template: Template;
}

/** The templates, brand, layout and partials that an installation has saved. */
export interface OwnTemplates extends Required<RenderContext> {
  /** They replace the built-in templates of the same name. */
  readonly entries: readonly TemplateEntry[];
}

/** The templates that come with Sendwright, by their names. */
export const builtinEntries: ReadonlyMap<string, TemplateEntry> = new Map(
  builtinTemplates.map((template) => {
    const origin = { isBuiltIn: true, isEdited: false, version: 0 };
    return [template.name, { template, info: describeTemplate(template, origin) }];
  }),
);

/** Most names in an error message, because there may be thousands of templates. */
const maxNamed = 50;

/** Templates in memory, which may be replaced while emails are rendered: the built-in ones until they are. */
export class LoadedTemplates implements Templates {
  #entries = builtinEntries;
  #context: Required<RenderContext>;

  /**
   * @param options.brand used if a rendering brings none of its own.
   * @throws SendwrightError `input.invalid` for a wrong brand.
   */
  constructor(options: { readonly brand?: Brand } = {}) {
    this.#context = { brand: parse(brandSchema, options.brand ?? {}), layout: builtinLayout, partials: {} };
  }

  get entries(): Iterable<TemplateEntry> {
    return this.#entries.values();
  }

  get context(): Required<RenderContext> {
    return this.#context;
  }

  list(): readonly TemplateInfo[] {
    return [...this.#entries.values()].map(({ info }) => info);
  }

  get(name: string): TemplateInfo {
    return this.#mustFind(name).info;
  }

  find(name: string): TemplateEntry | undefined {
    return this.#entries.get(name);
  }

  render(name: string, options: RenderOptions): RenderedTemplate {
    return renderTemplate(this.#mustFind(name).template, { ...this.#context, ...options });
  }

  replace({ entries: own, ...context }: OwnTemplates): void {
    this.#entries = new Map([...builtinEntries, ...own.map((entry) => [entry.info.name, entry] as const)]);
    this.#context = context;
  }

  #mustFind(name: string): TemplateEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const rest = this.#entries.size - maxNamed;
    const named = [...this.#entries.keys()].slice(0, maxNamed).join(", ");
    const names = rest > 0 ? `${named} and ${rest} more` : named;
    throw new SendwrightError("template.not_found", `Template "${name}" not found. Use one of: ${names}.`, {
      issues: [{ pointer: "/template", detail: `must be one of ${names}` }],
    });
  }
}
