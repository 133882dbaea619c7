import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createResetLink, redeemAdminLink } from "../../src/accounts/admin-link.ts";
import { createPasswordLink, redeemPasswordLink } from "../../src/accounts/password-link.ts";
import type { Store } from "../../src/store/store.ts";
import { createFixedClock } from "../../src/testing/fixed-clock.ts";
import { databases } from "./databases.ts";

const baseUrl = "https://mail.example.com";
const clock = createFixedClock();

describe.each(databases)("a one-time link on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  it.each([
    [
      "of the command line",
      () => createResetLink(store.db, clock, baseUrl),
      (token: string) => redeemAdminLink(store, clock, token),
    ],
    [
      "for a new password",
      () => createPasswordLink(store.db, clock, baseUrl, "ada"),
      (token: string) => redeemPasswordLink(store, clock, token),
    ],
  ] as const)("%s lets one in of many who use it at once", async (_name, make, redeem) => {
    for (let round = 0; round < 5; round += 1) {
      const [, token = ""] = (await make()).split("#token=");
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => redeem(token)));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });
});
