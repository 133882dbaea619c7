import { parseAccept } from "hono/utils/accept";

/**
 * The language that a browser likes best of those there are, with its region, such as `de-CH` where there is
 * `de` (RFC 4647 §3.4). Undefined where it likes none of them.
 * @param acceptLanguage the header (RFC 9110 §12.5.4)
 * @param locales BCP 47 tags
 */
export function preferredLocale(acceptLanguage: string, locales: readonly string[]): string | undefined {
  return parseAccept(acceptLanguage)
    .filter(({ q }) => q > 0)
    .flatMap(({ type }) => canonical(type))
    .find((tag) => locales.some((locale) => `${tag}-`.startsWith(`${locale}-`)));
}

/** Nothing for `*` and for what is no tag. */
function canonical(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch {
    return [];
  }
}
