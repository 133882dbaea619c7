import { type TagToken, Tokenizer, TokenKind, type TopLevelToken } from "liquidjs";
import { SendwrightError } from "../../core/errors.ts";
import { HtmlReader, UnsafeHtml } from "./html-reader.ts";
import { placeAfter, placeIn } from "./place.ts";

/**
 * Where in the HTML a Liquid output stands decides how its value is made safe. Escaping `& < > " '`
 * is enough in text and in quoted attributes; a link and CSS need a filter as well, which is put in
 * here, once, so that no author can forget it. In all other places (tag and attribute names,
 * unquoted values, scripts, event handlers, comments) no escaping is safe and Liquid is refused.
 * What runs, frames or forwards (scripts, event handlers, `javascript:`) is refused as well.
 *
 * Branches and loops must end where they began, so that one reading of the source holds for every
 * path through it.
 * @param part what the HTML is, for messages. MJML can be read as well: its attributes mean the same.
 * @returns the HTML with `| url` and `| css` added to the outputs that need them.
 * @throws SendwrightError `template.invalid` with line and column.
 */
export function filterByContext(html: string, part: string): string {
  try {
    return withFilters(html);
  } catch (error) {
    if (!(error instanceof UnsafeHtml)) throw error;
    const { begin, message } = error;
    const near = html.slice(begin, begin + 40).split("\n", 1)[0] ?? "";
    const before = html.slice(0, begin);
    throw new SendwrightError(
      "template.invalid",
      `The ${part} of the template is unsafe at ${placeAfter(before)}, near ${JSON.stringify(near)}: ${message}.`,
      // Lines of compiled HTML are nobody's; what stands there may be found in a source.
      { place: part === "html" ? { near } : placeIn(before) },
    );
  }
}

function withFilters(html: string): string {
  const open: string[] = [];
  const reader = new HtmlReader();
  let comment = false;
  let result = "";
  for (const token of new Tokenizer(html).readTopLevelTokens()) {
    const source = token.input.slice(token.begin, token.end);
    if (isTag(token) && (token.name === "comment" || token.name === "endcomment")) {
      comment = token.name === "comment";
    } else if (comment) {
      result += source;
      continue;
    } else if (isTag(token)) {
      checkBranch(token, reader.place(token.begin), open);
    } else if (isOutput(token)) {
      const filter = reader.output(token.begin);
      const end = token.contentRange[1] - token.begin;
      result += filter === "" ? source : `${source.slice(0, end)} | ${filter}${source.slice(end)}`;
      continue;
    } else {
      reader.read(source, token.begin);
    }
    result += source;
  }
  reader.end(html.length);
  return result;
}

const branching: ReadonlySet<string> = new Set(["if", "unless", "case", "for", "capture"]);
const turning: ReadonlySet<string> = new Set(["else", "elsif", "when"]);

function checkBranch(tag: TagToken, place: string, open: string[]): void {
  if (branching.has(tag.name)) {
    open.push(place);
    return;
  }
  const ends = tag.name.startsWith("end");
  if (!ends && !turning.has(tag.name)) return;
  const began = ends ? open.pop() : open.at(-1);
  if (began !== place) {
    throw new UnsafeHtml(
      tag.begin,
      "each branch must start and end in the same place, inside or outside an attribute",
    );
  }
}

type OutputToken = Exclude<Extract<TopLevelToken, { contentRange: unknown }>, TagToken>;

function isTag(token: TopLevelToken): token is TagToken {
  return token.kind === TokenKind.Tag;
}

function isOutput(token: TopLevelToken): token is OutputToken {
  return token.kind === TokenKind.Output;
}
