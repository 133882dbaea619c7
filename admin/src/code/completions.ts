import type { Schema } from "../parts/json-schema.ts";

/** What may be offered at a place of a source: a word, and what it is. */
export interface Offer {
  readonly label: string;
  readonly kind: "field" | "filter" | "tag" | "element" | "attribute";
  readonly detail?: string | undefined;
}

/** `from`: where the word that is being typed begins. */
export interface Offers {
  readonly from: number;
  readonly offers: readonly Offer[];
}

const loopFields = "first index index0 last length rindex rindex0";
const tags =
  "if elsif else endif unless endunless case when endcase for endfor assign capture endcapture comment endcomment render";
const filters =
  "money date datetime minutes number plural list default abs append at_least at_most capitalize ceil compact concat divided_by downcase first floor join last lstrip map minus modulo plus prepend reverse round rstrip size slice sort split strip sum times truncate truncatewords uniq upcase url_encode where";

/** What every template sees beside its data, as a schema. */
const surroundings: Readonly<Record<string, Schema>> = {
  ...fields("product locale subject preheader"),
  brand: {
    properties: {
      ...fields("name url logoUrl color onColor linkColor linkColorDark address"),
      footerLinks: { items: { properties: fields("label url") } },
    },
  },
};

function fields(names: string): Record<string, Schema> {
  return Object.fromEntries(names.split(" ").map((name) => [name, {}]));
}

/**
 * What Liquid may go on with at the end of a text: tags, filters, or the fields that the data has.
 * @param schema of the data.
 * @returns null outside `{{ }}` and `{% %}`, and where nothing is known.
 */
export function liquidOffers(before: string, schema: Schema): Offers | null {
  const begin = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (begin < 0) return null;
  const inside = before.slice(begin + 2).replace(/^-/, " ");
  if (/[%}]\}/.test(inside) || isInString(inside)) return null;
  const word = /[A-Za-z_][\w.]*$|$/.exec(inside)?.[0] ?? "";
  const lead = inside.slice(0, inside.length - word.length);
  const from = before.length - word.length;
  if (before.startsWith("{%", begin) && lead.trim() === "") {
    return { from, offers: words(tags, "tag") };
  }
  if (/\|\s*$/.test(lead)) return { from, offers: words(filters, "filter") };
  const path = word.split(".");
  const last = path.pop() ?? "";
  const offers = fieldsAt(path, scopeAt(before.slice(0, begin), schema));
  return offers === null ? null : { from: before.length - last.length, offers };
}

function words(list: string, kind: Offer["kind"]): Offer[] {
  return list.split(" ").map((label) => ({ label, kind }));
}

function isInString(text: string): boolean {
  return /["']/.test(text.replace(/"[^"]*"|'[^']*'/g, ""));
}

/** The names that can be asked for after a text: data, surroundings, and what loops and `assign` made. */
function scopeAt(before: string, schema: Schema): Schema {
  let names: Readonly<Record<string, Schema>> = { ...schema.properties, ...surroundings };
  const loops: (typeof names)[] = [];
  const pattern = /\{%-?\s*(?:(for)\s+(\w+)\s+in\s+([\w.]+)|(endfor)|(?:assign|capture)\s+(\w+))/g;
  for (const [, opened, name = "", list = "", closed, made] of before.matchAll(pattern)) {
    if (opened !== undefined) {
      loops.push(names);
      const items = list
        .split(".")
        .reduce<Schema | undefined>((found, step) => found?.properties?.[step], { properties: names })?.items;
      names = withFirst(name, items ?? {}, { ...names, forloop: { properties: fields(loopFields) } });
    }
    if (closed !== undefined) names = loops.pop() ?? names;
    if (made !== undefined) names = withFirst(made, {}, names);
  }
  return { properties: names };
}

/** What was named last is what is likely wanted next. */
function withFirst(name: string, schema: Schema, names: Readonly<Record<string, Schema>>) {
  const { [name]: _hidden, ...others } = names;
  return { [name]: schema, ...others };
}

function fieldsAt(path: readonly string[], scope: Schema): Offer[] | null {
  let found: Schema | undefined = scope;
  for (const step of path) found = found?.properties?.[step];
  if (found?.properties === undefined) return null;
  return Object.entries(found.properties).map(([label, { description }]) => ({
    label,
    kind: "field",
    detail: description,
  }));
}

const box = "background-color padding css-class";
const type = "color font-size font-weight line-height align";
const elements: Readonly<Record<string, string>> = {
  "mj-text": `mj-class ${type} ${box}`,
  "mj-button": `href ${type} ${box} border-radius inner-padding width`,
  "mj-image": `src alt width height href align padding border-radius`,
  "mj-table": `${type} ${box} width cellpadding`,
  "mj-divider": "border-color border-width border-style padding width",
  "mj-spacer": "height",
  "mj-section": `${box} border border-radius full-width`,
  "mj-column": `${box} width vertical-align`,
  "mj-group": "width vertical-align",
  "mj-wrapper": `${box} border full-width`,
  "mj-hero": `${box} background-url height mode`,
  "mj-social": "mode align icon-size",
  "mj-social-element": "name href src alt",
  "mj-navbar": "align hamburger",
  "mj-navbar-link": "href color",
  "mj-raw": "",
  "mj-body": "width background-color",
  "mj-head": "",
  "mj-style": "inline",
  "mj-attributes": "",
  "mj-all": `${type} padding`,
  "mj-class": `name ${type} ${box}`,
  "mj-preview": "",
  "mj-title": "",
  "mj-breakpoint": "width",
  mjml: "lang",
};
const htmlElements = "a br em h1 h2 h3 img li ol p span strong table td th tr ul";

/** What MJML may go on with at the end of a text: elements after `<`, attributes within a tag. */
export function mjmlOffers(before: string): Offers | null {
  const name = /<\/?([\w-]*)$/.exec(before)?.[1];
  if (name !== undefined) {
    const offers = words([...Object.keys(elements), htmlElements].join(" "), "element");
    return { from: before.length - name.length, offers };
  }
  const tag = /<(mj[\w-]*)\s(?:"[^"]*"|[^<>"])*?([\w-]*)$/.exec(before);
  const attributes = elements[tag?.[1] ?? ""];
  if (tag === null || attributes === undefined || attributes === "" || !/\s[\w-]*$/.test(before)) return null;
  return { from: before.length - (tag[2] ?? "").length, offers: words(attributes, "attribute") };
}
