import fc from "fast-check";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { isDatabaseAddress } from "./database-address.ts";

/** Passwords of the signs that mean something in an address, and of any others. */
const password = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."a1:@/?#%[]\\&=+ \t40"), maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);

describe("the address of a database", () => {
  it("is one that means what it says, whatever the password is", () => {
    fc.assert(
      fc.property(password, (secret) => {
        const address = `postgres://user:${secret}@127.0.0.1:1/db`;
        if (!isDatabaseAddress(address)) return;
        const client = new pg.Client({ connectionString: address });
        const { host, port, database, user } = client;
        expect({ host, port, database, user }).toEqual({
          host: "127.0.0.1",
          port: 1,
          database: "db",
          user: "user",
        });
        if (secret !== "") expect(client.password).toBe(decodeURIComponent(secret));
      }),
      { numRuns: 2_000 },
    );
  });

  it("holds any password that is percent-encoded", () => {
    fc.assert(
      fc.property(password, (secret) => {
        const address = `postgresql://user:${encodeURIComponent(secret)}@[::1]:5432/db?sslmode=disable`;
        expect(isDatabaseAddress(address)).toBe(true);
        if (secret !== "") expect(new pg.Client({ connectionString: address }).password).toBe(secret);
      }),
    );
  });

  it.each([
    "postgres://localhost/db",
    "postgres://user@db.internal:6432/db?application_name=mail&options=-c%20search_path%3Dmail",
    "postgres://user:secret@db/db?sslrootcert=/etc/ca.pem&user=jo%40example.com",
    "postgres:///db?host=/var/run/postgresql",
    "postgres://user:secret@/db?host=/var/run/postgresql",
    "postgres://%2Fvar%2Frun%2Fpostgresql/db",
  ])("may be %s", (address) => {
    expect(isDatabaseAddress(address)).toBe(true);
  });

  it.each([
    "postgres://u:p@ss#w%rd@127.0.0.1:1/db",
    "postgres://u:p@ss@127.0.0.1/db",
    "postgres://u:12?x@127.0.0.1/db",
    "postgres://u:p@s?x@127.0.0.1/db",
    "postgres://u:12/x@127.0.0.1/db",
    "postgres://u:50%off@127.0.0.1/db",
    "postgres://u:%ff@127.0.0.1/db",
    "postgres://u:a b@127.0.0.1/db",
    "postgres://u:secret@127.0.0.1:port/db",
    "mysql://u:secret@127.0.0.1/db",
  ])("is not %s", (address) => {
    expect(isDatabaseAddress(address)).toBe(false);
  });
});
