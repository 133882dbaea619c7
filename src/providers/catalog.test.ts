import { describe, expect, it } from "vitest";
import { tlsModes } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";
import { normaliseHost } from "../net/host.ts";
import {
  listProviders,
  type Provider,
  providerOfExchange,
  providerOfMailDomain,
  providerOfServer,
  serverFor,
  withoutSmtpAt,
} from "./catalog.ts";

const sandbox = { host: "127.0.0.1", port: 4651 };
const providers = listProviders(sandbox);
const byId = (id: string) => providers.find((provider) => provider.id === id);
const serversOf = ({ smtpServer, regions }: Provider) => [
  smtpServer,
  ...regions.map((region) => region.smtpServer),
];

describe("the catalogue of providers", () => {
  it("names each once, those of Google and Microsoft first and the others by name", () => {
    const ids = providers.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 4)).toEqual(["sandbox", "gmail", "google-workspace-relay", "microsoft-365"]);
    const names = providers.slice(4).map(({ name }) => name);
    expect(names).toEqual(
      names.toSorted((one, two) => one.localeCompare(two, "en", { sensitivity: "base" })),
    );
    expect(providers.length).toBeGreaterThan(50);
    expect(new Set(providers.map(({ name }) => name)).size).toBe(providers.length);
  });

  it.each(providers)("has what a config needs of $name", (provider) => {
    for (const server of serversOf(provider)) expect(normaliseHost(server)).toBe(server);
    expect(provider.smtpPort).toBeGreaterThan(0);
    expect(provider.smtpPort).toBeLessThanOrEqual(65_535);
    expect(tlsModes).toContain(provider.tlsMode);
    if (provider.id === "sandbox") return;
    // Nothing else is a port for submission over TLS: 465 from the first byte, the others with STARTTLS.
    expect([465, 587, 2525]).toContain(provider.smtpPort);
    expect(provider.tlsMode).toBe("auto");
  });

  it.each(providers)("has domains and names of $name that can be looked up", (provider) => {
    const { mailDomains, mxSuffixes, spfIncludes, dkimSelectors, regions } = provider;
    const names = [
      ...mailDomains,
      ...mxSuffixes,
      ...spfIncludes,
      ...regions.flatMap(({ serves = [] }) => serves),
    ];
    for (const name of names) {
      expect(normaliseHost(name)).toBe(name);
      expect(name).toContain(".");
    }
    for (const selector of dkimSelectors) expect(selector).toMatch(/^[a-z\d-]+$/);
    for (const domain of mailDomains) expect(parseAddress(`jo@${domain}`).domain).toBe(domain);
    expect(new Set(mailDomains).size).toBe(mailDomains.length);
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

  it.each(providers)(
    "names a page and a day for the limits of $name, and says in words what it does not fill in",
    ({ limits }) => {
      if (limits === null) return;
      const { hint, source, readOn, holdsForOwnDomains: _holds, ...values } = limits;
      expect(new URL(source).protocol).toBe("https:");
      expect(readOn).toMatch(/^\d{4}-\d\d-\d\d$/);
      for (const value of Object.values(values)) expect(value).toBeGreaterThan(0);
      if (hint === null) expect(Object.keys(values)).not.toEqual([]);
      else {
        expect(hint).toMatch(/^[A-Z].*\.$/);
        expect(hint.length).toBeLessThanOrEqual(110);
      }
    },
  );

  it("fills in only limits that no plan changes", () => {
    const filled = providers.flatMap(({ id, limits }) => {
      const { maxPerMinute = null, maxPerDay = null, maxRecipientsPerDay = null } = limits ?? {};
      const values = [maxPerMinute, maxPerDay, maxRecipientsPerDay];
      return values.every((value) => value === null) ? [] : [[id, ...values]];
    });
    expect(filled).toEqual([
      ["gmail", null, 500, null],
      ["google-workspace-relay", null, 10_000, null],
      ["microsoft-365", 30, null, 10_000],
      ["icloud", null, 1_000, 1_000],
    ]);
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
      ["mailtrap", "api"],
      ["resend", "resend"],
      ["sendgrid", "apikey"],
      ["sparkpost", "SMTP_Injection"],
      ["zeptomail", "emailapikey"],
    ]);
  });

  it("has the sandbox where it listens, and only while it runs", () => {
    expect(byId("sandbox")).toMatchObject({ smtpServer: "127.0.0.1", smtpPort: 4651, useTls: false });
    expect(listProviders(null).map(({ id }) => id)).not.toContain("sandbox");
    expect(listProviders(null)).toHaveLength(providers.length - 1);
  });

  it("gives each mail domain and each exchanger to one provider", () => {
    for (const field of ["mailDomains", "mxSuffixes"] as const) {
      const all = providers.flatMap((provider) => provider[field]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("gives regions nothing that their provider does not have", () => {
    for (const { id, regions, mailDomains, mxSuffixes } of providers) {
      for (const name of regions.flatMap(({ serves = [] }) => serves)) {
        expect([...mailDomains, ...mxSuffixes], id).toContain(name);
      }
    }
  });
});

describe("whose it is", () => {
  it.each([
    ["gmail.com", "gmail"],
    ["hotmail.com", "outlook-com"],
    ["gmx.de", "gmx"],
    ["example.com", undefined],
    ["mail.gmail.com", undefined],
  ])("mailboxes at %s are of %s", (domain, id) => {
    expect(providerOfMailDomain(domain)?.id).toBe(id);
  });

  it.each([
    ["aspmx.l.google.com", "gmail"],
    ["smtp.google.com", "gmail"],
    ["example-com.mail.protection.outlook.com", "microsoft-365"],
    ["example-com.o-v1.mx.microsoft", "microsoft-365"],
    ["eur.olc.protection.outlook.com", "outlook-com"],
    ["in1-smtp.messagingengine.com", "fastmail"],
    ["MX.Zoho.eu", "zoho"],
    ["mx01.ionos.de", "ionos"],
    ["notgoogle.com", undefined],
    ["google.com.example.com", undefined],
  ])("mail that %s takes in is of %s", (exchange, id) => {
    expect(providerOfExchange(exchange)?.id).toBe(id);
  });

  it.each([
    ["SMTP.Gmail.com.", "gmail"],
    ["email-smtp.eu-west-1.amazonaws.com", "amazon-ses"],
    ["smtp.example.com", undefined],
    ["127.0.0.1", undefined],
  ])("the server %s is of %s", (server, id) => {
    expect(providerOfServer(server)?.id).toBe(id);
  });

  it("names the server of the region", () => {
    expect(serverFor(byId("zoho")!, "mx2.zoho.eu")).toBe("smtppro.zoho.eu");
    expect(serverFor(byId("gmx")!, "gmx.com")).toBe("mail.gmx.com");
    expect(serverFor(byId("gmx")!, "gmx.at")).toBe("mail.gmx.net");
    expect(serverFor(byId("fastmail")!, "fastmail.fm")).toBe("smtp.fastmail.com");
  });

  it("knows those that let no application send", () => {
    expect(withoutSmtpAt("tuta.com")?.name).toBe("Tuta");
    expect(withoutSmtpAt("mail.tutanota.de")?.name).toBe("Tuta");
    expect(withoutSmtpAt("hey.com")?.name).toBe("HEY");
    expect(withoutSmtpAt("example.com")).toBeNull();
  });
});
