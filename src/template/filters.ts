import type { Context, Token } from "liquidjs";
import { invalidInput } from "../parse.ts";
import { boundedCache } from "./bounded-cache.ts";
import { isLink } from "./web-link.ts";

/** What `this` offers a filter: the globals of this rendering, and where it stands in the source. */
interface FilterThis {
  readonly context: Context;
  readonly token: Token;
}

/**
 * `{{ 1250 | money: "EUR" }}` → `€12.50`: an amount in minor units, with as many digits as the
 * currency has (JPY 0, EUR 2, BHD 3; ISO 4217), in the locale of this rendering.
 */
function money(this: FilterThis, amount: unknown, currency: unknown): string {
  if (typeof amount !== "number" || !Number.isSafeInteger(amount)) {
    throw wrongValue(this, "an amount must be a whole number of minor units");
  }
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
    throw wrongValue(this, "a currency must be a code of ISO 4217 such as EUR");
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

/** Lets a link pass that may stand in `href` or `src`; anything else is an error, not a dead link. */
function url(this: FilterThis, value: unknown): string {
  if (typeof value === "string" && isLink(value)) return value;
  throw wrongValue(this, "a link must be an absolute https:, http: or mailto: URL");
}

/** Lets a colour, a length or a keyword pass that may stand in CSS; nothing that could end the declaration. */
function css(this: FilterThis, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^[\w#%., -]{1,100}$/.test(text)) return text;
  throw wrongValue(this, "a value in CSS must be a plain colour, length or keyword");
}

/** The filters that Posthorn adds, by the names that templates use. */
export const ownFilters = { money, date, datetime, url, css };

/** Loads the data of Intl, which takes 50 ms once: that must not count against a template's time. */
export function loadFormats(): void {
  moneyFormat("en EUR").format.format(0);
  dateFormat("en UTC datetime").format(0);
}

const moneyFormat = boundedCache(200, (key: string) => {
  const [locale, currency] = key.split(" ");
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: currency ?? "" });
  return { format, digits: format.resolvedOptions().maximumFractionDigits ?? 0 };
});

const dateFormat = boundedCache(200, (key: string) => {
  const [locale, timeZone, style] = key.split(" ");
  const day = { year: "numeric", month: "long", day: "numeric" } as const;
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(locale, { timeZone, ...day, ...(style === "datetime" ? time : {}) });
});

function dateText(filter: FilterThis, at: unknown, timeZone: unknown, style: "date" | "datetime"): string {
  const time = typeof at === "string" || typeof at === "number" ? new Date(at).getTime() : Number.NaN;
  if (Number.isNaN(time)) throw wrongValue(filter, "a date must be RFC 3339 text or milliseconds");
  const zone = timeZone ?? "UTC";
  if (typeof zone !== "string" || !isTimeZone(zone)) {
    throw wrongValue(filter, "a time zone must be an IANA name such as Europe/Berlin");
  }
  return dateFormat(`${localeOf(filter)} ${zone} ${style}`).format(time);
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
