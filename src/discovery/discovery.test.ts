import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DnsServer, startDnsServer, type Zone } from "../../test/support/dns-server.ts";
import { systemClock } from "../core/clock.ts";
import { createLog } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { openDns } from "../net/dns.ts";
import { createEgress } from "../net/egress.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { makeAuthority, startTestRelay, type TestRelay } from "../testing/index.ts";
import { Discovery } from "./discovery.ts";

const actor: Actor = { id: "user:1", name: "Ada" };
const authority = makeAuthority();
// Whoever looks for settings has no CA of their own to name yet: the relay's must be one of the public ones.
setDefaultCACertificates([...getCACertificates("default"), authority.caPem]);

/** Every name is this machine, where nothing listens but the relay of the test. */
const egress = createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]);

let store: Store;
let relay: TestRelay;
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
  const tls = authority.issue({ names: ["mail.example.com", "mail.host.example"] });
  relay = await startTestRelay({ tls, auth: { username: "jo", password: "correct horse" } });
});
afterEach(async () => {
  await relay.close();
  await store.close();
});

function discoveryOver(server: DnsServer) {
  return new Discovery({
    store,
    egress,
    clock: systemClock,
    log: createLog("silent"),
    openDns: ({ signal }) => openDns({ servers: [server.address], signal }),
  });
}

async function find(zone: Zone, email: string) {
  await using server = await startDnsServer(zone);
  const report = await discoveryOver(server).find({ email }, actor);
  return { ...report, questions: server.questions };
}

const submission = (target: string, port = relay.port, priority = 0, weight = 0) =>
  [priority, weight, port, target] as const;

test("knows the settings of a well-known provider's address, and asks no DNS for them", async () => {
  const { candidates, provider, questions } = await find({}, "jo@gmail.com");
  expect(provider).toEqual({ id: "gmail", name: "Gmail" });
  expect(candidates).toEqual([
    {
      source: "catalogue",
      provider: "gmail",
      smtpServer: "smtp.gmail.com",
      smtpPort: 587,
      useTls: true,
      tlsMode: "auto",
      username: "jo@gmail.com",
      usernameHint: "Your full Gmail address.",
      passwordHint: expect.stringContaining("app password"),
      helpUrl: expect.stringMatching(/^https:/),
      verified: false,
      detail: expect.stringContaining("smtp.gmail.com:587"),
    },
  ]);
  expect(questions).toEqual([]);
});

test("signs in by the part before the @ where the provider wants that", async () => {
  const { candidates } = await find({}, "jo@free.fr");
  expect(candidates).toMatchObject([{ smtpServer: "smtp.free.fr", username: "jo" }]);
});

test("says of a provider without SMTP that it has none", async () => {
  const { candidates, provider, notes } = await find({}, "jo@tuta.com");
  expect([candidates, provider]).toEqual([[], { id: "tuta", name: "Tuta" }]);
  expect(notes).toEqual([expect.stringContaining("Tuta doesn't support SMTP")]);
  const zone: Zone = { "example.com": { MX: [[10, "mail.tutanota.de"]] } };
  expect(await find(zone, "jo@example.com")).toMatchObject({ candidates: [], provider: { id: "tuta" } });
});

describe("SRV records", () => {
  test("name a server that is tried out before it is offered", async () => {
    const zone: Zone = { "_submission._tcp.example.com": { SRV: [submission("mail.example.com")] } };
    const { candidates } = await find(zone, "jo@example.com");
    expect(candidates).toMatchObject([
      {
        source: "srv",
        provider: null,
        smtpServer: "mail.example.com",
        smtpPort: relay.port,
        tlsMode: "auto",
        username: "jo@example.com",
        verified: true,
        detail: `mail.example.com responded on port ${relay.port} with a valid certificate.`,
      },
    ]);
  });

  test("are shown to lead out of the domain, for a person to agree to", async () => {
    const zone: Zone = { "_submission._tcp.example.com": { SRV: [submission("mail.host.example")] } };
    const [found] = (await find(zone, "jo@example.com")).candidates;
    expect(found).toMatchObject({ smtpServer: "mail.host.example", verified: true });
    expect(found?.detail).toContain("outside that domain");
  });

  test("count by priority and weight, those with TLS from the first byte in front, what works before what does not", async () => {
    const zone: Zone = {
      "_submissions._tcp.example.com": { SRV: [submission("a.example.com", 1)] },
      "_submission._tcp.example.com": {
        SRV: [
          submission("d.example.com", 1, 20),
          submission("c.example.com", 1, 10, 1),
          submission("b.example.com", 1, 10, 9),
          submission("mail.example.com", relay.port, 10),
        ],
      },
    };
    const { candidates } = await find(zone, "jo@example.com");
    expect(candidates.map(({ smtpServer, tlsMode }) => `${smtpServer} ${tlsMode}`)).toEqual([
      "mail.example.com auto",
      "a.example.com implicit",
      "b.example.com auto",
      "c.example.com auto",
    ]);
  });

  test("of a dot say that nothing is offered, and nothing is guessed then", async () => {
    const zone: Zone = {
      "_submissions._tcp.example.com": { SRV: [[0, 0, 0, "."]] },
      "_submission._tcp.example.com": { SRV: [[0, 0, 0, "."]] },
    };
    const { candidates, notes } = await find(zone, "jo@example.com");
    expect(candidates).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("doesn't support mail submission")]);
  });
});

