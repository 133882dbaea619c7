import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SendwrightError } from "../core/errors.ts";
import { decrypt, encrypt, formatKey, generateKey, keyOf, open, parseKey } from "./fernet.ts";

interface Vector {
  why: string;
  now: string;
  ttlSeconds: number;
  token: string;
  plaintext: string;
  iv: number[];
}
const spec: { secret: string; generate: Vector; verify: Vector; invalid: Vector[] } = golden("fernet-spec");
const python: { secret: string; tokens: { plaintext: string; timestamp: number; token: string }[] } =
  golden("python-fernet");
const key = parseKey(spec.secret)!;
const bytesOfKeys = fc.uint8Array({ minLength: 32, maxLength: 32 });

function golden(name: string) {
  return JSON.parse(readFileSync(new URL(`../../test/golden/${name}.json`, import.meta.url), "utf8"));
}

function failure(work: () => unknown): SendwrightError {
  try {
    work();
  } catch (error) {
    if (error instanceof SendwrightError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A token with a valid MAC over whatever stands before it. */
function signed(...parts: Uint8Array[]): string {
  const bytes = Buffer.concat(parts);
  const mac = createHmac("sha256", key.signing).update(bytes).digest();
  const text = Buffer.concat([bytes, mac]).toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

describe("the vectors of the specification", () => {
  test("generates the token for a fixed time and IV", () => {
    const { now, iv, plaintext, token } = spec.generate;
    expect(encrypt(key, plaintext, { now: Date.parse(now), iv: Uint8Array.from(iv) })).toBe(token);
  });

  test("verifies the token within its ttl", () => {
    const { now, ttlSeconds, token, plaintext } = spec.verify;
    expect(decrypt(key, token, { now: Date.parse(now), ttlSeconds }).toString()).toBe(plaintext);
  });

  test.each(spec.invalid)("refuses: $why", ({ now, ttlSeconds, token }) => {
    const error = failure(() => decrypt(key, token, { now: Date.parse(now), ttlSeconds }));
    const usual = failure(() => decrypt(key, ""));
    expect(error.code).toBe("token.invalid");
    expect([error.message, error.cause, error.issues]).toEqual([usual.message, undefined, []]);
  });
});

describe("a token's age", () => {
  const seconds = 1_000_000_000;
  const token = encrypt(key, "x", { now: seconds * 1000 + 999 });
  const at = (second: number, ms = 0) => ({ now: (seconds + second) * 1000 + ms, ttlSeconds: 60 });

  test("is counted in whole seconds, up to and with the last", () => {
    expect(decrypt(key, token, at(60, 999)).toString()).toBe("x");
    expect(failure(() => decrypt(key, token, at(61))).code).toBe("token.invalid");
  });

  test("may lie in the future by a minute", () => {
    expect(decrypt(key, token, at(-60)).toString()).toBe("x");
    expect(failure(() => decrypt(key, token, at(-61, 999))).code).toBe("token.invalid");
  });

  test("does not matter without a ttl", () => {
    expect(decrypt(key, token, { now: 0 }).toString()).toBe("x");
    expect(decrypt(key, token).toString()).toBe("x");
  });

  test("keeps times beyond what a number holds", () => {
    const timestamp = 2n ** 64n - 1n;
    const { plaintext } = open(key, encrypt(key, "x", { now: 0 }));
    const far = Buffer.alloc(9, 0xff);
    far[0] = 0x80;
    const rest = Buffer.from(encrypt(key, plaintext, { now: 0 }), "base64url").subarray(9, -32);
    expect(open(key, signed(far, rest)).timestamp).toBe(timestamp);
  });
});

describe("only canonical tokens are accepted", () => {
  // 57 + 16 + 32 bytes leave one and two padding characters, and bits that no byte uses.
  const token = spec.generate.token;
  const bytes = Buffer.from(token, "base64url");

  test.each([
    ["without its padding", token.replaceAll("=", "")],
    ["with too little padding", token.slice(0, -1)],
    ["with too much padding", `${token}=`],
    ["with text after its padding", `${token}AAAA`],
    ["with unused bits set", token.replace("DA==", "DB==")],
    ["in the standard alphabet", bytes.toString("base64")],
    ["with a line break at its end", `${token}\n`],
    ["with a space before it", ` ${token}`],
    ["with a character outside of the alphabet", token.replace("Z_", "Z_ ")],
    ["with NUL", token.replace("Z_", "Z\0_")],
  ])("refuses one %s", (_why, changed) => {
    expect(changed).not.toBe(token);
    expect(failure(() => decrypt(key, changed)).code).toBe("token.invalid");
  });

  test("refuses another version, even with a valid MAC", () => {
    const body = bytes.subarray(1, -32);
    expect(decrypt(key, signed(Buffer.of(0x80), body)).toString()).toBe("hello");
    expect(failure(() => decrypt(key, signed(Buffer.of(0x81), body))).code).toBe("token.invalid");
  });

  test("refuses one without ciphertext, even with a valid MAC", () => {
    expect(failure(() => decrypt(key, signed(bytes.subarray(0, 25)))).code).toBe("token.invalid");
  });

  test("refuses each change of one bit", () => {
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const text = changed.toString("base64url").padEnd(token.length, "=");
        return failure(() => decrypt(key, text)).code === "token.invalid";
      }),
    );
  });

  test("refuses any other text with the same error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        return failure(() => decrypt(key, text)).code === "token.invalid";
      }),
    );
  });
});

