import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Actor } from "../model.ts";
import { writeAudit } from "../store/audit-log.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";
import { nextTemplatesRevision } from "../store/templates.ts";
import { type Brand, brandSchema } from "../template/brand.ts";

const settingKey = "brand";
const fields = brandSchema.shape;

/** A brand as the API takes it: null is the same as left out. */
export const brandInput = z
  .strictObject({
    name: fields.name.nullable(),
    url: fields.url.nullable(),
    logoUrl: fields.logoUrl.nullable(),
    color: fields.color.nullable(),
    address: fields.address.nullable(),
    footerLinks: fields.footerLinks.nullable(),
  })
  .transform((input): Brand => {
    const { footerLinks, ...rest } = input;
    const set = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
    return { ...Object.fromEntries(set), ...(footerLinks?.length ? { footerLinks } : {}) };
  });

/** The same, as GET gives it: every field is there. */
export function brandView(brand: Brand) {
  const { name = null, url = null, logoUrl = null, color = null, address = null, footerLinks = [] } = brand;
  return { name, url, logoUrl, color, address, footerLinks };
}

/** How the emails of this installation look: empty until somebody says it. */
export async function readBrand(db: Db): Promise<Brand> {
  const saved = await readSetting(db, settingKey);
  return saved === undefined ? {} : brandSchema.parse(saved);
}

/** Keeps a brand. Templates in memory are read again when the revision has grown, and the brand with them. */
export async function saveBrand(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  brand: Brand,
  actor: Actor,
): Promise<void> {
  await store.exclusively(async (db) => {
    const before = await readBrand(db);
    const names = Object.keys(brandSchema.shape) as (keyof Brand)[];
    const changed = names.filter((field) => !isDeepStrictEqual(brand[field], before[field]));
    if (changed.length === 0) return;
    await writeSetting(db, settingKey, brand);
    await nextTemplatesRevision(db);
    const entry = { at: clock.now(), actor, action: "settings.updated", target: null };
    await writeAudit(db, { ...entry, detail: { changed: changed.map((field) => `brand.${field}`) } });
  });
}
