import { describe, expect, test } from "vitest";
import type { Clock } from "../core/clock.ts";
import { generateKey, open, parseKey } from "./fernet.ts";
import type { KeyRow, Secrets } from "./secrets.ts";
import { unlock } from "./unlock.ts";

const clock: Clock = { now: () => 1_750_000_000_000, monotonic: () => 0, after: () => () => {} };
const [one, two, three] = [generateKey(), generateKey(), generateKey()] as [string, string, string];
const hex = "0123456789abcdef".repeat(4);

function start(rows: readonly KeyRow[], primary: string, ...previous: string[]): Promise<Secrets> {
  return unlock({ rows, primary, previous, clock });
}

/** The row that a fresh database would hold for this secret. */
async function rowOf(secret: string): Promise<KeyRow> {
  const { newKey } = await start([], secret);
  if (newKey === null) throw new Error("a fresh database needs a row");
  return newKey;
}

test("a fresh database gets a row for the primary secret, which holds no key", async () => {
  const secrets = await start([], one);
  expect(secrets.fits).toBe(true);
  expect(secrets.newKey).toMatchObject({
    keyId: secrets.primaryKeyId,
    kdf: "none",
    salt: null,
    params: {},
    createdAt: clock.now(),
    retiredAt: null,
  });
  expect(JSON.stringify(secrets.newKey)).not.toContain(one);
  expect(open(parseKey(one)!, secrets.encrypt("x")).plaintext.toString()).toBe("x");
});

test("the same secret opens its row again, whatever the derivation", async () => {
  for (const secret of [one, hex, "a password of some length"]) {
    const row = JSON.parse(JSON.stringify(await rowOf(secret)));
    const secrets = await start([row], secret);
    expect(secrets).toMatchObject({ fits: true, newKey: null, unknownKeyIds: [], primaryKeyId: row.keyId });
  }
});

test("two installations with one passphrase have two keys", async () => {
  expect((await rowOf(hex)).keyId).not.toBe((await rowOf(hex)).keyId);
});

test("a new primary secret encrypts from now on, and a previous one still decrypts", async () => {
  const row = await rowOf(hex);
  const token = (await start([row], hex)).encrypt("x");
  const secrets = await start([row], two, hex);
  expect(secrets.fits).toBe(true);
  expect(secrets.newKey?.keyId).toBe(secrets.primaryKeyId);
  expect(secrets.decrypt(token).toString()).toBe("x");
  expect(secrets.isCurrent(token)).toBe(false);
  expect(secrets.isCurrent(secrets.rotate(token))).toBe(true);
});

describe("a secret that fits nothing", () => {
  test("reads nothing old, and offers a row for when a password is entered again", async () => {
    const row = await rowOf(one);
    const token = (await start([row], one)).encrypt("x");
    const secrets = await start([row], two, three);
    expect(secrets).toMatchObject({ fits: false, unknownKeyIds: [row.keyId] });
    expect(secrets.newKey?.keyId).toBe(secrets.primaryKeyId);
    expect(() => secrets.decrypt(token)).toThrow(expect.objectContaining({ code: "token.invalid" }));
  });

  test("encrypts no contents until its row is stored", async () => {
    const secrets = await start([await rowOf(one)], two);
    expect(() => secrets.keyringFor("contents", "1")).toThrow(
      expect.objectContaining({ code: "secret.mismatch" }),
    );
    secrets.newKeyStored();
    expect(secrets).toMatchObject({ newKey: null, fits: true });
    const keyring = secrets.keyringFor("contents", "1");
    expect(keyring.decrypt(keyring.encrypt("x")).toString()).toBe("x");
  });

  test("is not helped by a changed check token", async () => {
    const row = await rowOf(one);
    const other = await rowOf(two);
    const secrets = await start([{ ...row, checkToken: other.checkToken }], one);
    expect(secrets.fits).toBe(false);
  });

  test("is not tried on a derivation that nobody knows", async () => {
    const row = { ...(await rowOf(one)), kdf: "argon2id" };
    expect(await start([row], one)).toMatchObject({ fits: false, unknownKeyIds: [row.keyId] });
  });
});

