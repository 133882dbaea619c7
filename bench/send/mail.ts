import { german } from "./mail-de.ts";
import { english } from "./mail-en.ts";

/** A message as an application hands it over. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export const languages = { de: german, en: english } as const;
export type Language = keyof typeof languages;

export const sender = { name: "Example Shop", address: "shop@example.com" };

/**
 * Renders the mail for the nth customer: all candidates pay the same for that. HTML and text have about
 * 4 KiB together.
 */
export function renderMail(n: number, language: Language = "de"): Mail {
  const { subject, html, text } = languages[language];
  const data = {
    name: `Zoë Customer ${n}`,
    number: 100_000 + n,
    gift: n % 4 === 0,
    url: `https://example.com/orders/${100_000 + n}`,
    total: `${20 + (n % 60)}.90`,
  };
  const scope = { data, globals: { locale: language } };
  return {
    to: `customer-${n}@example.com`,
    subject: subject.render(scope),
    html: html.render(scope),
    text: text.render(scope),
  };
}
