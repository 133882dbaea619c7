import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startDnsServer, type Zone, type ZoneEntry } from "../../test/support/dns-server.ts";
import { openDns } from "../net/dns.ts";
import { providerOfMailDomain, providerOfServer } from "../providers/catalog.ts";
import { checkDomain } from "./check-domain.ts";
import { parseSpf } from "./spf/parse.ts";

/** What is found about mail from this domain through this server. */
async function findings(zone: Zone, domain: string, server: string) {
  await using dnsServer = await startDnsServer(zone);
  const dns = openDns({ servers: [dnsServer.address], signal: new AbortController().signal });
  const provider = providerOfServer(server);
  const sender = { domain, server, provider, owner: providerOfMailDomain(domain) };
  const [spf, dkim, dmarc, mx] = await checkDomain(sender, dns);
  return { spf: spf!, dkim: dkim!, dmarc: dmarc!, mx: mx!, questions: dnsServer.questions };
}

const at = "example.com";
const ses = "email-smtp.eu-west-1.amazonaws.com";
const google = "smtp-relay.gmail.com";
const own = "mail.example.net";
const txt = (...records: string[]): ZoneEntry => ({ TXT: records });

describe("SPF", () => {
  const spfOf = async (records: readonly string[], rest: Zone = {}, server = google) => {
    const { spf } = await findings({ ...rest, [at]: { TXT: ["something=else", ...records] } }, at, server);
    return spf;
  };

  test("lets a provider through whose record is included, also by one that is included itself", async () => {
    const rest = { "_spf.google.com": txt("v=spf1 ip4:192.0.2.0/24 ~all") };
    expect(await spfOf(["v=spf1 include:_spf.google.com ~all"], rest)).toMatchObject({
      status: "ok",
      seen: ["v=spf1 include:_spf.google.com ~all"],
    });
    const nested = { ...rest, "spf.example.org": txt("v=spf1 include:_spf.google.com ~all") };
    expect(await spfOf(["v=spf1 include:spf.example.org -all"], nested)).toMatchObject({ status: "ok" });
    expect(await spfOf(["v=spf1 redirect=spf.example.org"], nested)).toMatchObject({ status: "ok" });
  });

  test("gives the record with a provider that is missing, and keeps the rest of it", async () => {
    expect(
      await spfOf(["v=spf1 mx ip4:192.0.2.1 -all"], { "mx.example.com": { A: ["192.0.2.9"] } }),
    ).toMatchObject({
      status: "failed",
      title: "SPF doesn't allow Google Workspace SMTP relay",
      record: { type: "TXT", name: at, value: "v=spf1 mx ip4:192.0.2.1 include:_spf.google.com -all" },
    });
  });

  test("does not count an include that forbids", async () => {
    const rest = { "_spf.google.com": txt("v=spf1 ip4:192.0.2.0/24 ~all") };
    expect(await spfOf(["v=spf1 -include:_spf.google.com ~all"], rest)).toMatchObject({ status: "failed" });
  });

  test("gives a first record where there is none", async () => {
    expect(await spfOf([])).toMatchObject({
      status: "failed",
      record: { value: "v=spf1 include:_spf.google.com ~all" },
    });
    // SES has an envelope of its own, so that nothing is broken.
    expect(await spfOf([], {}, ses)).toMatchObject({
      status: "warning",
      record: { value: "v=spf1 include:amazonses.com ~all" },
    });
  });

  test("leaves it to a provider that puts its own domain into the envelope", async () => {
    const spf = await spfOf(["v=spf1 -all"], {}, ses);
    expect(spf).toMatchObject({ status: "ok", title: "The provider handles SPF" });
    expect(spf.explanation).toContain("DKIM signature");
  });

  test("joins several records to the one that there may be", async () => {
    const spf = await spfOf(["v=spf1 mx -all", "v=spf1 include:spf.example.org ~all"]);
    expect(spf).toMatchObject({
      status: "failed",
      title: "More than one SPF record",
      record: { value: "v=spf1 mx include:spf.example.org include:_spf.google.com -all" },
    });
    expect(spf.seen).toHaveLength(2);
  });

  test("names the word that is wrong", async () => {
    const spf = await spfOf(["v=spf1 inlcude:_spf.google.com ~all"]);
    expect(spf).toMatchObject({ status: "failed", title: "The SPF record is invalid" });
    expect(spf.explanation).toContain("inlcude:_spf.google.com");
  });

  test("counts look-ups in all that is included, and says when there are too many", async () => {
    const rest = Object.fromEntries(
      Array.from({ length: 4 }, (_, index) => [
        `${index}.example.org`,
        txt("v=spf1 a:host.example.org mx:host.example.org ~all"),
      ]),
    );
    const zone = {
      ...rest,
      "host.example.org": { A: ["192.0.2.1"], MX: [[1, "host.example.org"]] as const },
    };
    const record = `v=spf1 ${[0, 1, 2, 3].map((index) => `include:${index}.example.org`).join(" ")} ~all`;
    const spf = await spfOf([record], zone);
    expect(spf).toMatchObject({ status: "failed", title: "Receivers can't evaluate the SPF record" });
    expect(spf.explanation).toContain("The record needs 12 DNS lookups");
    expect(await spfOf([record.replace(" include:3.example.org", "")], zone)).not.toMatchObject({
      title: "Receivers can't evaluate the SPF record",
    });
  });

  test("says when names don't exist", async () => {
    const spf = await spfOf(["v=spf1 a:1.example.org a:2.example.org mx:3.example.org ~all"]);
    expect(spf.explanation).toContain("3 of its names don't exist");
  });

  test("says that an included domain has no record, or more than one", async () => {
    expect((await spfOf(["v=spf1 include:gone.example.org ~all"])).explanation).toContain(
      "The included domain gone.example.org has no SPF record",
    );
    const rest = { "two.example.org": txt("v=spf1 -all", "v=spf1 ~all") };
    expect((await spfOf(["v=spf1 include:two.example.org ~all"], rest)).explanation).toContain(
      "more than one SPF record",
    );
  });

  test("comes out of a record that includes itself", async () => {
    const rest = {
      "a.example.org": txt("v=spf1 include:b.example.org"),
      "b.example.org": txt("v=spf1 include:a.example.org"),
    };
    const spf = await spfOf(["v=spf1 include:a.example.org ~all"], rest);
    expect(spf).toMatchObject({ status: "failed" });
    expect(spf.explanation).toContain("a.example.org includes itself");
  });

  test("stops counting at a record that would keep it busy", async () => {
    const zone = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `${index}.example.org`,
        txt(`v=spf1 include:${index + 1}.example.org include:${index + 2}.example.org ~all`),
      ]),
    );
    const { spf, questions } = await findings(
      { ...zone, [at]: txt("v=spf1 include:0.example.org ~all") },
      at,
      google,
    );
    expect(spf.explanation).toContain("The record needs 40 DNS lookups");
    expect(questions.length).toBeLessThan(60);
  });

  test("is wary of a record that lets everybody send", async () => {
    expect(await spfOf(["v=spf1 +all"])).toMatchObject({ status: "warning" });
  });

  test("judges a server that it does not know by its address, as a hint", async () => {
    const rest = { [own]: { A: ["198.41.0.4"], AAAA: ["2001:503:ba3e::2:30"] } };
    const spf = (record: string) => spfOf([record], rest, own);
    expect(await spf("v=spf1 ip4:198.41.0.0/16 ip6:2001:503::/32 -all")).toMatchObject({ status: "ok" });
    expect(await spf("v=spf1 a:mail.example.net -all")).toMatchObject({ status: "ok" });
    expect(await spf("v=spf1 ip4:198.41.0.4 -all")).toMatchObject({
      status: "warning",
      record: { value: "v=spf1 ip4:198.41.0.4 a:mail.example.net -all" },
    });
    expect(await spf("v=spf1 -ip4:198.41.0.4 +ip4:198.41.0.0/16 ip6:2001:503::/32 -all")).toMatchObject({
      status: "warning",
    });
    expect(await spf("v=spf1 exists:%{i}._spf.example.org -all")).toMatchObject({ status: "unknown" });
    expect(await spf("v=spf1 ptr -all")).toMatchObject({ status: "unknown" });
  });

  test("does not judge by an address that receivers never see", async () => {
    expect(await spfOf(["v=spf1 -all"], {}, "127.0.0.1")).toMatchObject({ status: "unknown" });
    expect(await spfOf(["v=spf1 -all"], { [own]: { A: ["10.0.0.1"] } }, own)).toMatchObject({
      status: "unknown",
    });
    expect(await spfOf([], {}, "127.0.0.1")).not.toHaveProperty("record");
  });

  test("says that nobody answered", async () => {
    const { spf } = await findings({ [at]: "broken" }, at, google);
    expect(spf).toMatchObject({ status: "unknown", title: "The DNS didn't respond" });
    const part = await spfOf(["v=spf1 include:slow.example.org ~all"], { "slow.example.org": "broken" });
    expect(part).toMatchObject({ status: "unknown" });
  });

  test("shows hostile records cut and without control characters", async () => {
    const spf = await spfOf([`v=spf1 ${"x\u0007\u202E".repeat(3_000)}`]);
    expect(spf.status).toBe("failed");
    expect(spf.seen[0]?.length).toBeLessThan(700);
    expect(spf.seen[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(spf.explanation.length).toBeLessThan(300);
  });

  test("proposes records that can be read", async () => {
    const { record } = await spfOf(["v=spf1 mx -all", "v=spf1 include:spf.example.org ~all"]);
    expect(parseSpf(record?.value ?? "")).toMatchObject({ ok: true });
  });
});

