import { builtinLayout } from "../builtin/layout.ts";
import { partIssues, type RenderContext } from "../engine/check.ts";
import type { Layout } from "../engine/template.ts";
import { layoutOf, type PartContent } from "./content.ts";

/** The one part that is built in: what all emails have around them. */
export const layoutName = "layout";

/** What templates would have around them with this part in place of the one of its name; null: without it. */
export function contextWith(
  context: Required<RenderContext>,
  name: string,
  part: PartContent | null,
): Required<RenderContext> {
  if (name === layoutName) return { ...context, layout: part === null ? builtinLayout : layoutOf(part) };
  const { [name]: _before, ...others } = context.partials;
  if (part === null) return { ...context, partials: others };
  const { mjml, text } = part;
  return { ...context, partials: { ...others, [name]: text === null ? { mjml } : { mjml, text } } };
}

/** What is wrong with a part by itself, with pointers such as `/mjml`. */
export function partFaults(name: string, part: PartContent, { partials }: Required<RenderContext>) {
  return partIssues(name === layoutName, wholePart(name, part), partials);
}

function wholePart(name: string, { mjml, text }: PartContent): Layout {
  return name === layoutName ? layoutOf({ mjml, text }) : { mjml, text: text ?? "" };
}
