/** Something that no email may hold, and where it begins. */
export class UnsafeHtml extends Error {
  readonly begin: number;

  constructor(begin: number, message: string) {
    super(message);
    this.begin = begin;
  }
}

/** Elements that run, frame or send something, or that browsers read by rules of their own. */
const closedElements: ReadonlySet<string> = new Set(
  [
    "script iframe frame frameset object embed applet form base portal",
    "svg math template textarea xmp plaintext listing noembed noframes",
  ].flatMap((names) => names.split(" ")),
);
/** Where one of them ends inside of a comment, a browser may end the comment, too. */
const closedInComment = new RegExp(
  `</?(?:${[...closedElements, "noscript", "style", "title"].join("|")})\\b`,
  "i",
);
/** Attributes whose value is fetched or followed. */
const linkAttributes: ReadonlySet<string> = new Set(
  "href src action formaction background background-url poster cite longdesc data xlink:href".split(" "),
);
/** Attributes that run code or have a grammar of their own. */
const codeAttribute = /^on|^srcdoc$/;
const listAttribute = /^(srcset|ping|xmlns.*)$/;
/** What a link may begin with where the template itself says it; `cid:` is a picture of this message. */
const linkStart = /^(https?:\/\/|mailto:|cid:|#)/i;
/** CSS that ran code in old mail programs. */
const codeCss = /expression\s*\(|behaviou?r\s*:|-moz-binding|(?:java|vb)script:/i;
/** An address in CSS, as far as needed to see what it begins with; a piece may end before it. */
const cssUrl = /url\(\s*["']?\s*([^"')]{0,12})/gi;
const cssUrlStart = /^(https?:\/\/|cid:|data:image\/|#|$)/i;
/** What `<meta http-equiv>` may say: nothing that leads elsewhere. */
const metaNames = /^(content-type|x-ua-compatible)$/i;

type Attribute = "plain" | "link" | "link-begun" | "style" | "list" | "meta";

/** Reads HTML piece by piece, as far as needed to know where the next piece stands. */
export class HtmlReader {
  /** `cut`: a piece ended inside of what must stand in one piece. */
  #in: "text" | "markup" | "attribute" | "style" | "title" | "cut" = "text";
  #tag = "";
  #attribute: Attribute = "plain";
  #quote = '"';
  /** Where the piece at hand begins. */
  #begin = 0;

  /** Names the place for comparison; throws where no Liquid may stand. */
  place(begin: number): string {
    if (this.#in === "markup" || this.#in === "cut") {
      throw new UnsafeHtml(begin, "Liquid is allowed in text and quoted attributes only");
    }
    return this.#in === "attribute" ? `${this.#quote}${this.#attribute}` : this.#in;
  }

  /** The filter that an output needs here, "" for none. */
  output(begin: number): "" | "url" | "css" {
    this.place(begin);
    if (this.#in === "style") return "css";
    if (this.#in !== "attribute") return "";
    switch (this.#attribute) {
      case "list":
      case "meta":
        throw new UnsafeHtml(begin, "output isn't allowed in this attribute");
      case "style":
        return "css";
      case "link":
        this.#attribute = "link-begun";
        return "url";
      default:
        return "";
    }
  }

  /** Throws where something is still open at the end. */
  end(length: number): void {
    if (this.#in !== "text") throw new UnsafeHtml(length, "it ends inside a tag, comment, style or title");
  }

  read(html: string, begin: number): void {
    this.#begin = begin;
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
      case "title":
        return this.#element(html, at);
      case "cut":
        return html.length;
    }
  }

  #text(html: string, at: number): number {
    const start = html.indexOf("<", at);
    if (start < 0) return html.length;
    const rest = html.slice(start);
    // Outlook reads what stands in a conditional comment: it is HTML like the rest.
    const conditional = /^<!--\[if [^\]]*\]>|^<!\[endif\]-->|^<!doctype[^>]*>/i.exec(rest);
    if (conditional !== null) return start + conditional[0].length;
    // A comment also ends at `--!>`, and at once as `<!-->` (WHATWG HTML §13.2.5.43 ff.).
    const comment = /^<!--(?:-?>|[\s\S]*?--!?>)/.exec(rest);
    if (comment !== null) {
      const closed = closedInComment.exec(comment[0]);
      if (closed !== null)
        throw this.#unsafe(start + closed.index, `a comment must not contain ${closed[0]}>`);
      return start + comment[0].length;
    }
    if (rest.startsWith("<!--")) {
      this.#in = "cut";
      return html.length;
    }
    const tag = /^<\/?([a-z][^\s/>]*)(?=[\s/>])/i.exec(rest);
    if (tag !== null) return this.#open(tag[0], (tag[1] ?? "").toLowerCase(), start);
    if (/^<[^a-z/!?]/i.test(rest)) return start + 1;
    // Cut off by Liquid, or unknown markup: nothing of Liquid may follow before it closes.
    this.#in = "markup";
    this.#tag = "";
    return start + 1;
  }

  #open(tag: string, name: string, start: number): number {
    if (closedElements.has(name)) throw this.#unsafe(start, `<${name}> isn't allowed in emails`);
    this.#in = "markup";
    this.#tag = tag.startsWith("</") ? "" : name;
    return start + tag.length;
  }

  #markup(html: string, at: number): number {
    const rest = html.slice(at);
    const end = /^\/?>/.exec(rest)?.[0];
    if (end !== undefined) {
      // Browsers overlook the slash, so that `<style/>` opens an element; XML, and so MJML, does not.
      this.#in = end === "/>" && this.#tag.startsWith("mj") ? "text" : contentOf(this.#tag);
      return at + end.length;
    }
    const attribute = /^([^\s/>"'=]+)(?:\s*=\s*(["']|[^\s"'>][^\s>]*))?/.exec(rest);
    if (attribute === null) return at + 1;
    const [whole, written = "", value] = attribute;
    const name = written.toLowerCase();
    if (codeAttribute.test(name)) throw this.#unsafe(at, `the attribute ${name} isn't allowed in emails`);
    const kind = this.#tag === "meta" && name === "http-equiv" ? "meta" : kindOf(name);
    if (value !== '"' && value !== "'") {
      if (value !== undefined && kind !== "plain")
        throw this.#unsafe(at, `the value of ${name} must be in quotes`);
      return at + whole.length;
    }
    this.#in = "attribute";
    this.#attribute = kind;
    this.#quote = value;
    return at + whole.length;
  }

  #value(html: string, at: number): number {
    const close = html.indexOf(this.#quote, at);
    const value = html.slice(at, close < 0 ? html.length : close);
    // Where readers disagree on where an attribute ends, one would take this for an element.
    const markup = /<|-->/.exec(value);
    if (markup !== null)
      throw this.#unsafe(at + markup.index, "an attribute must not contain < or -->; write &lt; and &gt;");
    if (this.#attribute === "link" && value !== "") {
      if (!linkStart.test(value)) {
        throw this.#unsafe(at, "a link must start with https://, http://, mailto: or an output");
      }
      this.#attribute = "link-begun";
    } else if (this.#attribute === "style") {
      this.#checkCss(value, at);
    } else if (this.#attribute === "meta" && !metaNames.test(value)) {
      throw this.#unsafe(at, "automatic redirects aren't allowed in emails");
    }
    if (close < 0) return html.length;
    this.#in = "markup";
    return close + 1;
  }

  #element(html: string, at: number): number {
    const close = html.slice(at).search(new RegExp(`</${this.#tag}[\\s/>]`, "i"));
    const content = html.slice(at, close < 0 ? html.length : at + close);
    if (this.#in === "style") this.#checkCss(content, at);
    if (close < 0) {
      if (content.lastIndexOf("<") > content.lastIndexOf(">")) this.#in = "cut";
      return html.length;
    }
    this.#in = "markup";
    const tagLength = this.#tag.length + 2;
    this.#tag = "";
    return at + close + tagLength;
  }

  #checkCss(css: string, at: number): void {
    const code = codeCss.exec(css);
    if (code !== null) throw this.#unsafe(at + code.index, "code isn't allowed in CSS");
    for (const { 1: start = "", index } of css.matchAll(cssUrl)) {
      if (!cssUrlStart.test(start)) {
        throw this.#unsafe(at + index, "CSS can only load from https: and http:");
      }
    }
  }

  #unsafe(at: number, message: string): UnsafeHtml {
    return new UnsafeHtml(this.#begin + at, message);
  }
}

function kindOf(name: string): Attribute {
  if (linkAttributes.has(name)) return "link";
  if (name === "style") return "style";
  return listAttribute.test(name) ? "list" : "plain";
}

/** The elements whose content holds no others; MJML has them, too. */
function contentOf(tag: string): "style" | "title" | "text" {
  if (tag === "style" || tag === "mj-style") return "style";
  return tag === "title" || tag === "mj-title" ? "title" : "text";
}
