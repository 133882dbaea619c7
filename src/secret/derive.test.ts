import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chooseKdf,
  deriveKey,
  exampleSecrets,
  keyIdOf,
  newDerivation,
  parseDerivation,
  parseSecret,
  purposeKey,
} from "./derive.ts";
import { formatKey, generateKey, parseKey } from "./fernet.ts";

const hex = "0123456789abcdef".repeat(4);
const salt = Buffer.from(Array.from({ length: 16 }, (_, index) => index)).toString("base64url");

describe("a secret", () => {
  test.each([
    ["empty", ""],
    ["blank", " \n\t".repeat(10)],
    ["of 15 characters", "a1b2c3d4e5f6g7h"],
    ["of 15 characters that take more bytes", "ä".repeat(15)],
    ["of 15 characters of two code units", "🔑".repeat(15)],
    ...exampleSecrets.map((example) => ["an example", example]),
    ["an example in capitals", exampleSecrets[0]!.toUpperCase()],
  ])("is refused if it is %s", (_why, text) => {
    expect(() => parseSecret(text!, "SENDWRIGHT_SECRET")).toThrow(
      expect.objectContaining({
        code: "secret.unusable",
        message: expect.stringMatching(/^SENDWRIGHT_SECRET /),
      }),
    );
  });

  test("is not repeated in the refusal", () => {
    expect(() => parseSecret("hunter2hunter2", "SENDWRIGHT_SECRET")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });

  test("may have 16 characters, without white space around them", () => {
    expect(parseSecret("a1b2c3d4e5f6g7h8\n", "x")).toBe("a1b2c3d4e5f6g7h8");
    expect(parseSecret("two words that are long", "x")).toBe("two words that are long");
  });
});

describe("the derivation", () => {
  test.each([
    ["a Fernet key", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "none"],
    ["64 hex characters", hex, "hkdf-sha256"],
    ["64 hex characters in capitals", hex.toUpperCase(), "hkdf-sha256"],
    ["43 base64url characters", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4", "hkdf-sha256"],
    ["a Fernet key with unused bits set", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5=", "hkdf-sha256"],
    ["42 base64url characters", "a".repeat(42), "scrypt"],
    ["a sentence", "the quick brown fox jumps over the lazy dog, twice a day", "scrypt"],
    ["standard base64", "cw/0x689RpI+jtRR7oE8h/eQsKImvJapLeSbXpwF4e4=", "scrypt"],
    ["hex with a line break", `${hex}\n`, "scrypt"],
  ])("of %s", (_what, secret, kdf) => {
    expect(chooseKdf(secret)).toBe(kdf);
    expect(newDerivation(secret).kdf).toBe(kdf);
  });

  test("uses a Fernet key as it is", async () => {
    const text = generateKey();
    const derivation = newDerivation(text);
    expect(derivation).toEqual({ kdf: "none", salt: null, params: {} });
    expect(formatKey(await deriveKey(text, derivation))).toBe(text);
  });

  test("by HKDF-SHA256 gives the known key", async () => {
    const key = await deriveKey(hex, { kdf: "hkdf-sha256", salt, params: {} });
    expect(formatKey(key)).toBe("VJrqEvh-Wo6d0gLF21LPB_5aO6ZlKOZ9O3A6PTTR_g4=");
  });

  test("by scrypt gives the known key", async () => {
    const key = await deriveKey(hex, { kdf: "scrypt", salt, params: { N: 2 ** 17, r: 8, p: 1 } });
    expect(formatKey(key)).toBe("pAKPIvPw_66S4lKZDl8TwQmD1ykToY11zBv6o21ZGxg=");
  });

  test("of a new secret uses the parameters of the known keys and a salt of its own", () => {
    const first = newDerivation(hex);
    expect(first).toMatchObject({ kdf: "hkdf-sha256", params: {} });
    expect(Buffer.from(first.salt ?? "", "base64url")).toHaveLength(16);
    expect(newDerivation(hex).salt).not.toBe(first.salt);
    expect(newDerivation("a long enough password")).toMatchObject({ params: { N: 131_072, r: 8, p: 1 } });
  });

  test("refuses to use as it is what is no Fernet key", async () => {
    await expect(deriveKey(hex, { kdf: "none", salt: null, params: {} })).rejects.toThrow(
      expect.objectContaining({ code: "secret.unusable" }),
    );
  });

  test("is read back from JSON", () => {
    for (const secret of [generateKey(), hex, "a long enough password"]) {
      const created = newDerivation(secret);
      expect(parseDerivation(created.kdf, created.salt, JSON.parse(JSON.stringify(created.params)))).toEqual(
        created,
      );
    }
  });

  test.each([
    ["an unknown kdf", "argon2id", salt, {}],
    ["no salt", "scrypt", null, { N: 2 ** 17, r: 8, p: 1 }],
    ["missing parameters", "scrypt", salt, { N: 2 ** 17 }],
    ["null parameters", "scrypt", salt, null],
    ["a cost that is no power of two", "scrypt", salt, { N: 100_000, r: 8, p: 1 }],
    ["a cost that takes gigabytes", "scrypt", salt, { N: 2 ** 24, r: 8, p: 1 }],
    ["a cost that takes minutes", "scrypt", salt, { N: 2 ** 17, r: 8, p: 1000 }],
    ["a cost of text", "scrypt", salt, { N: "131072", r: 8, p: 1 }],
  ])("is not known with %s", (_why, kdf, ownSalt, params) => {
    expect(parseDerivation(kdf, ownSalt, params)).toBeNull();
  });
});

describe("the key of a purpose", () => {
  const primary = parseKey(generateKey())!;

  test("is another one for each purpose, id and primary key", () => {
    const texts = [
      primary,
      purposeKey(primary, "seal", "1"),
      purposeKey(primary, "seal", "2"),
      purposeKey(primary, "contents", "1"),
      purposeKey(parseKey(generateKey())!, "seal", "1"),
    ].map(formatKey);
    expect(new Set(texts).size).toBe(texts.length);
    expect(formatKey(purposeKey(primary, "seal", "1"))).toBe(texts[1]);
  });

  test("differs wherever two ids differ", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, two) => {
        const keys = [one, two].map((id) => formatKey(purposeKey(primary, "contents", id)));
        expect(keys[0] === keys[1]).toBe(one === two);
      }),
    );
  });
});

test("a key's name is always the same and says nothing about the key", () => {
  const text = generateKey();
  const keyId = keyIdOf(parseKey(text)!);
  expect(keyId).toMatch(/^[0-9a-f]{16}$/);
  expect(keyIdOf(parseKey(text)!)).toBe(keyId);
  expect(keyIdOf(parseKey(generateKey())!)).not.toBe(keyId);
  expect(Buffer.from(text, "base64url").toString("hex")).not.toContain(keyId);
});