describe("DKIM", () => {
  const key = (bits: number) =>
    generateKeyPairSync("rsa", {
      modulusLength: bits,
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    }).publicKey.toString("base64");
  const good = `v=DKIM1; k=rsa; p=${key(2048)}`;
  const dkimOf = async (zone: Zone, server = "smtp.sendgrid.net") => (await findings(zone, at, server)).dkim;
  const s1 = `s1._domainkey.${at}`;

  test("finds the key, also where another domain has it", async () => {
    expect(await dkimOf({ [s1]: txt(good) })).toMatchObject({
      status: "ok",
      explanation: "s1 is an RSA key of 2048 bits.",
    });
    const zone = {
      [s1]: { CNAME: "s1.domainkey.u1.wl.sendgrid.net" },
      "s1.domainkey.u1.wl.sendgrid.net": txt(good),
    };
    expect(await dkimOf(zone)).toMatchObject({ status: "ok" });
  });

  test("takes one good key for enough", async () => {
    expect(await dkimOf({ [s1]: txt("v=DKIM1; p="), [`s2._domainkey.${at}`]: txt(good) })).toMatchObject({
      status: "ok",
    });
  });

  test("knows Ed25519 keys", async () => {
    const p = Buffer.alloc(32, 7).toString("base64");
    expect(await dkimOf({ [s1]: txt(`v=DKIM1; k=ed25519; p=${p}`) })).toMatchObject({ status: "ok" });
  });

  test.each([
    ["revoked", "v=DKIM1; p=", "The DKIM key is revoked", "has been revoked"],
    ["too short", `v=DKIM1; p=${key(512)}`, "The DKIM key can't be used", "512 bits"],
    ["truncated", `${good.slice(0, 200)}`, "The DKIM key can't be used", "truncated"],
    ["no key at all", "hello", "The DKIM key can't be used", "isn't a DKIM key"],
  ])("says that a key is %s", async (_, record, title, words) => {
    const dkim = await dkimOf({ [s1]: txt(record) });
    expect(dkim).toMatchObject({ status: "failed", title });
    expect(dkim.explanation).toContain(words);
  });

  test("warns of a key that is only tested", async () => {
    expect(await dkimOf({ [s1]: txt(good.replace("k=rsa", "k=rsa; t=s:y")) })).toMatchObject({
      status: "warning",
    });
  });

  test("says what is missing, and how much that matters", async () => {
    expect(await dkimOf({})).toMatchObject({ status: "failed", title: "DKIM key not found" });
    expect(await dkimOf({}, "smtp.fastmail.com")).toMatchObject({ status: "warning" });
  });

  test("says that it cannot know the keys of others", async () => {
    expect(await dkimOf({}, own)).toMatchObject({ status: "unknown" });
    expect(await dkimOf({}, ses)).toMatchObject({ status: "unknown" });
  });
});

