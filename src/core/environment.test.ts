import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "./environment.ts";
import { SendwrightError } from "./errors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-options-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function wrong(env: Record<string, string>) {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof SendwrightError) return error.issues.map(({ pointer }) => pointer);
  }
  return [];
}

describe("the environment", () => {
  it("has sensible defaults", () => {
    expect(readEnvironment({}).options).toEqual({
      port: 4650,
      host: "127.0.0.1",
      dataDir: "./data",
      previousSecrets: [],
      sandboxPort: 4651,
      recipients: "all",
      memory: 256_000_000,
      queueLimit: 1_000_000,
      minFreeDisk: 256_000_000,
      egress: "default",
      logLevel: "info",
    });
  });

  it("names every wrong variable at once", () => {
    expect(
      wrong({
        SENDWRIGHT_PORT: "65536",
        SENDWRIGHT_SANDBOX_PORT: "25abc",
        SENDWRIGHT_EGRESS: "all",
        SENDWRIGHT_PUBLIC_URL: "ftp://x",
        SENDWRIGHT_SECRET: "",
      }),
    ).toEqual([
      "SENDWRIGHT_PORT",
      "SENDWRIGHT_SECRET",
      "SENDWRIGHT_PUBLIC_URL",
      "SENDWRIGHT_SANDBOX_PORT",
      "SENDWRIGHT_EGRESS",
    ]);
  });

  it("reads a secret from a file, without the line end", () => {
    const file = join(folder, "secret");
    writeFileSync(file, "a secret of some length\n");
    expect(readEnvironment({ SENDWRIGHT_SECRET_FILE: file }).options.secret).toBe("a secret of some length");
  });

  it("refuses a secret set twice, and a file that is not there", () => {
    expect(wrong({ SENDWRIGHT_SECRET_FILE: join(folder, "none") })).toEqual(["SENDWRIGHT_SECRET_FILE"]);
    expect(wrong({ SENDWRIGHT_SECRET_FILE: folder, SENDWRIGHT_SECRET: "x" })).toEqual([
      "SENDWRIGHT_SECRET_FILE",
    ]);
  });

  it("splits earlier secrets", () => {
    const { previousSecrets } = readEnvironment({ SENDWRIGHT_PREVIOUS_SECRETS: "one, two\nthree" }).options;
    expect(previousSecrets).toEqual(["one", "two", "three"]);
  });

  it("reports variables that look mistyped", () => {
    expect(readEnvironment({ SENDWRIGHT_SECERT: "x", HOME: "/" }).unknown).toEqual(["SENDWRIGHT_SECERT"]);
  });
});

it.each([
  ["192.0.2.53", ["192.0.2.53"]],
  [
    "192.0.2.53:5353, 2001:db8::53,[2001:db8::53]:53",
    ["192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53"],
  ],
])("takes the name servers %s", (text, servers) => {
  expect(readEnvironment({ SENDWRIGHT_DNS_SERVERS: text }).options.dnsServers).toEqual(servers);
});

it.each([
  ["64", 64_000_000],
  ["64MB", 64_000_000],
  ["1.5 gb", 1_500_000_000],
  ["20000000B", 20_000_000],
])("takes the size %s, in megabytes if there is no unit", (text, bytes) => {
  const { options } = readEnvironment({ SENDWRIGHT_MEMORY: text, SENDWRIGHT_MIN_FREE_DISK: text });
  expect([options.memory, options.minFreeDisk]).toEqual([bytes, bytes]);
});

it("refuses sizes that are none or too small, and a queue of no emails", () => {
  for (const text of ["", "MB", "-1", "1PB", "1e9", "15MB", "0"]) {
    expect(wrong({ SENDWRIGHT_MEMORY: text }), text).toEqual(["SENDWRIGHT_MEMORY"]);
  }
  expect(readEnvironment({ SENDWRIGHT_MIN_FREE_DISK: "0" }).options.minFreeDisk).toBe(0);
  for (const text of ["0", "1.5", "-1", "many"]) {
    expect(wrong({ SENDWRIGHT_QUEUE_LIMIT: text }), text).toEqual(["SENDWRIGHT_QUEUE_LIMIT"]);
  }
});

it.each(["dns.example.com", "192.0.2.300", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53,", ""])(
  "refuses %j as name servers",
  (text) => {
    expect(() => readEnvironment({ SENDWRIGHT_DNS_SERVERS: text })).toThrow("SENDWRIGHT_DNS_SERVERS");
  },
);
