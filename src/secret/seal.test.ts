import fc from "fast-check";
import { expect, test } from "vitest";
import { generateKey, parseKey } from "./fernet.ts";
import { encodeFields, type Field } from "./fields.ts";
import { makeSeal, type Sealed, sealHolds } from "./seal.ts";

const key = parseKey(generateKey())!;
const sealed: Sealed = {
  id: "1",
  destination: ["mail.example", 587, true, "auto", null, "auto", "jo"],
  allowCleartextAuth: false,
  passwordToken: "gAAAA",
};

test("a seal holds for the values it was made for, and for no others", () => {
  const seal = makeSeal(key, sealed);
  expect(sealHolds(key, sealed, seal)).toBe(true);
  const changes: Partial<Sealed>[] = [
    { id: "2" },
    { allowCleartextAuth: true },
    { passwordToken: null },
    { passwordToken: "" },
    { passwordToken: "gAAAB" },
    { destination: sealed.destination.slice(0, -1) },
    ...sealed.destination.map((_, index) => ({ destination: sealed.destination.with(index, "other") })),
    { destination: sealed.destination.with(4, "") },
    { destination: sealed.destination.with(1, "587") },
    { destination: sealed.destination.with(2, "true") },
  ];
  for (const change of changes) expect(sealHolds(key, { ...sealed, ...change }, seal)).toBe(false);
});

test("a row without a password is sealed too, and null is not an empty token", () => {
  const none = { ...sealed, passwordToken: null };
  expect(sealHolds(key, none, makeSeal(key, none))).toBe(true);
  expect(sealHolds(key, { ...sealed, passwordToken: "" }, makeSeal(key, none))).toBe(false);
});

test("a seal of another key, a changed or a shortened one does not hold", () => {
  const seal = makeSeal(key, sealed);
  expect(sealHolds(parseKey(generateKey())!, sealed, seal)).toBe(false);
  for (const other of ["", seal.slice(0, -1), `${seal}=`, `${seal}A`, seal.toLowerCase()]) {
    expect(sealHolds(key, sealed, other)).toBe(false);
  }
});

test("no two lists of fields have the same bytes", () => {
  const field: fc.Arbitrary<Field> = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: 0, max: 20 }),
    fc.constantFrom("", "0", "1", "true", "false", "null", "\0", "\x01\0\0\0\0"),
    fc.string({ maxLength: 3 }),
  );
  const fields = fc.array(field, { maxLength: 3 });
  fc.assert(
    fc.property(fields, fields, (one, two) => {
      const same = JSON.stringify(one) === JSON.stringify(two);
      expect(encodeFields(one).equals(encodeFields(two))).toBe(same);
    }),
    { numRuns: 2000 },
  );
});
