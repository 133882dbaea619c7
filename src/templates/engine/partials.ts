import { SendwrightError } from "../../core/errors.ts";
import type { Partials } from "./template.ts";

/** A partial may call others, this deep. */
const maxDepth = 5;
/** Past what any one source may have: partials that call each other twice each double in size. */
const maxCharacters = 256 * 1024;

const callPattern = /\{%-?\s*render\s+(?:"([^"{}%]*)"|'([^'{}%]*)')\s*(?:%\}|-%\}\s*)/g;

/**
 * Puts partials in the place of `{% render "name" %}`. This happens before anything is compiled, so that
 * a partial is checked where it stands and is held by the limits of the template that calls it. It sees
 * what the template sees. A `-` inside of the braces takes away the white space on its side.
 * @throws SendwrightError `template.invalid` for a name that is not stored, a circle, or too much of it.
 */
export function expandPartials(
  source: string,
  partials: Partials,
  kind: "mjml" | "text",
  calledBy: readonly string[] = [],
): string {
  let expanded = "";
  let at = 0;
  for (const { 0: call, 1: inDouble, 2: inSingle = "", index } of source.matchAll(callPattern)) {
    const name = inDouble ?? inSingle;
    const before = source.slice(at, index);
    const partial = find(partials, name, calledBy);
    const content = expandPartials(partial[kind] ?? "", partials, kind, [...calledBy, name]);
    expanded += (call.startsWith("{%-") ? before.trimEnd() : before) + content;
    at = index + call.length;
    if (expanded.length > maxCharacters) {
      throw invalid(`With its partials the template has more than ${maxCharacters} characters`, name);
    }
  }
  return expanded + source.slice(at);
}

function find(partials: Partials, name: string, calledBy: readonly string[]) {
  const partial = Object.hasOwn(partials, name) ? partials[name] : undefined;
  if (partial === undefined) {
    const names = Object.keys(partials);
    const stored = names.length === 0 ? "No partial is saved" : `Use one of: ${names.join(", ")}`;
    throw invalid(`Partial "${name}" not found. ${stored}`, name);
  }
  const path = [...calledBy, name].join(" → ");
  if (calledBy.includes(name)) throw invalid(`The partial "${name}" calls itself: ${path}`, name);
  if (calledBy.length >= maxDepth) {
    throw invalid(`Partials can call each other at most ${maxDepth} levels deep: ${path}`, name);
  }
  return partial;
}

/** The source with blanks for its calls of partials: everything else stays at its line and column. */
export function blankPartials(source: string): string {
  return source.replace(callPattern, (call) => call.replace(/\S/g, " "));
}

/** The partials that a source calls. */
export function partialNames(source: string): string[] {
  return [...source.matchAll(callPattern)].map(([, inDouble, inSingle]) => inDouble ?? inSingle ?? "");
}

function invalid(reason: string, name: string): SendwrightError {
  return new SendwrightError("template.invalid", `${reason}.`, { place: { near: name } });
}
