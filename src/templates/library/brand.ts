import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Db } from "../../store/schema.ts";
import { readSetting, writeSetting } from "../../store/tables/settings.ts";
import { nextTemplatesRevision } from "../../store/tables/templates.ts";
import { type Brand, brandSchema } from "../engine/brand.ts";

const settingKey = "brand";
const fields = brandSchema.shape;

/** What the API takes of a brand: null is no value. */
export const brandChange = z.strictObject({
  name: fields.name.nullable(),
  url: fields.url.nullable(),
  logoUrl: fields.logoUrl.nullable(),
  color: fields.color.nullable(),
  address: fields.address.nullable(),
  footerLinks: fields.footerLinks.nullable(),
});
export type BrandChange = z.output<typeof brandChange>;

/** A whole brand as the API takes it: null is the same as left out. */
export const brandInput = brandChange.transform(brandOf);

function brandOf({ footerLinks, ...rest }: BrandChange): Brand {
  const set = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(set), ...(footerLinks?.length ? { footerLinks } : {}) };
}

/** A brand as GET gives it: every field is there. */
export function brandView(brand: Brand) {
  const { name = null, url = null, logoUrl = null, color = null, address = null, footerLinks = [] } = brand;
  return { name, url, logoUrl, color, address, footerLinks };
}

/** How the emails of this installation look; empty until an admin sets it. */
export async function readBrand(db: Db): Promise<Brand> {
  const saved = await readSetting(db, settingKey);
  return saved === undefined ? {} : brandSchema.parse(saved);
}

/**
 * Stores the fields that are given; null takes one away, and the rest stays as it is. Templates in memory are
 * read again when the revision has grown, and the brand with them.
 * @returns the names of what is different now, such as `brand.color`
 */
export async function changeBrand(db: Db, given: BrandChange): Promise<string[]> {
  const before = await readBrand(db);
  const next = brandOf({ ...before, ...given });
  const names = Object.keys(brandSchema.shape) as (keyof Brand)[];
  const changed = names.filter((field) => !isDeepStrictEqual(next[field], before[field]));
  if (changed.length === 0) return [];
  await writeSetting(db, settingKey, next);
  await nextTemplatesRevision(db);
  return changed.map((field) => `brand.${field}`);
}
