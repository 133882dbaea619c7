import { isDocument } from "./compile.ts";
import { partialNames } from "./partials.ts";
import type { Layout, Partials, Template } from "./template.ts";

/** Which parts a template has in it, also those that its parts call in turn. */
export function partsUsedBy(
  template: Template,
  layout: Layout,
  partials: Partials,
): { readonly layout: boolean; readonly partials: ReadonlySet<string> } {
  const sources = Object.values(template.sources);
  const hasLayout = sources.some(({ mjml }) => !isDocument(mjml));
  const texts = sources.flatMap(({ mjml, text = "" }) => [mjml, text]);
  if (hasLayout) texts.push(layout.mjml, layout.text);
  const used = new Set<string>();
  for (const text of texts) {
    for (const name of partialNames(text)) {
      if (used.has(name)) continue;
      used.add(name);
      const partial = Object.hasOwn(partials, name) ? partials[name] : undefined;
      // The list grows while it is read, so that what a partial calls is read too.
      if (partial !== undefined) texts.push(partial.mjml, partial.text ?? "");
    }
  }
  return { layout: hasLayout, partials: used };
}