test("takes the host of the mailboxes from the MX, with the server of its region", async () => {
  const zone: Zone = {
    "example.com": {
      MX: [
        [20, "mx.other.example"],
        [10, "mx.zoho.eu"],
      ],
    },
  };
  const { candidates, provider } = await find(zone, "jo@example.com");
  expect(provider).toEqual({ id: "zoho", name: "Zoho Mail" });
  expect(candidates).toMatchObject([
    {
      source: "mx",
      provider: "zoho",
      smtpServer: "smtppro.zoho.eu",
      smtpPort: 465,
      username: "jo@example.com",
    },
  ]);
});

test("offers no guess that does not answer, and says that it found nothing", async () => {
  const { candidates, notes } = await find(
    { "example.com": { MX: [[10, "mx.example.com"]] } },
    "jo@example.com",
  );
  expect(candidates).toEqual([]);
  expect(notes).toEqual([expect.stringContaining("Sendwright found no settings for example.com")]);
});

test("says that the DNS did not answer", async () => {
  const zone: Zone = {
    "example.com": "broken",
    "_submission._tcp.example.com": { SRV: [submission("mail.example.com")] },
  };
  const { candidates, notes } = await find(zone, "jo@example.com");
  expect(candidates).toHaveLength(1);
  expect(notes).toEqual([expect.stringContaining("The DNS didn't respond to all queries")]);
});

test("takes no wrong address", async () => {
  await using server = await startDnsServer({});
  const discovery = discoveryOver(server);
  for (const body of [{ email: "jo" }, {}, { email: "jo@example.com", x: 1 }, null]) {
    await expect(discovery.find(body, actor)).rejects.toMatchObject({ code: "input.invalid" });
  }
  expect(await listAudit(store.db, { after: null, limit: 10 })).toEqual([]);
});

test("writes down who looked for what, and what was dialled", async () => {
  const zone: Zone = { "_submission._tcp.example.com": { SRV: [submission("mail.example.com")] } };
  await find(zone, "jo@example.com");
  expect(await listAudit(store.db, { after: null, limit: 10 })).toMatchObject([
    {
      actor,
      action: "smtp_config.discovered",
      target: null,
      detail: { domain: "example.com", found: [`mail.example.com:${relay.port}`], finished: true },
    },
  ]);
});

test("lets nobody search twice at a time, or too often", async () => {
  await using server = await startDnsServer({});
  const discovery = discoveryOver(server);
  const body = { email: "jo@tuta.com" };
  const first = discovery.find(body, actor);
  await expect(discovery.find(body, actor)).rejects.toMatchObject({ code: "test.busy" });
  await first;
  for (let count = 1; count < 10; count++) await discovery.find(body, actor);
  await expect(discovery.find(body, actor)).rejects.toMatchObject({ code: "test.busy" });
  await discovery.find(body, { id: "user:2", name: "Bob" });
});

test("is cut off by the one who asked, and says so in the log", async () => {
  await using server = await startDnsServer({ "_submission._tcp.example.com": "silent" });
  const gone = new AbortController();
  const search = discoveryOver(server).find({ email: "jo@example.com" }, actor, gone.signal);
  gone.abort(new Error("gone"));
  await expect(search).rejects.toThrow("gone");
  expect(await listAudit(store.db, { after: null, limit: 10 })).toMatchObject([
    { detail: { finished: false } },
  ]);
});
