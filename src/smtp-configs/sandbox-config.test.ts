import { expect, test } from "vitest";
import { isSandboxConfig } from "./sandbox-config.ts";

const port = 4651;

test.each(["127.0.0.1", "localhost", "LOCALHOST.", "::1", "[::1]", "::ffff:127.0.0.1"])(
  "%s on the sandbox's port is the sandbox",
  (smtpServer) => {
    expect(isSandboxConfig({ smtpServer, smtpPort: port }, port)).toBe(true);
  },
);

test.each([
  ["smtp.example.com", port],
  ["127.0.0.1.example.com", port],
  ["10.0.0.1", port],
  ["127.0.0.1", 25],
])("%s on port %i is not", (smtpServer, smtpPort) => {
  expect(isSandboxConfig({ smtpServer, smtpPort }, port)).toBe(false);
});

test("without a sandbox no config is one", () => {
  expect(isSandboxConfig({ smtpServer: "127.0.0.1", smtpPort: port }, null)).toBe(false);
});
