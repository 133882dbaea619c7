import { describe, expect, test } from "vitest";
import { isAddress, isEndpoint, isLoopback, normaliseEhloName, normaliseHost } from "./host.ts";

describe("a host", () => {
  test.each([
    ["smtp.example.com", "smtp.example.com"],
    ["SMTP.Example.COM", "smtp.example.com"],
    ["smtp.example.com.", "smtp.example.com"],
    ["localhost", "localhost"],
    ["mail_relay", "mail_relay"],
    ["Bücher.example", "xn--bcher-kva.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["192.0.2.1", "192.0.2.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["1.example", "1.example"],
    ["a.b-c.d", "a.b-c.d"],
  ])("%s is known as %s", (text, host) => {
    expect(normaliseHost(text)).toBe(host);
    expect(normaliseHost(host)).toBe(host);
  });

  test.each([
    "",
    ".",
    "a..b",
    ".example",
    "example..",
    "-a.example",
    "a-.example",
    "smtp://smtp.example.com",
    "https://example.com/",
    "smtp.example.com:587",
    "192.0.2.1:25",
    "[::1]:25",
    "smtp.example.com/path",
    "user@example.com",
    "exa mple.com",
    " example.com",
    "example.com\n",
    "example.com\r\nRCPT",
    "example.com\0",
    "%65xample.com",
    "a,b",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "192.0.2.256",
    "192.0.2.01",
    "192.0.2.1.",
    "１９２.0.2.1",
    "example.123",
    "fe80::1%eth0",
    ":::",
    "1:2",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}a`,
  ])("is not %j", (text) => {
    expect(normaliseHost(text)).toBeNull();
  });
});

describe("an EHLO name", () => {
  test.each([
    ["App.Example.com", "app.example.com"],
    ["[192.0.2.1]", "[192.0.2.1]"],
    ["[ipv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]"],
  ])("%s is said as %s", (text, name) => {
    expect(normaliseEhloName(text)).toBe(name);
  });

  test.each(["", "192.0.2.1", "::1", "[::1]", "[IPv6:nonsense]", "[192.0.2.300]", "my_host", "a b", "[x]"])(
    "is not %j",
    (text) => {
      expect(normaliseEhloName(text)).toBeNull();
    },
  );
});

describe("an address that secrets may be sent to", () => {
  test.each([
    "https://login.example.com/token?tenant=1",
    "http://localhost:8080/token",
    "http://127.0.0.1/token",
    "http://[::1]:8080/",
  ])("is %s", (address) => {
    expect(isEndpoint(address)).toBe(true);
  });

  test.each([
    "login.example.com/token",
    "http://login.example.com/token",
    "http://localhost.example.com/",
    "http://127.0.0.1.example.com/",
    "ftp://localhost/",
    "https://jo@login.example.com/",
    "https://login.example.com/#token",
  ])("is not %s", (address) => {
    expect(isEndpoint(address)).toBe(false);
  });
});

test.each([
  "localhost",
  "LOCALHOST",
  "127.0.0.1",
  "127.1.2.3",
  "::1",
  "[::1]",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["", "0.0.0.0", "::", "127.0.0.1.example.com", "localhost.example.com", "::ffff:10.0.0.1"])(
  "%s is not known to be this machine",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test.each([
  ["127.0.0.1", true],
  ["::1", true],
  ["smtp.example.com", false],
  ["1.example.com", false],
])("knows whether %s is an address: %s", (host, expected) => {
  expect(isAddress(host)).toBe(expected);
});
