import { PosthornError } from "../errors.ts";
import { placeAfter, placeIn } from "./place.ts";

const elements: ReadonlySet<string> = new Set(
  [
    "mjml mj-head mj-attributes mj-all mj-class mj-breakpoint mj-font mj-preview mj-style mj-title",
    "mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-raw",
    "mj-text mj-button mj-image mj-table mj-divider mj-spacer",
    "mj-social mj-social-element mj-navbar mj-navbar-link",
    "mj-accordion mj-accordion-element mj-accordion-title mj-accordion-text mj-carousel mj-carousel-image",
  ].flatMap((names) => names.split(" ")),
);

/**
 * Finds what the compiler overlooks: it prints elements that it does not know, and takes any end tag
 * for that of the element at hand.
 * @param part what the MJML is, for messages.
 * @throws PosthornError `template.invalid` with line and column.
 */
export function checkElements(mjml: string, part: string): void {
  const open: { readonly name: string; readonly begin: number }[] = [];
  const invalid = (begin: number, reason: string) =>
    new PosthornError(
      "template.invalid",
      `The ${part} of the template is wrong at ${placeAfter(mjml.slice(0, begin))}: ${reason}.`,
      { place: placeIn(mjml.slice(0, begin)) },
    );
  for (const { 0: tag, 1: slash, 2: name = "", index } of withoutText(mjml).matchAll(
    /<(\/?)(mj[\w-]*)(?:"[^"]*"|'[^']*'|[^'">])*>/g,
  )) {
    if (name === "mj-include") throw invalid(index, "includes are not supported");
    if (!elements.has(name)) throw invalid(index, `there is no element <${name}>`);
    if (slash === "") {
      if (!tag.endsWith("/>")) open.push({ name, begin: index });
      continue;
    }
    const last = open.pop();
    if (last === undefined) throw invalid(index, `</${name}> closes nothing`);
    if (last.name !== name)
      throw invalid(
        index,
        `</${name}> stands where <${last.name}> of ${placeAfter(mjml.slice(0, last.begin))} is still open`,
      );
  }
  const last = open.pop();
  if (last !== undefined) throw invalid(last.begin, `<${last.name}> is never closed`);
}

/** The MJML with blanks for Liquid and comments. */
function withoutText(mjml: string): string {
  return mjml.replace(/\{\{.*?\}\}|\{%.*?%\}|<!--.*?-->/gs, (text) => text.replace(/\S/g, " "));
}
