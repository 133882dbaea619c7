import { describe, expect, it } from "vitest";
import { sealedConfig } from "../../../../test/support/smtp-config.ts";
import { generateKey } from "../../../secret/fernet.ts";
import type { KeyRow, Secrets } from "../../../secret/secrets.ts";
import { unlock } from "../../../secret/unlock.ts";
import { createFixedClock } from "../../../testing/fixed-clock.ts";
import { checkSecret } from "./secret.ts";

const clock = createFixedClock();
const [first, second] = [generateKey(), generateKey()];

async function newKeyRow(secret: string): Promise<KeyRow> {
  const { newKey } = await unlock({ rows: [], primary: secret, previous: [], clock });
  if (newKey === null) throw new Error("An empty database has no key yet.");
  return newKey;
}

async function found(rows: readonly KeyRow[], primary: string, previous: string[] = [], sealedBy?: Secrets) {
  const secrets = await unlock({ rows, primary, previous, clock });
  const configs = [sealedConfig(sealedBy ?? secrets)];
  const checks = checkSecret({ secrets, keys: rows, configs, previousCount: previous.length });
  return Object.fromEntries(
    checks.map(({ id, status, found: words, remedy }) => [id, { status, words, remedy }]),
  );
}

describe("the secret", () => {
  it("is not judged by a database that has no key yet", async () => {
    expect(await found([], first)).toMatchObject({ "secret.fits": { status: "ok" } });
  });

  it("fits the database that was made with it", async () => {
    expect(await found([await newKeyRow(first)], first)).toMatchObject({
      "secret.fits": { status: "ok" },
      "secret.previous": { status: "ok", words: "none needed" },
    });
  });

  it("does not fit another one", async () => {
    expect(await found([await newKeyRow(second)], first)).toMatchObject({
      "secret.fits": { status: "failed" },
    });
  });

  it("that is new wants a restart and a rotation", async () => {
    expect(await found([await newKeyRow(first)], second, [first])).toMatchObject({
      "secret.fits": { status: "warning", remedy: expect.stringContaining("sendwright rotate") },
    });
  });
});

describe("earlier secrets", () => {
  const both = async () => [await newKeyRow(first), await newKeyRow(second)];

  it("are needed while anything is under them", async () => {
    const rows = await both();
    const old = await unlock({ rows, primary: first, previous: [], clock });
    expect(await found(rows, second, [first], old)).toMatchObject({
      "secret.previous": {
        status: "warning",
        words: expect.stringContaining("1 of 1 SMTP configs"),
        remedy: expect.stringContaining("sendwright rotate"),
      },
    });
  });

  it("are missed where they are not named", async () => {
    expect(await found(await both(), second)).toMatchObject({
      "secret.previous": {
        status: "warning",
        remedy: expect.stringContaining("SENDWRIGHT_PREVIOUS_SECRETS"),
      },
    });
  });

  it("may go once their keys have retired", async () => {
    const [old, present] = await both();
    const rows = [{ ...old!, retiredAt: clock.now() }, present!];
    expect(await found(rows, second, [first])).toMatchObject({
      "secret.previous": { status: "ok", words: expect.stringContaining("you can remove") },
    });
  });
});
