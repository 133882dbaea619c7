import { type Issue, isSendwrightError } from "../../core/errors.ts";
import { brandScope } from "./brand.ts";
import { compilePart, compileParts, type SourcePart } from "./compile.ts";
import { undeclaredNames } from "./declared-names.ts";
import type { LiquidTemplate } from "./liquid.ts";
import { expandPartials } from "./partials.ts";
import { placeIn } from "./place.ts";
import { checkedData, type RenderOptions, renderTemplate } from "./render.ts";
import type { Layout, Partials, Template, TemplateSource } from "./template.ts";

/** What every template of an installation has around it. */
export type RenderContext = Pick<RenderOptions, "brand" | "layout" | "partials">;

/**
 * Everything that is wrong with a template, found without sending it: its example is checked, and each
 * language is compiled and rendered with it.
 * @returns issues with pointers such as `/example/name` and `/sources/de/mjml`; none for a good template.
 */
export function checkTemplate(template: Template, context: RenderContext): Issue[] {
  const example = dataIssues(template, template.example, "/example");
  const data = example.length === 0 ? template.example : null;
  return [
    ...example,
    ...Object.keys(template.sources).flatMap((locale) =>
      sourceIssues(template, { ...context, locale, data, pointer: `/sources/${locale}` }),
    ),
  ];
}

/** What is wrong with data, with pointers below `pointer`. */
export function dataIssues(template: Template, data: unknown, pointer: string): Issue[] {
  try {
    checkedData(template, data);
    return [];
  } catch (error) {
    if (!isSendwrightError(error, "input.invalid")) throw error;
    return error.issues.map((issue) => ({ ...issue, pointer: issue.pointer.replace(/^\/data/, pointer) }));
  }
}

export interface SourceCheck extends RenderContext {
  /** Whose source it is; one that the template has. */
  readonly locale: string;
  /** Fits the schema; null where there is none, and then nothing is rendered. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Where the source stands, such as `/sources/de`. */
  readonly pointer: string;
}

/** What is wrong with one source, with the author's lines and columns where they are known. */
export function sourceIssues(template: Template, check: SourceCheck): Issue[] {
  const source = template.sources[check.locale];
  if (source === undefined) return [];
  const { pointer, data } = check;
  const faults: Issue[] = [];
  const parts = new Map<SourcePart, LiquidTemplate>();
  for (const { part, compile } of compileParts(source)) {
    try {
      const compiled = compile();
      parts.set(part, compiled);
      for (const fault of undeclaredNames(template, compiled, check.partials ?? {})) {
        faults.push({ pointer: `${pointer}/${part}`, ...fault });
      }
    } catch (error) {
      faults.push(issueOf(error, source, pointer, part));
    }
  }
  if (faults.length > 0 || data === null) return faults;
  try {
    renderTemplate(template, { ...check, data });
    return [];
  } catch (error) {
    const found = renderingIssues(template, source, parts, { ...check, data });
    return found.length > 0 ? found : [issueOf(error, source, pointer)];
  }
}

/** What is wrong with a layout or a partial by itself; whether it fits is for the templates to say. */
export function partIssues(isLayout: boolean, part: Layout, partials: Partials): Issue[] {
  const source = { subject: "", ...part };
  const faults = compilePart(isLayout, part).flatMap(({ part: name, compile }) => {
    try {
      compile();
      return [];
    } catch (error) {
      return [issueOf(error, source, "", name)];
    }
  });
  if (faults.length > 0) return faults;
  try {
    expandPartials(part.mjml, partials, "mjml");
    expandPartials(part.text, partials, "text");
    return [];
  } catch (error) {
    return [issueOf(error, source, "", "mjml")];
  }
}

/** A rendering that failed, part by part, since the whole one knows the lines of the compiled HTML alone. */
function renderingIssues(
  template: Template,
  source: TemplateSource,
  parts: ReadonlyMap<SourcePart, LiquidTemplate>,
  { brand = {}, locale, pointer, data }: SourceCheck & { readonly data: Readonly<Record<string, unknown>> },
): Issue[] {
  const product = brand.name ?? null;
  const globals = { locale, brand: brandScope(brand), product, subject: "", preheader: "" };
  const scope = { data: checkedData(template, data), globals };
  return [...parts].flatMap(([part, compiled]) => {
    try {
      compiled.render(scope);
      return [];
    } catch (error) {
      return [issueOf(error, source, pointer, part)];
    }
  });
}

function issueOf(error: unknown, source: TemplateSource, pointer: string, part?: SourcePart): Issue {
  if (!isSendwrightError(error)) throw error;
  const { place, message } = error;
  const at = (where: SourcePart | undefined) => (where === undefined ? pointer : `${pointer}/${where}`);
  if (place === undefined) return { pointer: at(part), detail: message, line: null, column: null };
  if ("line" in place && part !== undefined) return { pointer: at(part), detail: message, ...place };
  if ("near" in place) {
    for (const where of part === undefined ? (["mjml", "text"] as const) : [part]) {
      const text = source[where] ?? "";
      const index = text.indexOf(place.near);
      if (index >= 0) return { pointer: at(where), detail: message, ...placeIn(text.slice(0, index)) };
    }
  }
  return { pointer: at(part), detail: message, line: null, column: null };
}