describe("encrypting and decrypting", () => {
  test("gives any bytes back", () => {
    fc.assert(
      fc.property(bytesOfKeys, fc.uint8Array({ maxLength: 200 }), fc.nat(4e12), (keyBytes, bytes, now) => {
        const ownKey = keyOf(keyBytes);
        const opened = open(ownKey, encrypt(ownKey, bytes, { now }));
        expect(opened.plaintext.equals(bytes)).toBe(true);
        expect(opened.timestamp).toBe(BigInt(Math.floor(now / 1000)));
      }),
    );
  });

  test("gives another token each time", () => {
    expect(encrypt(key, "x", { now: 0 })).not.toBe(encrypt(key, "x", { now: 0 }));
  });

  test("reads no token of another key", () => {
    const token = encrypt(parseKey(generateKey())!, "x", { now: 0 });
    expect(failure(() => decrypt(key, token)).code).toBe("token.invalid");
  });

  test.each(python.tokens)("reads Python's token of $plaintext", ({ plaintext, timestamp, token }) => {
    const opened = open(parseKey(python.secret)!, token);
    expect(opened.plaintext.toString()).toBe(plaintext);
    expect(opened.timestamp).toBe(BigInt(timestamp));
  });
});

describe("keys", () => {
  test("are 44 characters of URL-safe base64, each time others", () => {
    const text = generateKey();
    expect(text).toMatch(/^[\w-]{43}=$/);
    expect(generateKey()).not.toBe(text);
    expect(formatKey(parseKey(text)!)).toBe(text);
  });

  test.each([
    ["no padding", spec.secret.slice(0, -1)],
    ["the standard alphabet", Buffer.from(spec.secret, "base64url").toString("base64")],
    ["unused bits set", spec.secret.replace("4e4=", "4e5=")],
    ["a line break", `${spec.secret}\n`],
    ["31 bytes", `${Buffer.alloc(31, 1).toString("base64url")}==`],
    ["33 bytes", Buffer.alloc(33, 1).toString("base64url")],
    ["nothing", ""],
  ])("are not taken with %s", (_why, text) => {
    expect(parseKey(text)).toBeNull();
  });

  test("show nothing of themselves when printed", () => {
    const printed = inspect(key, { depth: 9 }) + JSON.stringify(key);
    const bytes = key.whole.export();
    for (const form of ["base64url", "hex", "base64"] as const) {
      expect(printed).not.toContain(bytes.toString(form, 0, 6));
    }
  });
});
