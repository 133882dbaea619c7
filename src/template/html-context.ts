import { type TagToken, Tokenizer, TokenKind, type TopLevelToken } from "liquidjs";
import { PosthornError } from "../errors.ts";

/**
 * Where in the HTML a Liquid output stands decides how its value is made safe. Escaping `& < > " '`
 * is enough in text and in quoted attributes; a link and CSS need a filter as well, which is put in
 * here, once, so that no author can forget it. In all other places (tag and attribute names,
 * unquoted values, scripts, event handlers, comments) no escaping is safe and Liquid is refused.
 *
 * Branches and loops must end where they began, so that one reading of the source holds for every
 * path through it.
 * @returns the HTML with `| url` and `| css` added to the outputs that need them.
 * @throws PosthornError `template.invalid`.
 */
export function filterByContext(html: string): string {
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
      checkBranch(token, reader.place(source), open);
    } else if (isOutput(token)) {
      const filter = reader.output(source);
      const end = token.contentRange[1] - token.begin;
      result += filter === "" ? source : `${source.slice(0, end)} | ${filter}${source.slice(end)}`;
      continue;
    } else {
      reader.read(source);
    }
    result += source;
  }
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
    throw unsafe(
      tag.getText(),
      "each branch must end where it began, outside or inside of the same attribute",
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

/** Attributes whose value is fetched or followed. */
const linkAttributes: ReadonlySet<string> = new Set([
  "href",
  "src",
  "action",
  "formaction",
  "background",
  "poster",
  "cite",
  "longdesc",
  "data",
  "xlink:href",
]);
/** Attributes that run code or have a grammar of their own. */
const closedAttribute = /^(on.*|srcset|srcdoc|ping|xmlns.*)$/;
/** What a link may begin with where the template itself says it; `cid:` is a picture of this message. */
const linkStart = /^(https?:\/\/|mailto:|cid:|#)/i;

type Attribute = "plain" | "link" | "link-begun" | "style" | "closed";

/** Reads HTML piece by piece, as far as needed to know where the next piece stands. */
class HtmlReader {
  #in: "text" | "markup" | "attribute" | "style" | "closed" = "text";
  #tag = "";
  #attribute: Attribute = "plain";
  #quote = '"';

  /** Names the place for comparison; throws where no Liquid may stand. */
  place(source: string): string {
    if (this.#in === "markup" || this.#in === "closed") {
      throw unsafe(source, "Liquid may stand in text and in quoted attributes only");
    }
    return this.#in === "attribute" ? `${this.#quote}${this.#attribute}` : this.#in;
  }

  /** The filter that an output needs here, "" for none. */
  output(source: string): "" | "url" | "css" {
    this.place(source);
    if (this.#in === "style") return "css";
    if (this.#in !== "attribute") return "";
    switch (this.#attribute) {
      case "closed":
        throw unsafe(source, "an output may not stand in this attribute");
      case "style":
        return "css";
      case "link":
        this.#attribute = "link-begun";
        return "url";
      default:
        return "";
    }
  }

  read(html: string): void {
    let at = 0;
    while (at < html.length) at = this.#step(html, at);
  }

  #step(html: string, at: number): number {
    switch (this.#in) {
      case "text":
        return this.#text(html, at);
      case "markup":
        return this.#markup(html, at);
      case "attribute":
        return this.#value(html, at);
      case "style":
      case "closed":
        return this.#element(html, at);
    }
  }

  #text(html: string, at: number): number {
    const start = html.indexOf("<", at);
    if (start < 0) return html.length;
    const rest = html.slice(start);
    // Outlook reads what stands in a conditional comment: it is HTML like the rest.
    const skipped = /^<!--\[if [^\]]*\]>|^<!\[endif\]-->|^<!--[\s\S]*?-->|^<!doctype[^>]*>/i.exec(rest);
    if (skipped !== null) return start + skipped[0].length;
    const tag = /^<\/?([a-z][^\s/>]*)(?=[\s/>])/i.exec(rest);
    if (tag !== null) {
      this.#in = "markup";
      this.#tag = tag[0].startsWith("</") ? "" : (tag[1] ?? "").toLowerCase();
      return start + tag[0].length;
    }
    if (/^<[^a-z/!?]/i.test(rest)) return start + 1;
    // Cut off by Liquid, or unknown markup: nothing of Liquid may follow before it closes.
    this.#in = "markup";
    this.#tag = "";
    return start + 1;
  }

  #markup(html: string, at: number): number {
    const rest = html.slice(at);
    if (rest.startsWith(">")) {
      this.#in = this.#tag === "style" ? "style" : this.#tag === "script" ? "closed" : "text";
      return at + 1;
    }
    const attribute = /^([^\s/>"'=]+)\s*=\s*(["'])/.exec(rest);
    if (attribute === null)
      return at + (/^[^\s/>"'=]+(?:\s*=\s*[^\s"'>][^\s>]*)?/.exec(rest)?.[0].length ?? 1);
    this.#in = "attribute";
    this.#attribute = kindOf((attribute[1] ?? "").toLowerCase());
    this.#quote = attribute[2] ?? '"';
    return at + attribute[0].length;
  }

  #value(html: string, at: number): number {
    const close = html.indexOf(this.#quote, at);
    const value = html.slice(at, close < 0 ? html.length : close);
    if (this.#attribute === "link" && value !== "") {
      if (!linkStart.test(value)) {
        throw unsafe(value.slice(0, 40), "a link must begin with https://, http://, mailto: or an output");
      }
      this.#attribute = "link-begun";
    }
    if (close < 0) return html.length;
    this.#in = "markup";
    return close + 1;
  }

  #element(html: string, at: number): number {
    const close = html.slice(at).search(new RegExp(`</${this.#tag}[\\s/>]`, "i"));
    if (close < 0) {
      if (/<[^>]*$/.test(html.slice(at))) this.#in = "closed";
      return html.length;
    }
    this.#in = "markup";
    const tagLength = this.#tag.length + 2;
    this.#tag = "";
    return at + close + tagLength;
  }
}

function kindOf(name: string): Attribute {
  if (linkAttributes.has(name)) return "link";
  if (name === "style") return "style";
  return closedAttribute.test(name) ? "closed" : "plain";
}

function unsafe(where: string, remedy: string): Error {
  const place = { near: where };
  return new PosthornError("template.invalid", `The template is unsafe at ${where}: ${remedy}.`, { place });
}
