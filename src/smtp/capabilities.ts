import type { SmtpReply } from "../core/model.ts";

/** What the relay offered in its latest answer to EHLO (RFC 5321 §4.1.1.1). */
export interface Capabilities {
  /** The keywords with their parameters as sent, such as `SIZE 35882577`; empty after HELO. */
  readonly extensions: readonly string[];
  /** RFC 2920. */
  readonly pipelining: boolean;
  /** RFC 3207. */
  readonly startTls: boolean;
  /** RFC 6152. */
  readonly eightBitMime: boolean;
  /** RFC 6531. */
  readonly smtpUtf8: boolean;
  /** RFC 1870. `maxBytes` is null where the relay names no limit. */
  readonly size: { readonly maxBytes: number | null } | null;
  /** SASL mechanisms in upper case (RFC 4954 §3). */
  readonly authMechanisms: readonly string[];
}

/** After HELO nothing is offered. */
export const noCapabilities: Capabilities = readCapabilities([]);

export function capabilitiesOf(ehlo: SmtpReply): Capabilities {
  // The first line is the relay's name and greeting.
  return readCapabilities(ehlo.lines.slice(1));
}

function readCapabilities(extensions: readonly string[]): Capabilities {
  const offers = extensions.map((line) => {
    const [keyword = "", ...params] = line.trim().toUpperCase().split(/\s+/u);
    return { keyword, params };
  });
  const has = (keyword: string) => offers.some((offer) => offer.keyword === keyword);
  const size = offers.find((offer) => offer.keyword === "SIZE");
  return {
    extensions,
    pipelining: has("PIPELINING"),
    startTls: has("STARTTLS"),
    eightBitMime: has("8BITMIME"),
    smtpUtf8: has("SMTPUTF8"),
    size: size === undefined ? null : { maxBytes: sizeLimit(size.params[0]) },
    authMechanisms: [...new Set(offers.flatMap(mechanisms))],
  };
}

/** RFC 1870 §4: no number, or 0, means that no fixed limit is known. */
function sizeLimit(value: string | undefined): number | null {
  return value !== undefined && /^[0-9]{1,20}$/u.test(value) && Number(value) > 0 ? Number(value) : null;
}

/** `AUTH=LOGIN` is how relays offered it before RFC 2554; some still do so, beside or instead. */
function mechanisms(offer: { keyword: string; params: readonly string[] }): readonly string[] {
  if (offer.keyword === "AUTH") return offer.params;
  return offer.keyword.startsWith("AUTH=") ? [offer.keyword.slice("AUTH=".length), ...offer.params] : [];
}
