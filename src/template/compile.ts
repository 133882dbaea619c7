import { PosthornError } from "../errors.ts";
import { loadFormats } from "./filters.ts";
import { filterByContext } from "./html-context.ts";
import { type LiquidTemplate, parseLiquid } from "./liquid.ts";
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
 * @throws PosthornError `template.invalid`
 */
export function compileTemplate(
  source: TemplateSource,
  layout: Layout,
  partials: Partials,
): CompiledTemplate {
  loadFormats();
  checkMjml(source.mjml, "mjml");
  const alone = isDocument(source.mjml);
  if (!alone) checkMjml(layout.mjml, "layout");
  const mjml = alone ? source.mjml : within(layout.mjml, source.mjml);
  const { subject, preheader, text } = source;
  return {
    subject: parseLiquid(subject, "line", "subject"),
    preheader: preheader === undefined ? null : parseLiquid(preheader, "text", "preheader"),
    html: parseLiquid(
      filterByContext(compileMjml(expandPartials(mjml, partials, "mjml")), "html"),
      "html",
      "html",
    ),
    text: text === undefined ? null : compileText(text, alone ? contentAlone : layout.text, partials),
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
    ...(text === undefined
      ? []
      : [{ part: "text" as const, compile: () => parseLiquid(blankPartials(text), "text", "text") }]),
  ];
}

export type SourcePart = keyof TemplateSource;

/** A layout or a partial by itself, in the same way. */
export function compilePart(isLayout: boolean, { mjml, text }: Layout): ReturnType<typeof compileParts> {
  return [
    { part: "mjml", compile: () => (isLayout ? checkLayout(mjml) : checkPartial(mjml)) },
    {
      part: "text",
      compile: () => parseLiquid(blankPartials(isLayout ? within(text, "") : text), "text", "text"),
    },
  ];
}

function checkLayout(mjml: string): LiquidTemplate {
  if (!isDocument(mjml)) {
    throw new PosthornError("template.invalid", "The layout must be a whole document: <mjml> … </mjml>.");
  }
  within(mjml, "");
  return checkMjml(mjml, "layout");
}

/** A partial may be a section or half a sentence: by itself it is only looked at for what is well formed. */
function checkPartial(mjml: string): LiquidTemplate {
  const parsed = parseLiquid(blankPartials(mjml), "html", "mjml");
  compileMjml(
    `${columnStart}<mj-text>${blankPartials(mjml)}</mj-text>${columnEnd}`,
    `${columnStart}<mj-text>`.length,
  );
  return parsed;
}

const contentAlone = "{{ content }}";

function compileText(text: string, layout: string, partials: Partials): LiquidTemplate {
  parseLiquid(blankPartials(text), "text", "text");
  return parseLiquid(expandPartials(within(layout, text), partials, "text"), "text", "text");
}

/** Reads one author's MJML for its mistakes alone. */
function checkMjml(source: string, part: string): LiquidTemplate {
  const mjml = blankPartials(source);
  const parsed = parseLiquid(mjml, "html", part);
  checkElements(mjml, part);
  filterByContext(mjml, part);
  if (isDocument(mjml)) compileMjml(mjml);
  else compileMjml(`${columnStart}${mjml}${columnEnd}`, columnStart.length);
  return parsed;
}

const columnStart = "<mjml><mj-body><mj-section><mj-column>";
const columnEnd = "</mj-column></mj-section></mj-body></mjml>";

export function isDocument(mjml: string): boolean {
  return /^\s*(?:<!--.*?-->\s*)*<mjml[\s>]/s.test(mjml);
}

function within(layout: string, content: string): string {
  const [before, after, ...more] = layout.split(/\{\{-?\s*content\s*-?\}\}/);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new PosthornError(
      "template.invalid",
      "The layout must have {{ content }} once, where the email's own goes.",
    );
  }
  return `${before}${content}${after}`;
}
