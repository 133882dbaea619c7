import { PosthornError } from "../errors.ts";
import type { Partials } from "./template.ts";

/** A partial may call others, this deep. */
const maxDepth = 5;
/** Past what any one source may have: partials that call each other twice each double in size. */
const maxCharacters = 256 * 1024;

/**
 * Puts partials in the place of `{% render "name" %}`. This happens before anything is compiled, so that
 * a partial is checked where it stands and is held by the limits of the template that calls it.
 * A `-` inside of the braces takes away the white space on its side, as everywhere in Liquid.
 * @throws PosthornError `template.invalid` for a name that is not stored, a circle, or too much of it.
 */
export function expandPartials(
  source: string,
  partials: Partials,
  kind: "mjml" | "text",
  calledBy: readonly string[] = [],
): string {
  let size = 0;
  return source.replace(renderTag, (_, _begin, inDouble?: string, inSingle?: string) => {
    const name = inDouble ?? inSingle ?? "";
    const partial = Object.hasOwn(partials, name) ? partials[name] : undefined;
    if (partial === undefined) throw invalid(`There is no partial "${name}"${namesOf(partials)}`, name);
    if (calledBy.includes(name)) {
      throw invalid(`The partial "${name}" calls itself: ${[...calledBy, name].join(" → ")}`, name);
    }
    if (calledBy.length >= maxDepth) {
      throw invalid(`Partials call each other more than ${maxDepth} deep: ${calledBy.join(" → ")}`, name);
    }
    const expanded = expandPartials(partial[kind] ?? "", partials, kind, [...calledBy, name]);
    size += expanded.length;
    if (size > maxCharacters)
      throw invalid(`The partials come to more than ${maxCharacters} characters`, name);
    return expanded;
  });
}

/** The source with blanks for its calls of partials: everything else stays at its line and column. */
export function blankPartials(source: string): string {
  return source.replace(renderTag, (call) => call.replace(/\S/g, " "));
}

/** The partials that a source calls. */
export function partialNames(source: string): string[] {
  return [...source.matchAll(renderTag)].map(([, _begin, inDouble, inSingle]) => inDouble ?? inSingle ?? "");
}

const renderTag = /(\{%|\s*\{%-)\s*render\s+(?:"([^"{}%]*)"|'([^'{}%]*)')\s*(%\}|-%\}\s*)/g;

function namesOf(partials: Partials): string {
  const names = Object.keys(partials);
  return names.length === 0 ? "; none is stored" : `; there are: ${names.join(", ")}`;
}

function invalid(reason: string, name: string): PosthornError {
  return new PosthornError("template.invalid", `${reason}.`, { place: { near: name } });
}
