import { describe, expect, it } from "vitest";
import { parseAddress } from "../message/address.ts";
import { tlsModes } from "../model.ts";
import { normaliseHost } from "./host.ts";
import { listProviders, type Provider } from "./providers.ts";

const sandbox = { host: "127.0.0.1", port: 4651 };
const providers = listProviders(sandbox);
const byId = (id: string) => providers.find((provider) => provider.id === id);
const serversOf = ({ smtpServer, regions }: Provider) => [
  smtpServer,
  ...regions.map((region) => region.smtpServer),
];

describe("the catalogue of providers", () => {
  it("names each once, in the order of the alphabet after those of Google and Microsoft", () => {
    expect(providers.map(({ id }) => id)).toEqual([
      "sandbox",
      "gmail",
      "google-workspace-relay",
      "microsoft-365",
      "amazon-ses",
      "brevo",
      "fastmail",
      "mailgun",
      "mailjet",
      "postmark",
      "resend",
      "sendgrid",
      "smtp2go",
      "zoho",
    ]);
    expect(new Set(providers.map(({ name }) => name)).size).toBe(providers.length);
  });

  it.each(providers)("has what a config needs of $name", (provider) => {
    for (const server of serversOf(provider)) expect(normaliseHost(server)).toBe(server);
    expect(provider.smtpPort).toBeGreaterThan(0);
    expect(provider.smtpPort).toBeLessThanOrEqual(65_535);
    expect(tlsModes).toContain(provider.tlsMode);
    if (provider.fromEmail !== null) {
      expect(parseAddress(provider.fromEmail).address).toBe(provider.fromEmail);
    }
  });

  it.each(providers)("says of $name what to enter, a sentence each", (provider) => {
    for (const hint of [provider.usernameHint, provider.passwordHint, provider.fromHint]) {
      expect(hint).toMatch(/^[A-Z].*[._]$/);
      expect(hint.length).toBeLessThanOrEqual(110);
    }
  });

  it.each(providers)("gives each region of $name a server of its own, the first by default", (provider) => {
    const { regions, smtpServer } = provider;
    if (regions.length > 0) expect(regions[0]?.smtpServer).toBe(smtpServer);
    expect(regions).not.toHaveLength(1);
    for (const field of ["id", "name", "smtpServer"] as const) {
      expect(new Set(regions.map((region) => region[field])).size).toBe(regions.length);
    }
  });

  it("lets no two providers have one server, so that a saved config shows whose it is", () => {
    const servers = providers.flatMap((provider) => [...new Set(serversOf(provider))]);
    expect(new Set(servers).size).toBe(servers.length);
  });

  it("refers to a page over https, except for the sandbox, and encrypts everywhere but there", () => {
    for (const { id, helpUrl, useTls } of providers) {
      expect(useTls, id).toBe(id !== "sandbox");
      if (id === "sandbox") expect(helpUrl).toBeNull();
      else expect(new URL(helpUrl ?? "").protocol, id).toBe("https:");
    }
  });

  it("knows the usernames that are the same for everybody", () => {
    const literal = providers.filter(({ username }) => username !== null);
    expect(literal.map(({ id, username }) => [id, username])).toEqual([
      ["resend", "resend"],
      ["sendgrid", "apikey"],
    ]);
  });

  it("has the sandbox where it listens, and only while it runs", () => {
    expect(byId("sandbox")).toMatchObject({ smtpServer: "127.0.0.1", smtpPort: 4651, useTls: false });
    expect(listProviders(null).map(({ id }) => id)).not.toContain("sandbox");
    expect(listProviders(null)).toHaveLength(providers.length - 1);
  });
});
