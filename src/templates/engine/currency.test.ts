import { describe, expect, it } from "vitest";
import { isCurrency, minorDigits } from "./currency.ts";
import { parseLiquid } from "./liquid.ts";

/** Every code of ISO 4217 (list one, 178 codes as of 2026), by its minor unit. */
const table: readonly (readonly [digits: number, codes: string])[] = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
    VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
];
const active = table.flatMap(([digits, codes]) => codes.split(/\s+/).map((code) => [code, digits] as const));
const withoutMinorUnit = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX".split(" ");

function money(amount: number, currency: string, locale: string): string {
  const template = parseLiquid("{{ amount | money: currency }}", "text", "text");
  return template.render({ data: { amount, currency }, globals: { locale } });
}

describe("minor units", () => {
  it("are listed here for every code", () => {
    expect(new Set([...active.map(([code]) => code), ...withoutMinorUnit]).size).toBe(178);
  });

  it.each(active)("of %s are read with %i digits, and none is lost or added", (code, digits) => {
    expect([minorDigits(code), isCurrency(code)]).toEqual([digits, true]);
    const fraction = "6789".slice(0, digits);
    const shown = digits === 0 ? "12,345" : `12,345.${fraction}`;
    const amount = Number(`12345${fraction}`);
    expect(money(amount, code, "en").replace(/^[^\d-]+/, "")).toBe(shown);
    for (const locale of ["de", "fr", "hu", "ja", "es"]) {
      expect(money(amount, code, locale).replaceAll(/\D/g, "")).toBe(`12345${fraction}`);
    }
  });

  it.each(withoutMinorUnit)("of %s do not exist, and so no amount is made up", (code) => {
    expect([minorDigits(code), isCurrency(code)]).toEqual([null, false]);
    expect(() => money(100, code, "en")).toThrow(/a currency must be a code of ISO 4217 with a minor unit/);
  });

  it.each(["BGN", "HRK", "SLL", "ZWL"])("of %s, which is withdrawn, are read with the usual two", (code) => {
    expect(money(123_456, code, "en")).toMatch(/1,234\.56$/);
  });
});
