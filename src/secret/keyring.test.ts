import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "../core/clock.ts";
import { encrypt, generateKey, open, parseKey } from "./fernet.ts";
import { Keyring } from "./keyring.ts";

const [a, b, c] = [generateKey(), generateKey(), generateKey()].map((text) => parseKey(text)!);
const nowMs = 1_750_000_000_000;
const clock: Clock = { now: () => nowMs, monotonic: () => 0, after: () => () => {} };
const old = new Keyring(a!, [], { ...clock, now: () => 1_000_000_500 });

test("encrypts with the first key", () => {
  const token = new Keyring(a!, [b!], clock).encrypt("x");
  expect(open(a!, token)).toEqual({ plaintext: Buffer.from("x"), timestamp: BigInt(nowMs / 1000) });
});

test("decrypts with each of its keys", () => {
  const keyring = new Keyring(a!, [b!, c!], clock);
  for (const key of [a!, b!, c!]) {
    expect(keyring.decrypt(encrypt(key, "x", { now: 0 })).toString()).toBe("x");
  }
});

test("refuses what none of its keys opens, as each key does alone", () => {
  const token = encrypt(c!, "x", { now: 0 });
  expect(() => new Keyring(a!, [b!], clock).decrypt(token)).toThrow(
    expect.objectContaining({ code: "token.invalid" }),
  );
  expect(() => new Keyring(a!, [b!], clock).rotate(token)).toThrow(
    expect.objectContaining({ code: "token.invalid" }),
  );
});

test("rotates to the first key and keeps the token's time", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const token = old.encrypt(bytes);
      const rotated = new Keyring(b!, [a!], clock).rotate(token);
      expect(open(b!, rotated)).toEqual({ plaintext: Buffer.from(bytes), timestamp: 1_000_000n });
      expect(() => open(a!, rotated)).toThrow();
    }),
  );
});

test("knows whether a token is the first key's", () => {
  const keyring = new Keyring(b!, [a!], clock);
  expect(keyring.isCurrent(old.encrypt("x"))).toBe(false);
  expect(keyring.isCurrent(keyring.encrypt("x"))).toBe(true);
  expect(keyring.isCurrent("nonsense")).toBe(false);
});
