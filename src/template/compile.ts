import { PosthornError } from "../errors.ts";
import { loadFormats } from "./filters.ts";
import { filterByContext } from "./html-context.ts";
import { type LiquidTemplate, maxTemplateCharacters, parseLiquid } from "./liquid.ts";
import { compileMjml } from "./mjml.ts";
import { checkElements } from "./mjml-elements.ts";
import { blankPartials, expandPartials } from "./partials.ts";
import type { Layout, Partial, Partials, TemplateSource } from "./template.ts";

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
 * @throws PosthornError `template.invalid`
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

/**
 * Reads a partial by itself. It must be whole: what it opens it closes.
 * @throws PosthornError `template.invalid`
 */
export function checkPartial({ mjml, text = "" }: Partial): void {
  checkMjml(mjml, "partial");
  checkText(text, "text of the partial");
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

function checkText(source: string, part: string): void {
  checkSize(source, part);
  parseLiquid(blankPartials(source), "text", part);
}

/** Reads one author's MJML for its mistakes alone. */
function checkMjml(source: string, part: string): void {
  checkSize(source, part);
  const mjml = blankPartials(source);
  parseLiquid(mjml, "html", part);
  checkElements(mjml, part);
  filterByContext(mjml, part);
  if (isDocument(mjml)) compileMjml(mjml);
  else compileMjml(`${columnStart}${mjml}${columnEnd}`, columnStart.length);
}

/** Before anything else reads it. */
function checkSize(source: string, part: string): void {
  if (source.length <= maxTemplateCharacters) return;
  const reason = `has ${source.length} characters; at most ${maxTemplateCharacters} are taken`;
  throw new PosthornError("template.invalid", `The ${part} of the template ${reason}.`);
}

const columnStart = "<mjml><mj-body><mj-section><mj-column>";
const columnEnd = "</mj-column></mj-section></mj-body></mjml>";

function isDocument(mjml: string): boolean {
  return /^<mjml[\s>]/.test(mjml.trimStart());
}

function within(layout: string, content: string): string {
  const [before, after, ...more] = layout.split(/\{\{-?\s*content\s*-?\}\}/);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new PosthornError(
      "template.invalid",
      "The layout must have {{ content }} exactly once, where the email's own goes, in its MJML and in its text.",
    );
  }
  return `${before}${content}${after}`;
}