test("a key in use that no secret gives is named beside those that fit", async () => {
  const [first, second] = [await rowOf(one), await rowOf(two)];
  const secrets = await start([first, second], two);
  expect(secrets).toMatchObject({ fits: true, newKey: null, unknownKeyIds: [first.keyId] });
});

describe("a retired row", () => {
  test("is not missed when its secret is gone", async () => {
    const rows = [{ ...(await rowOf(one)), retiredAt: 5 }, await rowOf(two)];
    expect(await start(rows, two)).toMatchObject({ fits: true, newKey: null, unknownKeyIds: [] });
  });

  test("still decrypts if its secret is there", async () => {
    const token = (await start([], one)).encrypt("x");
    const rows = [{ ...(await rowOf(one)), retiredAt: 5 }, await rowOf(two)];
    expect((await start(rows, two, one)).decrypt(token).toString()).toBe("x");
  });

  test("comes back into use when its secret is the primary one again", async () => {
    const retired = { ...(await rowOf(hex)), retiredAt: 5 };
    const secrets = await start([retired, await rowOf(two)], hex, two);
    expect(secrets).toMatchObject({ fits: true, newKey: { keyId: retired.keyId, retiredAt: null } });
  });

  test("does not make its secret fit", async () => {
    const rows = [{ ...(await rowOf(one)), retiredAt: 5 }, await rowOf(two)];
    expect((await start(rows, one)).fits).toBe(false);
  });
});

describe("seals", () => {
  const sealed = {
    id: "1",
    destination: ["mail.example", 587],
    allowCleartextAuth: false,
    passwordToken: null,
  };

  test("hold under each key at hand, and say which are the primary key's", async () => {
    const row = await rowOf(hex);
    const old = (await start([row], hex)).seal(sealed);
    const secrets = await start([row], two, hex);
    expect(secrets.checkSeal(sealed, old)).toBe("intact");
    expect(secrets.isCurrentSeal(old)).toBe(false);
    expect(secrets.isCurrentSeal(secrets.seal(sealed))).toBe(true);
  });

  test("tell a changed row from one whose key is missing", async () => {
    const row = await rowOf(one);
    const seal = (await start([row], one)).seal(sealed);
    const changed = { ...sealed, destination: ["evil.example", 587] };
    expect((await start([row], one)).checkSeal(changed, seal)).toBe("broken");
    expect((await start([row], two)).checkSeal(sealed, seal)).toBe("unknown-key");
    expect((await start([row], one)).checkSeal(sealed, "")).toBe("unknown-key");
  });
});

test("contents are bound to their row and purpose, and rotate like everything else", async () => {
  const row = await rowOf(hex);
  const before = await start([row], hex);
  const token = before.keyringFor("contents", "1").encrypt("reset link");
  expect(() => before.keyringFor("contents", "2").decrypt(token)).toThrow();
  expect(() => before.keyringFor("oauth", "1").decrypt(token)).toThrow();
  expect(() => before.decrypt(token)).toThrow();

  const after = await start([row], two, hex);
  const rotated = after.keyringFor("contents", "1").rotate(token);
  expect(after.keyringFor("contents", "1").isCurrent(rotated)).toBe(true);
  expect(after.keyringFor("contents", "1").decrypt(rotated).toString()).toBe("reset link");
});

test("the secret of sessions follows the primary key", async () => {
  const rows = [await rowOf(one)];
  const secret = (await start(rows, one)).sessionSecret();
  expect(secret).toHaveLength(44);
  expect((await start(rows, one)).sessionSecret()).toBe(secret);
  expect((await start(rows, two, one)).sessionSecret()).not.toBe(secret);
});
