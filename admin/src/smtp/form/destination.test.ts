import { expect, test } from "vitest";
import { destinationChanged } from "./destination.ts";
import { emptyForm, type SmtpForm } from "./form.ts";

const saved: SmtpForm = {
  ...emptyForm,
  smtpServer: "smtp.example.com",
  username: "jo",
  caPem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
};

test.each([
  ["server", { smtpServer: "smtp.example.net" }],
  ["port", { smtpPort: "465" }],
  ["use of TLS", { useTls: false }],
  ["TLS mode", { tlsMode: "implicit" }],
  ["username", { username: "Jo" }],
  ["sign-in method", { authMethod: "login" }],
  ["CA", { caPem: "" }],
] as const)("asks for the password again after another %s", (_, change) => {
  expect(destinationChanged(saved, { ...saved, ...change })).toBe(true);
});

test.each([
  ["the case of the server", { smtpServer: "SMTP.Example.COM" }],
  ["a dot at the server's end", { smtpServer: "smtp.example.com. " }],
  ["line ends in the CA", { caPem: saved.caPem.replaceAll("\n", "\r\n") }],
  ["the sender", { fromEmail: "shop@example.com", fromName: "Shop" }],
  ["limits and name", { maxConnections: "9", maxPerSecond: "2", name: "Main" }],
])("keeps the password after a change of %s", (_, change) => {
  expect(destinationChanged(saved, { ...saved, ...change })).toBe(false);
});

test("knows a name beyond ASCII in both of its forms", () => {
  const unicode = { ...saved, smtpServer: "post.bücher.example" };
  expect(destinationChanged(unicode, { ...saved, smtpServer: "post.xn--bcher-kva.example" })).toBe(false);
});
