import { PosthornError } from "../errors.ts";
import { parse } from "../parse.ts";
import { type Brand, brandSchema } from "./brand.ts";
import { builtinTemplates } from "./builtin/templates.ts";
import { type RenderOptions, renderTemplate } from "./render.ts";
import { describeTemplate, type RenderedTemplate, type Template, type TemplateInfo } from "./template.ts";

/** The templates of an installation. */
export interface Templates {
  list(): readonly TemplateInfo[];
  /** @throws PosthornError `template.not_found`, naming the templates that exist. */
  get(name: string): TemplateInfo;
  /** @throws PosthornError `template.not_found`, `input.invalid` or `template.invalid`. */
  render(name: string, options: RenderOptions): RenderedTemplate;
}

/**
 * The built-in templates.
 * @param options.brand used where a rendering brings none of its own.
 * @throws PosthornError `input.invalid` for a wrong brand.
 */
export function createTemplates(options: { readonly brand?: Brand } = {}): Templates {
  const brand = parse(brandSchema, options.brand ?? {});
  const templates = new Map<string, Template>(builtinTemplates.map((template) => [template.name, template]));
  const infos = new Map(builtinTemplates.map((template) => [template.name, describeTemplate(template)]));

  function find<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
    const value = values.get(name);
    if (value !== undefined) return value;
    const names = [...values.keys()].join(", ");
    throw new PosthornError("template.not_found", `There is no template "${name}". There are: ${names}.`, {
      issues: [{ pointer: "/template", detail: `must be one of: ${names}` }],
    });
  }

  return {
    list: () => [...infos.values()],
    get: (name) => find(infos, name),
    render: (name, renderOptions) => renderTemplate(find(templates, name), { brand, ...renderOptions }),
  };
}
