import { PosthornError } from "../errors.ts";
import { placeAfter, placeIn } from "./place.ts";

const mjmlElements: ReadonlySet<string> = new Set(
  [
    "mjml mj-head mj-attributes mj-all mj-class mj-breakpoint mj-font mj-preview mj-style mj-title",
    "mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-raw",
    "mj-text mj-button mj-image mj-table mj-divider mj-spacer",
    "mj-social mj-social-element mj-navbar mj-navbar-link",
    "mj-accordion mj-accordion-element mj-accordion-title mj-accordion-text mj-carousel mj-carousel-image",
  ].flatMap((names) => names.split(" ")),
);
/** HTML's elements without an end tag (WHATWG HTML §13.1.2). */
const voidElements = /^(area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Deeper than any email; at about a thousand the compiler overflows. */
const maxDepth = 100;

interface Opened {
  readonly name: string;
  readonly begin: number;
}

/**
 * Finds what the compiler overlooks: it prints elements of MJML that it does not know, takes any end
 * tag for that of the element at hand, and overflows where elements are nested too deep.
 * @param part what the MJML is, for messages.
 * @throws PosthornError `template.invalid` with line and column.
 */
export function checkElements(mjml: string, part: string): void {
  const fail = (begin: number, reason: string): never => {
    const place = placeAfter(mjml.slice(0, begin));
    throw new PosthornError(
      "template.invalid",
      `The ${part} of the template is wrong at ${place}: ${reason}.`,
      { place: placeIn(mjml.slice(0, begin)) },
    );
  };
  const open: Opened[] = [];
  let depth = 0;
  for (const { 0: tag, 1: slash, 2: name = "", index } of elementsOnly(mjml).matchAll(tagPattern)) {
    const selfClosing = tag.endsWith("/>") || voidElements.test(name);
    if (!selfClosing) depth += slash === "" ? 1 : -1;
    if (depth > maxDepth) fail(index, `elements are nested more than ${maxDepth} deep`);
    if (!/^mj(ml|-)/.test(name)) continue;
    if (name === "mj-include") fail(index, "includes are not supported");
    if (!mjmlElements.has(name)) fail(index, `there is no element <${name}>`);
    if (slash === "") {
      if (!selfClosing) open.push({ name, begin: index });
      continue;
    }
    const last = open.pop();
    if (last === undefined) fail(index, `</${name}> closes nothing`);
    else if (last.name !== name) {
      const where = placeAfter(mjml.slice(0, last.begin));
      fail(index, `</${name}> stands where the <${last.name}> of ${where} is still open`);
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) fail(unclosed.begin, `<${unclosed.name}> is never closed`);
}

/** A tag, whole; a `<` that no `>` follows is not one. */
const tagPattern = /<(\/?)([a-zA-Z][\w:-]*)(?:"[^"]*"|'[^']*'|[^'"<>])*>/g;

/** The MJML with blanks for Liquid and comments. */
function elementsOnly(mjml: string): string {
  return mjml.replace(/\{\{.*?\}\}|\{%.*?%\}|<!--.*?(?:-->|$)/gs, (text) => text.replace(/\S/g, " "));
}