describe("DMARC", () => {
  const dmarcOf = async (zone: Zone, domain = at, server = google) =>
    (await findings(zone, domain, server)).dmarc;

  test.each([
    ["none", "ok", "DMARC is in monitoring mode (p=none)"],
    ["quarantine", "ok", "DMARC protects the domain (quarantine)"],
    ["reject", "ok", "DMARC protects the domain (reject)"],
  ])("says what p=%s asks for", async (policy, status, title) => {
    expect(await dmarcOf({ [`_dmarc.${at}`]: txt(`v=DMARC1; p=${policy}`) })).toMatchObject({
      status,
      title,
    });
  });

  test("says how strictly the domain must match, and how much of the mail it is for", async () => {
    const dmarc = await dmarcOf(
      { [`_dmarc.${at}`]: txt("v=DMARC1; p=reject; aspf=s; adkim=s; pct=20; t=y") },
      at,
      ses,
    );
    expect(dmarc.explanation).toContain(`SPF counts for ${at} only, and DKIM for exactly the same domain`);
    expect(dmarc.explanation).toContain("pct=20");
    expect(dmarc.explanation).toContain("t=y");
    expect(dmarc.explanation).toContain("If Amazon SES uses its own domain as the envelope sender");
  });

  test("asks for reports where nobody gets them", async () => {
    expect((await dmarcOf({ [`_dmarc.${at}`]: txt("v=DMARC1; p=none") })).remedy).toContain("rua=mailto:");
    expect(
      (await dmarcOf({ [`_dmarc.${at}`]: txt("v=DMARC1; p=none; rua=mailto:d@example.com") })).remedy,
    ).toContain("quarantine");
  });

  test("takes the organisation's record for a subdomain, with its policy for those", async () => {
    const zone = { [`_dmarc.${at}`]: txt("v=DMARC1; p=reject; sp=quarantine") };
    const dmarc = await dmarcOf(zone, "mail.shop.example.com");
    expect(dmarc).toMatchObject({ title: "DMARC protects the domain (quarantine)" });
    expect(dmarc.explanation).toContain("The record of example.com applies.");
  });

  test("takes the highest record, unless one says where the organisation begins", async () => {
    const zone = {
      "_dmarc.example.co.uk": txt("v=DMARC1; p=reject"),
      "_dmarc.co.uk": txt("v=DMARC1; p=none; psd=y"),
    };
    expect(await dmarcOf(zone, "shop.example.co.uk")).toMatchObject({
      title: "DMARC protects the domain (reject)",
    });
    const own = {
      "_dmarc.team.example.com": txt("v=DMARC1; p=reject; psd=n"),
      "_dmarc.example.com": txt("v=DMARC1; p=none"),
    };
    expect(await dmarcOf(own, "a.team.example.com")).toMatchObject({
      title: "DMARC protects the domain (reject)",
    });
  });

  test("asks for few names, however long the domain is", async () => {
    const { questions } = await findings({}, `${"a.".repeat(40)}example.com`, google);
    const asked = questions.filter((question) => question.includes("_dmarc."));
    expect(new Set(asked).size).toBe(8);
  });

  test("gives a record where there is none, more than one, or one that cannot be read", async () => {
    const record = { type: "TXT", name: `_dmarc.${at}`, value: "v=DMARC1; p=none" };
    expect(await dmarcOf({})).toMatchObject({ status: "warning", record });
    expect(await dmarcOf({ [`_dmarc.${at}`]: txt("v=DMARC1; p=none", "v=DMARC1; p=reject") })).toMatchObject({
      status: "failed",
      record,
    });
    expect(await dmarcOf({ [`_dmarc.${at}`]: txt("v=DMARC1; p=none; nonsense") })).toMatchObject({
      status: "failed",
      record,
    });
    expect(await dmarcOf({ [`_dmarc.${at}`]: txt("v=DMARC1; p=rejekt") })).toMatchObject({
      status: "failed",
    });
  });
});

