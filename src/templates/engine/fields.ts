import { z } from "zod";
import { isCurrency } from "./currency.ts";
import { isTimeZone } from "./filters.ts";
import { isLink, isWebLink } from "./web-link.ts";

/** The kinds of fields that template data is made of. */

/** Text on one line, as it may stand in a subject. */
export function line(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error: "must be one line without control characters" });
}

/** A link to a page or a picture. */
export function webLink() {
  return z
    .string()
    .max(4096)
    .refine(isWebLink, { error: "must be an absolute https: or http: URL" })
    .meta({ format: "uri" });
}

/** A link that may also open the mail program. */
export function link() {
  return z
    .string()
    .max(4096)
    .refine(isLink, { error: "must be an absolute https:, http: or mailto: URL" })
    .meta({ format: "uri" });
}

/** A moment, as in RFC 3339. */
export function moment() {
  return z.iso.datetime({
    offset: true,
    error: "must be an RFC 3339 date and time such as 2026-03-01T09:30:00Z",
  });
}

export function timeZone() {
  return z.string().max(64).refine(isTimeZone, { error: "must be an IANA time zone such as Europe/Berlin" });
}

/** A code of ISO 4217 that has a minor unit. */
export function currency() {
  const error = "must be a currency code of ISO 4217 with a minor unit, such as EUR";
  return z
    .string()
    .regex(/^[A-Z]{3}$/, { error, abort: true })
    .refine(isCurrency, { error });
}

/** An amount of money in minor units as ISO 4217 has them: 1250 is 12.50 EUR, 12.50 HUF and 1250 JPY. */
export function minorUnits() {
  return z.int({ error: "must be a whole number of minor units (cents)" }).min(0).max(1_000_000_000_000);
}
