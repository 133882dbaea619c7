import { SendwrightError } from "../../core/errors.ts";
import { parse } from "../../core/parse.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { builtinTemplates } from "../builtin/templates.ts";
import { type Brand, brandSchema } from "./brand.ts";
import type { Surroundings } from "./check.ts";
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

/** What an installation has of its own. */
export interface OwnTemplates extends Required<Surroundings> {
  /** They go before the built-in ones of the same name. */
  readonly entries: readonly TemplateEntry[];
}

/** Templates in memory, which may be exchanged while emails are rendered. */
export interface LoadedTemplates extends Templates {
  find(name: string): TemplateEntry | undefined;
  readonly entries: Iterable<TemplateEntry>;
  readonly surroundings: Required<Surroundings>;
  replace(own: OwnTemplates): void;
}

/** The templates that come with Sendwright, by their names. */
export const builtinEntries: ReadonlyMap<string, TemplateEntry> = new Map(
  builtinTemplates.map((template) => {
    const standing = { isBuiltIn: true, isEdited: false, version: 0 };
    return [template.name, { template, info: describeTemplate(template, standing) }];
  }),
);

/** Names in a message: of ten thousand, nobody reads more. */
const maxNamed = 50;

/**
 * The built-in templates, until they are replaced.
 * @param options.brand used where a rendering brings none of its own.
 * @throws SendwrightError `input.invalid` for a wrong brand.
 */
export function createTemplates(options: { readonly brand?: Brand } = {}): LoadedTemplates {
  let entries = builtinEntries;
  let surroundings: Required<Surroundings> = {
    brand: parse(brandSchema, options.brand ?? {}),
    layout: builtinLayout,
    partials: {},
  };

  function mustFind(name: string): TemplateEntry {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    const rest = entries.size - maxNamed;
    const names = [...entries.keys()].slice(0, maxNamed).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    throw new SendwrightError("template.not_found", `There is no template "${name}". There are: ${names}.`, {
      issues: [{ pointer: "/template", detail: `must be one of: ${names}` }],
    });
  }

  return {
    list: () => [...entries.values()].map(({ info }) => info),
    get: (name) => mustFind(name).info,
    render: (name, renderOptions) =>
      renderTemplate(mustFind(name).template, { ...surroundings, ...renderOptions }),
    find: (name) => entries.get(name),
    get entries() {
      return entries.values();
    },
    get surroundings() {
      return surroundings;
    },
    replace({ entries: own, ...around }) {
      entries = new Map([...builtinEntries, ...own.map((entry) => [entry.info.name, entry] as const)]);
      surroundings = around;
    },
  };
}
