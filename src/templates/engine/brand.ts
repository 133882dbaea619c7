import { z } from "zod";
import { line, link, webLink } from "./fields.ts";

/** How the emails of an installation look. A field that is missing is missing in the emails, too. */
export const brandSchema = z.strictObject({
  name: line(100).optional().describe("Name of the product"),
  url: webLink().optional().describe("Link of the name or logo in the header"),
  logoUrl: webLink().optional().describe("URL of the logo, shown 32 pixels high"),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, { error: "must be a color such as #2456d6" })
    .optional()
    .describe("Color of buttons and links"),
  address: line(200).optional().describe("Postal address in the footer"),
  footerLinks: z
    .array(z.strictObject({ label: line(60), url: link() }))
    .max(6)
    .optional(),
});

export type Brand = z.input<typeof brandSchema>;

/** A brand as templates see it: every field is there, so that a template may ask for it. */
interface BrandScope {
  readonly name: string | null;
  readonly url: string | null;
  readonly logoUrl: string | null;
  readonly color: string;
  /** Black or white, whichever reads better on the colour. */
  readonly onColor: string;
  /** The colour, darkened or lightened until it reads well as a link on the light and on the dark card. */
  readonly linkColor: string;
  readonly linkColorDark: string;
  readonly address: string | null;
  readonly footerLinks: readonly { readonly label: string; readonly url: string }[];
}

const defaultColor = "#2456d6";
const lightCard = "#ffffff";
const darkCard = "#1c2027";
/** WCAG 2.2 §1.4.3, level AA. */
const readableContrast = 4.5;

export function brandScope(brand: Brand): BrandScope {
  const color = brand.color ?? defaultColor;
  return {
    name: brand.name ?? null,
    url: brand.url ?? null,
    logoUrl: brand.logoUrl ?? null,
    color,
    onColor: contrast(color, "#ffffff") >= contrast(color, "#111111") ? "#ffffff" : "#111111",
    linkColor: readable(color, lightCard, 0),
    linkColorDark: readable(color, darkCard, 255),
    address: brand.address ?? null,
    footerLinks: brand.footerLinks ?? [],
  };
}

/** The colour moved towards black (0) or white (255), only as far as it must be to be read. */
function readable(color: string, background: string, towards: 0 | 255): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = channels(color).map((channel) => Math.round(channel + (towards - channel) * share));
    const candidate = `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
    if (contrast(candidate, background) >= readableContrast) return candidate;
  }
  return towards === 0 ? "#000000" : "#ffffff";
}

/** Contrast ratio from 1 to 21 (WCAG 2.2). */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}
