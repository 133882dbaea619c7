import type { Context, Token } from "liquidjs";
import { invalidInput } from "../../core/parse.ts";
import { boundedCache } from "./bounded-cache.ts";
import { isCurrency, minorDigits } from "./currency.ts";
import { isLink } from "./web-link.ts";

/** What `this` offers a filter: the globals of this rendering, and where it stands in the source. */
interface FilterThis {
  readonly context: Context;
  readonly token: Token;
}

/**
 * `{{ 1250 | money: "EUR" }}` → `€12.50`: an amount in minor units, with all digits that ISO 4217 gives the
 * currency (JPY 0, EUR 2, BHD 3), in the locale of this rendering.
 */
function money(this: FilterThis, amount: unknown, currency: unknown): string {
  if (typeof amount !== "number" || !Number.isSafeInteger(amount)) {
    throw wrongValue(this, "an amount must be a whole number of minor units");
  }
  if (typeof currency !== "string" || !isCurrency(currency)) {
    throw wrongValue(this, "a currency must be a code of ISO 4217 with a minor unit, such as EUR");
  }
  const { format, digits } = moneyFormat(`${localeOf(this)} ${currency}`);
  // Exact decimal text: 0.1 + 0.2 must never show on a bill.
  return format.format(decimal(amount, digits));
}

/** `{{ at | date: "Europe/Berlin" }}` → `23 November 2026`; the zone is UTC unless given. */
function date(this: FilterThis, at: unknown, timeZone?: unknown): string {
  return dateText(this, at, timeZone, "date");
}

/** `{{ at | datetime: "Europe/Berlin" }}` → `23 November 2026 at 14:05 CET`; UTC unless given. */
function datetime(this: FilterThis, at: unknown, timeZone?: unknown): string {
  return dateText(this, at, timeZone, "datetime");
}

/**
 * `{{ count | plural: one: "# item", other: "# items" }}` → `3 items`: the form that the language of
 * this rendering has for the number (`zero, one, two, few, many, other`), with `other` in the place of
 * a form that is not given. `#` becomes the number.
 */
function plural(this: FilterThis, count: unknown, ...forms: readonly unknown[]): string {
  const number = anyNumber(this, count);
  const named = new Map(forms.filter((form) => Array.isArray(form)) as [unknown, unknown][]);
  const form = named.get(pluralRules(localeOf(this)).select(number)) ?? named.get("other");
  if (typeof form !== "string" || named.size < forms.length || ![...named.keys()].every(isPluralForm)) {
    throw wrongValue(this, 'the forms must be texts with names, such as one: "# item", other: "# items"');
  }
  return form.replaceAll("#", () => numberFormat(localeOf(this)).format(number));
}

/** `{{ 1234.5 | number }}` → `1,234.5`. */
function number(this: FilterThis, value: unknown): string {
  return numberFormat(localeOf(this)).format(anyNumber(this, value));
}

/** `{{ names | list }}` → `a, b, and c`; with `"or"`, `a, b, or c`. */
function list(this: FilterThis, values: unknown, link: unknown = "and"): string {
  if (!Array.isArray(values) || values.length > maxListed || !values.every(isPrintable)) {
    throw wrongValue(this, `a list must contain texts and numbers, at most ${maxListed}`);
  }
  if (link !== "and" && link !== "or") throw wrongValue(this, 'a list must be joined by "and" or "or"');
  return listFormat(`${localeOf(this)} ${link}`).format(values.map(String));
}

/** `{{ 90 | minutes }}` → `90 minutes`, `{{ 120 | minutes }}` → `2 hours`: a time span given in minutes. */
function minutes(this: FilterThis, value: unknown): string {
  const whole = anyNumber(this, value);
  if (!Number.isSafeInteger(whole) || whole < 0) throw wrongValue(this, "a duration must be whole minutes");
  const parts: readonly [number, string][] =
    whole >= 2880 && whole % 1440 === 0
      ? [[whole / 1440, "day"]]
      : whole < 120 && whole !== 60
        ? [[whole, "minute"]]
        : [
            [Math.floor(whole / 60), "hour"],
            [whole % 60, "minute"],
          ];
  const locale = localeOf(this);
  const texts = parts
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, unit]) => unitFormat(`${locale} ${unit}`).format(count));
  // In running text German joins two units by *und*; the list of units that Intl has for it sets a comma.
  const text = listFormat(`${locale} ${/^de\b/.test(locale) ? "and" : "unit"}`).format(texts);
  // The data of Intl sets figures apart from their counters; in running text these languages do not.
  return /^(ja|zh)\b/.test(locale) ? text.replaceAll(" ", "") : text;
}

