/** The few pieces of ASN.1's distinguished encoding (X.690) that a certificate is made of. */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Any element: its tag, its length in the shortest form, its content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 0x100)) length.unshift(rest % 0x100);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | length.length, ...length), body]);
}

export const sequence = (...content: readonly Uint8Array[]) => element(tags.sequence, ...content);
export const set = (...content: readonly Uint8Array[]) => element(tags.set, ...content);
export const octetString = (content: Uint8Array) => element(tags.octetString, content);
/** Whole bytes: no bit of the last one is unused. */
export const bitString = (content: Uint8Array) => element(tags.bitString, Uint8Array.of(0), content);
export const utf8String = (text: string) => element(tags.utf8String, Buffer.from(text));
export const booleanTrue = element(tags.boolean, Uint8Array.of(0xff));

/** An unsigned integer from its big-endian bytes; the first byte must not be 0 unless it is the only one. */
export function integer(bytes: Uint8Array): Buffer {
  const negative = (bytes[0] ?? 0) >= 0x80;
  return element(tags.integer, negative ? Uint8Array.of(0) : new Uint8Array(), bytes);
}

/** @param dotted such as `1.2.840.10045.4.3.2` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...arcs].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let rest = arc >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
    return digits;
  });
  return element(tags.objectIdentifier, Uint8Array.from(bytes));
}

/** Whole seconds. UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/\D/g, "")}Z`;
  return date.getUTCFullYear() < 2050
    ? element(tags.utcTime, Buffer.from(digits.slice(2)))
    : element(tags.generalizedTime, Buffer.from(digits));
}
