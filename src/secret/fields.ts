/** Null is a value of its own, different from empty text. Integers and flags are written as text. */
export type Field = string | number | boolean | null;

/**
 * Fields as bytes that can be read back in one way only, so that no two lists look alike to an HMAC:
 * for each field its kind, then the length of its UTF-8 (32 bits, big-endian), then the UTF-8.
 */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(encodeField));
}

const kinds = { null: 0, string: 1, number: 2, boolean: 3 } as const;

function encodeField(field: Field): Buffer[] {
  const kind = field === null ? "null" : (typeof field as "string" | "number" | "boolean");
  const bytes = Buffer.from(field === null ? "" : String(field));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(kinds[kind], 0);
  prefix.writeUInt32BE(bytes.length, 1);
  return [prefix, bytes];
}
