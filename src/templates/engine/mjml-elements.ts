import { SendwrightError } from "../../core/errors.ts";
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
/** What they hold is other elements: text in between is printed outside of every cell, or at size 0. */
const containers: ReadonlySet<string> = new Set(
  [
    "mjml mj-head mj-attributes mj-body mj-wrapper mj-section mj-group mj-column mj-hero",
    "mj-social mj-navbar mj-accordion mj-accordion-element mj-carousel",
  ].flatMap((names) => names.split(" ")),
);
/** HTML's elements without an end tag (WHATWG HTML §13.1.2). */
const voidElements = /^(area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
/** Deeper than any email; at about a thousand the compiler overflows. */
const maxDepth = 100;
/** More than any email: each becomes up to 350 characters of HTML, and takes its time. */
const maxElements = 1_000;

interface Opened {
  readonly name: string;
  readonly begin: number;
}

/**
 * Finds what the compiler overlooks: it prints elements of MJML that it does not know and text where
 * none may stand, takes any end tag for that of the element at hand, and overflows where elements are
 * nested too deep.
 * @param part what the MJML is, for messages.
 * @param standsIn the element around it, `mj-text` where it may begin with text.
 * @throws SendwrightError `template.invalid` with line and column.
 */
export function checkElements(
  mjml: string,
  part: string,
  standsIn: "mj-column" | "mj-text" = "mj-column",
): void {
  const fail = (begin: number, reason: string): never => {
    const place = placeAfter(mjml.slice(0, begin));
    throw new SendwrightError(
      "template.invalid",
      `The ${part} of the template is invalid at ${place}: ${reason}.`,
      { place: placeIn(mjml.slice(0, begin)) },
    );
  };
  const open: Opened[] = [];
  const elements = elementsOnly(mjml);
  const checkText = (begin: number, end: number) => {
    const text = elements.slice(begin, end).search(/\S/);
    if (text >= 0 && containers.has(open.at(-1)?.name ?? standsIn)) fail(begin + text, outsideText);
  };
  let depth = 0;
  let count = 0;
  let at = 0;
  for (const { 0: tag, 1: slash, 2: name = "", index } of elements.matchAll(tagPattern)) {
    checkText(at, index);
    at = index + tag.length;
    const selfClosing = tag.endsWith("/>") || voidElements.test(name);
    if (!selfClosing) depth += slash === "" ? 1 : -1;
    if (depth > maxDepth) fail(index, `elements are nested more than ${maxDepth} deep`);
    if (!/^mj(ml|-)/.test(name)) {
      checkText(index, at);
      continue;
    }
    if (name === "mj-include") fail(index, "includes are not supported");
    if (!mjmlElements.has(name)) fail(index, `element <${name}> not found`);
    if (slash === "" && ++count > maxElements) fail(index, `it has more than ${maxElements} MJML elements`);
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
  checkText(at, elements.length);
  const unclosed = open.pop();
  if (unclosed !== undefined) fail(unclosed.begin, `<${unclosed.name}> is never closed`);
}

const outsideText = "text and HTML must be inside an element such as <mj-text>";

/** A tag, whole; a `<` that no `>` follows is not one. */
const tagPattern = /<(\/?)([a-zA-Z][\w:-]*)(?:"[^"]*"|'[^']*'|[^'"<>])*>/g;

/** The MJML with blanks for tags of Liquid and comments, and letters for outputs. */
function elementsOnly(mjml: string): string {
  return mjml.replace(/\{\{.*?\}\}|\{%.*?%\}|<!--.*?(?:-->|$)/gs, (text) => {
    const isText = text.startsWith("{{") && !/^\{\{-?\s*content\b/.test(text);
    return text.replace(/\S/g, isText ? "x" : " ");
  });
}
