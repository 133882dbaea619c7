import { SendwrightError } from "../../core/errors.ts";
import { invalidInput } from "../../core/parse.ts";
import type { Template, TemplateSource } from "./template.ts";

const defaultLocale = "en";

interface Localized {
  readonly source: TemplateSource;
  /** The locale that numbers and dates are written in. */
  readonly locale: string;
}

/**
 * The source for a locale (a BCP 47 tag such as `de-AT`), falling back by dropping subtags (RFC 4647
 * §3.4) and at last to English, or to the only language there is. Numbers and dates follow the locale asked for only where the words do.
 * @throws SendwrightError `input.invalid` for a malformed tag.
 */
export function localize(template: Template, wanted: string = defaultLocale): Localized {
  const locale = canonicalLocale(wanted);
  for (let tag = locale; tag !== ""; tag = tag.slice(0, Math.max(tag.lastIndexOf("-"), 0))) {
    const source = Object.hasOwn(template.sources, tag) ? template.sources[tag] : undefined;
    if (source !== undefined) return { source, locale };
  }
  const [[only, source] = []] = Object.entries(template.sources);
  const english = template.sources[defaultLocale];
  if (english !== undefined) return { source: english, locale: defaultLocale };
  if (only !== undefined && source !== undefined) return { source, locale: only };
  throw new SendwrightError("template.invalid", `The template "${template.name}" has no source.`);
}

/** @throws SendwrightError `input.invalid` for a malformed tag. */
export function canonicalLocale(tag: string): string {
  try {
    const [locale] = Intl.getCanonicalLocales(tag);
    if (locale !== undefined) return locale;
  } catch {
    // A malformed tag is a RangeError; it is reported below.
  }
  throw invalidInput([{ pointer: "/locale", detail: "must be a language tag such as en or de-AT" }]);
}
