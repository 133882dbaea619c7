/** Addresses as people list them, by line, comma or blank; null where there is none: then all admins are told. */
export function addressesIn(text: string): string[] | null {
  const addresses = text.split(/[\s,;]+/).filter((part) => part !== "");
  return addresses.length === 0 ? null : addresses;
}
