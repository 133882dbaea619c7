import { placeIn } from "./place.ts";
import type { RenderedTemplate, TemplateSource } from "./template.ts";

export const warningCodes = ["html_large", "alt_missing", "link_insecure", "subject_long"] as const;

/** What an email does not fail for, but its readers may mind. */
export interface TemplateWarning {
  readonly code: (typeof warningCodes)[number];
  readonly detail: string;
  /** In the MJML of the source, from 1 on; null where it comes from elsewhere, such as the data. */
  readonly line: number | null;
  readonly column: number | null;
}

/** Gmail cuts a message off at about 102 kB of HTML, and shows no pictures or footer after that. */
const largeHtmlBytes = 100_000;
/** Programs show 40 to 70 characters of a subject; past this, nobody reads on. */
const longSubject = 120;

/** Warns of what a mail program would show wrong in a rendered email. */
export function warningsOf(
  { subject, html }: Pick<RenderedTemplate, "subject" | "html">,
  source: TemplateSource,
): TemplateWarning[] {
  const nowhere = { line: null, column: null };
  const warnings: TemplateWarning[] = [];
  const bytes = Buffer.byteLength(html);
  if (bytes > largeHtmlBytes) {
    const detail = `The HTML has ${Math.round(bytes / 1000)} kB. Gmail cuts off emails at about 102 kB.`;
    warnings.push({ code: "html_large", detail, ...nowhere });
  }
  const { length } = [...subject];
  if (length > longSubject) {
    const detail = `The subject has ${length} characters. Most mail programs show fewer than 70.`;
    warnings.push({ code: "subject_long", detail, ...nowhere });
  }
  return [...warnings, ...missingAlt(html, source), ...insecureLinks(html, source)];
}

/** An empty `alt` is right for a picture that says nothing (WCAG 2.2 §1.1.1); none at all never is. */
function missingAlt(html: string, { mjml }: TemplateSource): TemplateWarning[] {
  const detail =
    'An image has no alternative text. Describe it with alt="…", or use alt="" if it is decorative.';
  const own = [...mjml.matchAll(/<(?:mj-image|img)\b(?:[^>"']|"[^"]*"|'[^']*')*>/gi)]
    .filter(([tag]) => !/\salt\s*=/i.test(tag))
    .map(({ index }) => ({ code: "alt_missing" as const, detail, ...placeIn(mjml.slice(0, index)) }));
  const shown = [...html.matchAll(/<img\b(?:[^>"']|"[^"]*"|'[^']*')*>/gi)].some(
    ([tag]) => !/\salt[\s=/>]/i.test(tag),
  );
  if (own.length > 0 || !shown) return own;
  return [{ code: "alt_missing", detail, line: null, column: null }];
}

function insecureLinks(html: string, { mjml }: TemplateSource): TemplateWarning[] {
  const links = [...html.matchAll(/\s(?:href|src|background)\s*=\s*["'](http:\/\/[^"']*)["']/gi)];
  return [...new Set(links.map(([, link = ""]) => link))].map((link) => {
    const index = mjml.indexOf(link);
    const place = index < 0 ? { line: null, column: null } : placeIn(mjml.slice(0, index));
    const detail = `${link.slice(0, 100)} doesn't use https, so others can read and change the page in transit.`;
    return { code: "link_insecure", detail, ...place };
  });
}