/** Lets a link pass that may stand in `href` or `src`; anything else is an error, not a dead link. */
function url(this: FilterThis, value: unknown): string {
  if (typeof value === "string" && isLink(value)) return value;
  throw wrongValue(this, "a link must be an absolute https:, http: or mailto: URL");
}

/** Lets a colour, a length or a keyword pass that may stand in CSS; nothing that could end the declaration. */
function css(this: FilterThis, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^[\w#%., -]{1,100}$/.test(text)) return text;
  throw wrongValue(this, "a value in CSS must be a plain color, length or keyword");
}

/** The filters that Sendwright adds, by the names that templates use. */
export const ownFilters = { money, date, datetime, plural, number, list, minutes, url, css };

/** Loads the data of Intl, which takes 50 ms once: that must not count against a template's time. */
export function loadFormats(): void {
  moneyFormat("en EUR").format.format(0);
  dateFormat("en UTC datetime").format(0);
  pluralRules("en").select(1);
  listFormat("en and").format(["a"]);
}

const moneyFormat = boundedCache(200, (key: string) => {
  const [locale, currency = ""] = key.split(" ");
  const digits = minorDigits(currency) ?? 0;
  const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return { format: new Intl.NumberFormat(locale, { style: "currency", currency, ...exact }), digits };
});

const dateFormat = boundedCache(200, (key: string) => {
  const [locale, timeZone, style] = key.split(" ");
  const day = { year: "numeric", month: "long", day: "numeric" } as const;
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(locale, { timeZone, ...day, ...(style === "datetime" ? time : {}) });
});

const numberFormat = boundedCache(50, (locale: string) => new Intl.NumberFormat(locale));

const pluralRules = boundedCache(50, (locale: string) => new Intl.PluralRules(locale));

const unitFormat = boundedCache(100, (key: string) => {
  const [locale, unit] = key.split(" ");
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit ?? "", unitDisplay: "long" });
});

const listFormat = boundedCache(100, (key: string) => {
  const [locale, link] = key.split(" ");
  return new Intl.ListFormat(locale, {
    type: link === "unit" ? "unit" : link === "or" ? "disjunction" : "conjunction",
  });
});

/** More than anybody reads in a sentence. */
const maxListed = 1000;

function isPrintable(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function isPluralForm(name: unknown): boolean {
  return typeof name === "string" && /^(zero|one|two|few|many|other)$/.test(name);
}

function anyNumber(filter: FilterThis, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrongValue(filter, "a number is required");
}

function dateText(filter: FilterThis, at: unknown, timeZone: unknown, style: "date" | "datetime"): string {
  const time = typeof at === "string" || typeof at === "number" ? new Date(at).getTime() : Number.NaN;
  if (Number.isNaN(time)) throw wrongValue(filter, "a date must be RFC 3339 text or milliseconds");
  const zone = timeZone ?? "UTC";
  if (typeof zone !== "string" || !isTimeZone(zone)) {
    throw wrongValue(filter, "a time zone must be an IANA name such as Europe/Berlin");
  }
  const locale = localeOf(filter);
  const format = dateFormat(`${locale} ${zone} ${style}`);
  return /^fr\b/.test(locale) ? frenchDate(format.formatToParts(time)) : format.format(time);
}

/** French says *1er mars*, but *2 mars*; the data of Intl has only the figure. */
function frenchDate(parts: readonly Intl.DateTimeFormatPart[]): string {
  return parts.map(({ type, value }) => (type === "day" && value === "1" ? "1er" : value)).join("");
}

/** True for an IANA time zone that this runtime knows, or an offset such as `+02:00`. */
export const isTimeZone = boundedCache(200, (name: string) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
});

function decimal(minorUnits: number, digits: number): Intl.StringNumericLiteral {
  const sign = minorUnits < 0 ? "-" : "";
  const figures = String(Math.abs(minorUnits)).padStart(digits + 1, "0");
  const whole = figures.slice(0, figures.length - digits);
  const fraction = figures.slice(figures.length - digits);
  return `${sign}${whole}${digits > 0 ? "." : ""}${fraction}` as Intl.StringNumericLiteral;
}

function localeOf(filter: FilterThis): string {
  const { locale } = filter.context.globals as { readonly locale?: unknown };
  return typeof locale === "string" ? locale : "en";
}

function wrongValue(filter: FilterThis, detail: string): Error {
  const expression = filter.token.input.slice(...expressionAround(filter));
  return invalidInput([{ pointer: "/data", detail: `${detail} (in ${expression})` }]);
}

/** The `{{ … }}` or `{% … %}` that the filter stands in, so that its author finds it. */
function expressionAround({ token }: FilterThis): [number, number] {
  const begin = Math.max(token.input.lastIndexOf("{", token.begin) - 1, 0);
  const end = token.input.indexOf("}", token.begin);
  return [begin, Math.min(end < 0 ? token.input.length : end + 2, begin + 100)];
}
