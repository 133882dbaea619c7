/**
 * The minor units of ISO 4217: how many decimal digits stand between 1 of a currency and its smallest
 * unit. The data of Intl does not say that: it says how many digits a language usually shows (none of HUF,
 * IDR or IQD), and changes with the version of Node.js.
 */

/** Two digits, of currencies that are not named below. */
const usualDigits = 2;

const otherDigits: ReadonlyMap<string, number> = new Map([
  ...codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0),
  ...codes("BHD IQD JOD KWD LYD OMR TND", 3),
  ...codes("CLF UYW", 4),
]);

/** Metals, baskets, and the codes for tests and for no currency: ISO 4217 gives them no minor unit. */
const withoutMinorUnit: ReadonlySet<string> = new Set(
  "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX".split(" "),
);

/**
 * How many digits of an amount in minor units stand behind the point: 2 of EUR and HUF, 0 of JPY, 3 of IQD.
 * A code that ISO 4217 does not list today, because it is withdrawn or newer than this table, has the usual two.
 * @param code three capital letters
 * @returns null for a code in which there are no amounts in minor units, such as XAU
 */
export function minorDigits(code: string): number | null {
  return withoutMinorUnit.has(code) ? null : (otherDigits.get(code) ?? usualDigits);
}

/** True for three capital letters of something that has a minor unit. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && minorDigits(code) !== null;
}

function codes(list: string, digits: number): [string, number][] {
  return list.split(" ").map((code) => [code, digits]);
}
