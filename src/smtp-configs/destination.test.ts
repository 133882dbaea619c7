import { expect, test } from "vitest";
import { type DestinationSettings, destinationOf, sameDestination } from "./destination.ts";

const settings: DestinationSettings = {
  smtpServer: "smtp.example.com",
  smtpPort: 587,
  useTls: true,
  tlsMode: "auto",
  caPem: null,
  authMethod: "auto",
  username: "Jo",
};

function isSame(change: Partial<DestinationSettings>): boolean {
  return sameDestination(destinationOf(settings), destinationOf({ ...settings, ...change }));
}

test.each(["SMTP.EXAMPLE.COM", "smtp.example.com.", "Smtp.Example.Com."])("%s is the same server", (name) => {
  expect(isSame({ smtpServer: name })).toBe(true);
});

test("a name and its A-label are the same server", () => {
  const [one, two] = ["bücher.example", "XN--BCHER-KVA.example."].map((smtpServer) =>
    destinationOf({ ...settings, smtpServer }),
  );
  expect(sameDestination(one!, two!)).toBe(true);
});

test.each<Partial<DestinationSettings>>([
  { smtpServer: "smtp.example.org" },
  { smtpServer: "evil.smtp.example.com" },
  { smtpPort: 465 },
  { useTls: false },
  { tlsMode: "implicit" },
  { caPem: "-----BEGIN CERTIFICATE-----" },
  { caPem: "" },
  { authMethod: "plain" },
  { username: "jo" },
  { username: null },
])("%j is another destination", (change) => {
  expect(isSame(change)).toBe(false);
});
