import { SendwrightError } from "../../core/errors.ts";
import { loadFormats } from "./filters.ts";
import { filterByContext } from "./html-context.ts";
import { type LiquidTemplate, maxTemplateCharacters, parseLiquid } from "./liquid.ts";
import { compileMjml } from "./mjml.ts";
import { checkElements } from "./mjml-elements.ts";
import { blankPartials, expandPartials } from "./partials.ts";
import type { Layout, Partials, TemplateSource } from "./template.ts";

/** A source and its layout, ready to be filled with data. */
export interface CompiledTemplate {
  readonly subject: LiquidTemplate;
  readonly preheader: LiquidTemplate | null;
  readonly html: LiquidTemplate;
  readonly text: LiquidTemplate | null;
}

/**
 * Puts a source into its layout and compiles both. Each is first read by itself, so that a mistake is
 * named with the line and column that its author sees.
 * @throws SendwrightError `template.invalid`
 */
export function compileTemplate(
  source: TemplateSource,
  layout: Layout,
  partials: Partials,
): CompiledTemplate {
  loadFormats();
  const { subject, preheader, mjml, text } = source;
  checkMjml(mjml, "mjml");
  const alone = isDocument(mjml);
  if (!alone) checkMjml(layout.mjml, "layout");
  const document = alone ? mjml : within(layout.mjml, mjml);
  return {
    subject: parseLiquid(subject, "line", "subject"),
    preheader: preheader === undefined ? null : parseLiquid(preheader, "text", "preheader"),
    html: compileHtml(expandPartials(document, partials, "mjml")),
    text: text === undefined ? null : compileText(text, alone ? null : layout.text, partials),
  };
}

/** The parts of a source, each by itself as its author wrote it: lines and columns are those of the author. */
export function compileParts({
  subject,
  preheader,
  mjml,
  text,
}: TemplateSource): { readonly part: SourcePart; readonly compile: () => LiquidTemplate }[] {
  return [
    { part: "subject", compile: () => parseLiquid(subject, "line", "subject") },
    ...(preheader === undefined
      ? []
      : [{ part: "preheader" as const, compile: () => parseLiquid(preheader, "text", "preheader") }]),
    { part: "mjml", compile: () => checkMjml(mjml, "mjml") },
    ...(text === undefined ? [] : [{ part: "text" as const, compile: () => checkText(text, "text") }]),
  ];
}

export type SourcePart = keyof TemplateSource;

/** A layout or a partial by itself, in the same way. */
export function compilePart(isLayout: boolean, { mjml, text }: Layout): ReturnType<typeof compileParts> {
  return [
    { part: "mjml", compile: () => (isLayout ? checkLayout(mjml) : checkPartial(mjml)) },
    {
      part: "text",
      compile: () => checkText(isLayout ? within(text, "") : text, "text"),
    },
  ];
}

function checkLayout(mjml: string): LiquidTemplate {
  if (!isDocument(mjml)) {
    throw new SendwrightError("template.invalid", "The layout must be a whole document: <mjml> … </mjml>.");
  }
  within(mjml, "");
  return checkMjml(mjml, "layout");
}

/** A partial may be a section or half a sentence, but whole: what it opens it closes. */
function checkPartial(source: string): LiquidTemplate {
  checkSize(source, "partial");
  const mjml = blankPartials(source);
  const parsed = parseLiquid(mjml, "html", "partial");
  checkElements(mjml, "partial", "mj-text");
  filterByContext(mjml, "partial");
  compileMjml(`${textStart}${mjml}${textEnd}`, textStart.length);
  return parsed;
}

function compileHtml(mjml: string): LiquidTemplate {
  const html = compileMjml(mjml);
  checkSize(html, "html");
  return parseLiquid(filterByContext(html, "html"), "html", "html");
}

function compileText(text: string, layout: string | null, partials: Partials): LiquidTemplate {
  checkText(text, "text");
  if (layout !== null) checkText(layout, "text of the layout");
  const whole = layout === null ? text : within(layout, text);
  return parseLiquid(expandPartials(whole, partials, "text"), "text", "text");
}

function checkText(source: string, part: string): LiquidTemplate {
  checkSize(source, part);
  return parseLiquid(blankPartials(source), "text", part);
}

/** Reads one author's MJML for its mistakes alone. */
function checkMjml(source: string, part: string): LiquidTemplate {
  checkSize(source, part);
  const mjml = blankPartials(source);
  const parsed = parseLiquid(mjml, "html", part);
  checkElements(mjml, part);
  filterByContext(mjml, part);
  if (isDocument(mjml)) compileMjml(mjml);
  else compileMjml(`${columnStart}${mjml}${columnEnd}`, columnStart.length);
  return parsed;
}

/** Before anything else reads it. */
function checkSize(source: string, part: string): void {
  if (source.length <= maxTemplateCharacters) return;
  const reason = `has ${source.length} characters; the limit is ${maxTemplateCharacters}`;
  throw new SendwrightError("template.invalid", `The ${part} of the template ${reason}.`);
}

const columnStart = "<mjml><mj-body><mj-section><mj-column>";
const columnEnd = "</mj-column></mj-section></mj-body></mjml>";
const textStart = `${columnStart}<mj-text>`;
const textEnd = `</mj-text>${columnEnd}`;

export function isDocument(mjml: string): boolean {
  return /^\s*<mjml[\s>]/.test(mjml.replace(/<!--.*?(?:-->|$)/gs, ""));
}

function within(layout: string, content: string): string {
  const [before, after, ...more] = layout.split(/\{\{-?\s*content\s*-?\}\}/);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new SendwrightError(
      "template.invalid",
      "The layout must have {{ content }} exactly once in its MJML and once in its text.",
    );
  }
  return `${before}${content}${after}`;
}
