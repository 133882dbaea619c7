import type { Settings } from "../api/types.ts";

export type Brand = Settings["brand"];

/** A brand as it is being typed. */
export interface BrandForm {
  readonly name: string;
  readonly url: string;
  readonly logoUrl: string;
  readonly color: string;
  readonly address: string;
  readonly footerLinks: readonly { readonly label: string; readonly url: string }[];
}

export const textFields = ["name", "url", "logoUrl", "color", "address"] as const;

export function formOf({ footerLinks, ...texts }: Brand): BrandForm {
  const { name, url, logoUrl, color, address } = texts;
  return {
    name: name ?? "",
    url: url ?? "",
    logoUrl: logoUrl ?? "",
    color: color ?? "",
    address: address ?? "",
    footerLinks,
  };
}

/** What is left empty is null: the emails do without it. */
export function brandOf({ footerLinks, ...texts }: BrandForm): Brand {
  const said = (text: string) => (text.trim() === "" ? null : text.trim());
  return {
    name: said(texts.name),
    url: said(texts.url),
    logoUrl: said(texts.logoUrl),
    color: said(texts.color),
    address: said(texts.address),
    footerLinks: footerLinks
      .map(({ label, url }) => ({ label: label.trim(), url: url.trim() }))
      .filter(({ label, url }) => label !== "" || url !== ""),
  };
}