describe("MX", () => {
  const mxOf = async (zone: Zone) => (await findings(zone, at, google)).mx;

  test("says that replies can arrive", async () => {
    const zone: Zone = {
      [at]: {
        MX: [
          [20, "mx2.example.com"],
          [10, "mx1.example.com"],
        ],
      },
      "mx1.example.com": { A: ["192.0.2.1"] },
    };
    expect(await mxOf(zone)).toMatchObject({
      status: "ok",
      seen: ["10 mx1.example.com", "20 mx2.example.com"],
    });
  });

  test.each<[string, Zone, string, string]>([
    [
      "a domain that takes no mail by its own word",
      { [at]: { MX: [[0, "."]] } },
      "failed",
      "The domain doesn't accept mail",
    ],
    [
      "exchangers without an address",
      { [at]: { MX: [[0, "mx.example.com"]] } },
      "failed",
      "The MX names have no address",
    ],
    ["an address alone", { [at]: { A: ["192.0.2.1"] } }, "warning", "MX record not found"],
    ["neither MX nor address", { [at]: { TXT: ["x"] } }, "failed", "The domain can't receive mail"],
    ["no such domain", {}, "failed", "Domain not found"],
    ["no answer", { [at]: "broken" }, "unknown", "The DNS didn't respond"],
  ])("tells of %s", async (_, zone, status, title) => {
    expect(await mxOf(zone)).toMatchObject({ status, title });
  });
});

describe("a domain of a provider's mailboxes", () => {
  test("is its provider's business when it sends itself", async () => {
    const { spf, dkim } = await findings({}, "gmail.com", "smtp.gmail.com");
    expect([spf, dkim]).toMatchObject([{ status: "ok" }, { status: "ok" }]);
    expect((await findings({}, "hotmail.com", "smtp.office365.com")).spf).toMatchObject({ status: "ok" });
    expect((await findings({}, "gmail.com", "smtp.googlemail.com")).spf).toMatchObject({ status: "ok" });
  });

  test("is nobody else's to send with", async () => {
    const { spf, dkim, dmarc } = await findings({}, "gmail.com", "smtp.sendgrid.net");
    expect([spf, dkim]).toMatchObject([{ status: "failed" }, { status: "failed" }]);
    for (const finding of [spf, dkim, dmarc]) expect(finding).not.toHaveProperty("record");
  });
});
