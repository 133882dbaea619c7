import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { documentedOptions, readEnvironment } from "./environment.ts";
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
      keepAlive: 65,
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

describe("what Kubernetes sets for services", () => {
  /** As for a service with one TCP port that has a name. */
  const linksOf = (service: string) => ({
    [`${service}_SERVICE_HOST`]: "10.43.0.5",
    [`${service}_SERVICE_PORT`]: "4650",
    [`${service}_SERVICE_PORT_HTTP`]: "4650",
    [`${service}_PORT`]: "tcp://10.43.0.5:4650",
    [`${service}_PORT_4650_TCP`]: "tcp://10.43.0.5:4650",
    [`${service}_PORT_4650_TCP_PROTO`]: "tcp",
    [`${service}_PORT_4650_TCP_PORT`]: "4650",
    [`${service}_PORT_4650_TCP_ADDR`]: "10.43.0.5",
  });

  it.each(["SENDWRIGHT", "SENDWRIGHT_SMTP", "SENDWRIGHT_SANDBOX", "SENDWRIGHT_OTHER_NAME"])(
    "is no option of ours: %s",
    (service) => {
      const links = linksOf(service);
      const { options, unknown, serviceLinks } = readEnvironment(links);
      expect(options).toEqual(readEnvironment({}).options);
      expect(unknown).toEqual([]);
      expect(serviceLinks).toEqual(Object.keys(links));
    },
  );

  it("is told from an option by its value, whichever option has its name", () => {
    for (const { env } of documentedOptions.filter(({ env }) => env.endsWith("_PORT"))) {
      for (const protocol of ["tcp", "udp", "sctp"]) {
        const link = { [env]: `${protocol}://[fd00::5]:25` };
        expect(readEnvironment(link)).toEqual({ ...readEnvironment({}), serviceLinks: [env] });
      }
      expect(readEnvironment({ [env]: "2525" }).serviceLinks, env).toEqual([]);
    }
    // No service sets a variable of another name: such a value is a mistake of somebody.
    expect(
      wrong({ SENDWRIGHT_PUBLIC_URL: "tcp://10.43.0.5:4650", SENDWRIGHT_HOST: "tcp://10.43.0.5" }),
    ).toEqual(["SENDWRIGHT_HOST", "SENDWRIGHT_PUBLIC_URL"]);
  });
});

describe("what a file has left around a value", () => {
  const mark = "\uFEFF";

  it("is no part of it: the mark before a name or a value, and a carriage return", () => {
    const { options, unknown } = readEnvironment({
      [`${mark}SENDWRIGHT_PORT`]: "8080\r",
      SENDWRIGHT_SMTP_PASSWORD: `${mark}s3cret\r`,
      SENDWRIGHT_LOG_LEVEL: "warn\r",
    });
    expect([options.port, options.smtpPassword, options.logLevel, unknown]).toEqual([
      8080,
      "s3cret",
      "warn",
      [],
    ]);
  });

  const secrets = documentedOptions.filter(({ secret }) => secret);
  const values: Readonly<Record<string, string>> = {
    SENDWRIGHT_DATABASE_URL: "postgres://u:p%40ss@db/db",
  };

  it.each(secrets.map(({ env, name }) => [env, name] as const))("is no part of %s_FILE", (env, name) => {
    const file = join(folder, "secret");
    const value = values[env] ?? "a secret of thirty-two characters, ü";
    for (const end of ["", "\n", "\r\n", "\r"]) {
      writeFileSync(file, `${mark}${value}${end}`);
      const read = readEnvironment({ [`${env}_FILE`]: file }).options[name];
      expect(Array.isArray(read) ? read.join(", ") : read).toBe(value);
    }
  });

  it.each([
    ["UTF-16", Buffer.from(`${mark}s3cret`, "utf16le")],
    ["UTF-16", Buffer.from(`${mark}s3cret`, "utf16le").swap16()],
    ["UTF-16", Buffer.from("s3cret", "utf16le")],
    ["not UTF-8", Buffer.from("s3crét", "latin1")],
  ])("does not make a secret of a file in %s", (encoding, bytes) => {
    const file = join(folder, "secret");
    writeFileSync(file, bytes);
    for (const { env } of secrets) {
      const read = () => readEnvironment({ [`${env}_FILE`]: file });
      expect(read).toThrow(`${env}_FILE names a file that is ${encoding}`);
      expect(read).toThrow(`save it as UTF-8: ${file}`);
    }
  });
});

it("tells nothing of a database address that is not percent-encoded", () => {
  const address = "postgres://u:p@ss#w%rd@127.0.0.1:1/db";
  const file = join(folder, "url");
  writeFileSync(file, address);
  for (const env of [{ SENDWRIGHT_DATABASE_URL: address }, { SENDWRIGHT_DATABASE_URL_FILE: file }]) {
    try {
      readEnvironment(env);
      expect.unreachable();
    } catch (error) {
      const shown = inspect(error, { depth: 10 });
      expect(shown).toContain("percent-encode user and password");
      for (const part of ["p@ss", "ss#w", "w%rd", "127.0.0.1", ":1/db"]) expect(shown).not.toContain(part);
    }
  }
});

it.each([
  ["[::]", "::"],
  ["[::1]", "::1"],
  ["*", "*"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["localhost", "localhost"],
])("listens on %s", (text, host) => {
  expect(readEnvironment({ SENDWRIGHT_HOST: text }).options.host).toBe(host);
});

it("says what an address to listen on is, and what a time to keep a connection", () => {
  for (const text of ["0.0.0.0:4650", "http://0.0.0.0", "localhost:80", "a b", "[::]:80", ""]) {
    expect(wrong({ SENDWRIGHT_HOST: text }), text).toEqual(["SENDWRIGHT_HOST"]);
  }
  for (const text of ["0", "3601", "65s", "-1", "1.5"]) {
    expect(wrong({ SENDWRIGHT_KEEP_ALIVE: text }), text).toEqual(["SENDWRIGHT_KEEP_ALIVE"]);
  }
});
