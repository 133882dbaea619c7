import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { createEgress, type Lookup } from "../net/egress.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import {
  makeAuthority,
  relayScript,
  type Script,
  startScriptedServer,
  startTestRelay,
} from "../testing/index.ts";
import type { Endpoint } from "./alternatives.ts";
import { type ProbeOptions, probe } from "./probe.ts";
import type { TriedAlternative } from "./report.ts";
import { failedStage, type TestReport } from "./report.ts";

const authority = makeAuthority();
const names = ["relay.test"];
const certificate = authority.issue({ names });
const auth = { username: "jo@example.com", password: "correct horse" };
const credentials = { ...auth, method: "auto" } as const;
const here: Lookup = async () => [{ address: "127.0.0.1", family: 4 }];

type Change = Partial<Omit<ResolvedConfig, "relay">> & Partial<ResolvedConfig["relay"]>;

function target(port: number, change: Change = {}): ResolvedConfig {
  const { host = "relay.test", tls = "starttls", caPem = authority.caPem, ehloName = null, ...rest } = change;
  return {
    relay: { host, tls, caPem, ehloName, port },
    credentials: null,
    allowCleartextAuth: false,
    fromEmail: "shop@example.com",
    fromName: "The Shop",
    replyTo: null,
    needsToken: null,
    ...rest,
  };
}

/** Tests a config; if that fails, tries these endpoints. */
function run(
  config: ResolvedConfig,
  usualEndpoints: readonly Endpoint[],
  { lookup = here, ...options }: Partial<ProbeOptions> & { lookup?: Lookup } = {},
): Promise<TestReport> {
  return probe(config, {
    guard: new RecipientGuard(),
    egress: createEgress("default", lookup),
    clock: systemClock,
    templates: new LoadedTemplates(),
    usualEndpoints,
    ...options,
  });
}

async function closedPort(): Promise<number> {
  const server = await startScriptedServer(() => {});
  await server.close();
  return server.port;
}

const titles = ({ corrections }: TestReport) => corrections.map(({ title }) => title);
const silence: Script = (peer) => peer.closed;

describe("an alternative to the endpoint of the config", () => {
  it("is found by its port and TLS, without a credential", async () => {
    const server = await startScriptedServer(relayScript({ tls: certificate, auth }, () => {}));
    await using _ = server;
    const closed = await closedPort();
    const report = await run(target(closed, { credentials }), [{ port: server.port, tls: "starttls" }]);
    expect(report.ok).toBe(false);
    expect(report.corrections[0]).toEqual({
      smtpServer: "relay.test",
      smtpPort: server.port,
      useTls: true,
      tlsMode: "starttls",
      works: true,
      title: `${server.port} with STARTTLS works`,
      detail:
        "The connection uses TLSv1.3 with a valid certificate. The server offers the authentication methods PLAIN, LOGIN, XOAUTH2.",
      durationMs: expect.any(Number),
      fix: { smtpPort: server.port, useTls: true, tlsMode: "starttls" },
    });
    await server.settled();
    expect(server.connections).toHaveLength(1);
    const said = server.connections[0]!.received.toString();
    expect(said).toMatch(/QUIT\r\n$/);
    expect(said).not.toMatch(/AUTH|MAIL/);
  });

  it("comes first if it works, in the order of the alternatives", async () => {
    await using first = await startTestRelay({ tls: { ...certificate, implicit: true } });
    await using second = await startTestRelay({ tls: certificate });
    const closed = await closedPort();
    const report = await run(target(await closedPort()), [
      { port: closed, tls: "implicit" },
      { port: first.port, tls: "implicit" },
      { port: second.port, tls: "starttls" },
    ]);
    expect(report.corrections.map(({ works, smtpPort }) => [works, smtpPort]).slice(0, 3)).toEqual([
      [true, first.port],
      [true, second.port],
      [false, closed],
    ]);
    expect(titles(report)[2]).toBe(`${closed} with implicit TLS: the port is closed`);
    expect(report.corrections[2]?.fix).toBeNull();
  });

  it("is no help to a config that signs in, unless it offers a sign-in that can be used", async () => {
    await using without = await startTestRelay({ tls: certificate });
    await using strange = await startTestRelay({ tls: certificate, ehlo: ["AUTH CRAM-MD5"] });
    const report = await run(target(await closedPort(), { credentials }), [
      { port: without.port, tls: "starttls" },
      { port: strange.port, tls: "starttls" },
    ]);
    expect(report.corrections.slice(0, 2)).toMatchObject([
      { works: false, title: `${without.port} with STARTTLS: no authentication method in common`, fix: null },
      { works: false, detail: "The server offers the authentication methods CRAM-MD5." },
    ]);
  });

  it("is found for a port that offers no sign-in", async () => {
    await using relaying = await startTestRelay({ tls: certificate });
    await using submission = await startTestRelay({ tls: certificate, auth });
    const endpoints = [{ port: submission.port, tls: "starttls" }] as const;
    const report = await run(target(relaying.port, { credentials }), endpoints);
    expect(failedStage(report)).toMatchObject({ stage: "auth", evidence: { offered: [] } });
    expect(titles(report)[0]).toBe(`${submission.port} with STARTTLS works`);
  });

  it("keeps to the authority that the config names", async () => {
    const other = makeAuthority().issue({ names });
    await using relay = await startTestRelay({ tls: other });
    const report = await run(target(await closedPort()), [{ port: relay.port, tls: "starttls" }]);
    expect(titles(report)[0]).toBe(`${relay.port} with STARTTLS: another authority issued the certificate`);
  });

  it("is implicit TLS on the same port, where the server waits for that", async () => {
    await using relay = await startTestRelay({ tls: { ...certificate, implicit: true } });
    const report = await run(target(relay.port), [], { timeouts: { greetingMs: 50 } });
    expect(report.corrections).toMatchObject([{ works: true, fix: { useTls: true, tlsMode: "implicit" } }]);
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: true, tlsMode: "implicit" });
  });

  it("with the other kind of TLS on the same port ends the wait for the others", async () => {
    const clock = createFixedClock();
    await using relay = await startTestRelay({ tls: certificate });
    await using silent = await startScriptedServer(silence);
    const report = await run(
      target(relay.port, { tls: "implicit" }),
      [{ port: silent.port, tls: "starttls" }],
      {
        clock,
        // Once it is found, and not before: the time limit of the others is eight seconds.
        onAlternativeTried: ({ works }) => {
          if (works) void clock.advance(700);
        },
      },
    );
    expect(report.durationMs).toBe(700);
    expect(report.corrections).toMatchObject([
      { works: true, smtpPort: relay.port, tlsMode: "starttls" },
      { works: false, smtpPort: silent.port },
    ]);
  });

  it("takes back a fix that it disproves", async () => {
    await using server = await startScriptedServer(() => {});
    const told: unknown[] = [];
    const report = await run(target(server.port), [], {
      onStage: ({ stage, problem }) => {
        if (stage === "greeting") told.push(problem?.fix);
      },
    });
    expect(failedStage(report)?.problem?.code).toBe("greeting.hung_up");
    expect(failedStage(report)?.problem).not.toHaveProperty("fix");
    expect(told).toEqual([{ useTls: true, tlsMode: "implicit" }, undefined]);
    expect(report.corrections).toMatchObject([{ works: false, tlsMode: "implicit" }]);
  });

  it("is the same port without TLS on this machine only", async () => {
    await using relay = await startTestRelay();
    const local = await run(target(relay.port, { host: "127.0.0.1" }), []);
    expect(local.corrections.filter(({ works }) => works)).toMatchObject([
      { title: `${relay.port} without TLS works`, useTls: false, fix: { useTls: false } },
    ]);
    const remote = await run(target(relay.port), []);
    expect(remote.corrections.map(({ useTls }) => useTls)).not.toContain(false);
  });

  it("is not looked for once the sign-in was refused, nor after a test that passed", async () => {
    await using relay = await startTestRelay({ tls: certificate, auth });
    const endpoints = [{ port: relay.port, tls: "implicit" }] as const;
    const wrong = { ...credentials, password: "wrong" };
    expect((await run(target(relay.port, { credentials: wrong }), endpoints)).corrections).toEqual([]);
    expect((await run(target(relay.port, { credentials }), endpoints)).corrections).toEqual([]);
  });
});

describe("a certificate for another name", () => {
  const lookup: Lookup = async (host) => [
    { address: host === "elsewhere.test" ? "127.0.0.2" : "127.0.0.1", family: 4 },
  ];

  it("proposes the name that leads to the same server and verifies there", async () => {
    const tls = authority.issue({ names: ["elsewhere.test", "*.wild.test", "mx.provider.test"] });
    await using relay = await startTestRelay({ tls });
    const report = await run(target(relay.port), [], { lookup });
    expect(failedStage(report)?.problem?.code).toBe("tls.wrong_name");
    expect(failedStage(report)?.problem).not.toHaveProperty("fix");
    expect(report.corrections.slice(0, 2)).toMatchObject([
      {
        smtpServer: "mx.provider.test",
        works: true,
        title: `mx.provider.test, ${relay.port} with STARTTLS works`,
        detail: expect.stringContaining("Use this name only if you know it."),
        fix: { smtpServer: "mx.provider.test" },
      },
      {
        smtpServer: "elsewhere.test",
        works: false,
        title: `elsewhere.test, ${relay.port} with STARTTLS: resolves to another server`,
      },
    ]);
  });
});

describe("a certificate that only lacks trust", () => {
  const { key, cert } = certificate;

  it("can be pinned by its authority, where the server sent that, and the pin works", async () => {
    await using relay = await startTestRelay({ tls: { key, cert: cert + authority.caPem } });
    const report = await run(target(relay.port, { caPem: null }), []);
    const { code, remedy, fix } = failedStage(report)!.problem!;
    expect(code).toBe("tls.private_authority");
    expect(fix).toEqual({ caPem: authority.caPem });
    expect(remedy).toContain("CN=Sendwright test authority");
    const chain = failedStage(report)!.evidence.chain as { fingerprint256: string }[];
    expect(remedy).toContain(chain[1]!.fingerprint256);
    expect((await run(target(relay.port, { caPem: fix!.caPem! }), [])).ok).toBe(true);
  });

  it("can be pinned itself, where it came alone", async () => {
    const own = authority.selfSigned({ names });
    await using relay = await startTestRelay({ tls: own });
    const report = await run(target(relay.port, { caPem: null }), []);
    expect(failedStage(report)?.problem).toMatchObject({ code: "tls.self_signed", fix: { caPem: own.cert } });
    expect((await run(target(relay.port, { caPem: own.cert }), [])).ok).toBe(true);
  });

  it("cannot where that would not help, and the remedy says why", async () => {
    await using relay = await startTestRelay({ tls: authority.selfSigned({ names: ["other.test"] }) });
    const report = await run(target(relay.port, { caPem: null }), []);
    expect(failedStage(report)?.problem).not.toHaveProperty("fix");
    expect(failedStage(report)?.problem?.remedy).toContain("It is not for relay.test.");
  });

  it("is explained by what matters first, where its authority has ended and the name is wrong", async () => {
    const ended = makeAuthority({ notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-03") });
    const wrong = ended.issue({ names: ["other.test"] });
    await using relay = await startTestRelay({ tls: { key: wrong.key, cert: wrong.cert + ended.caPem } });
    const report = await run(target(relay.port, { caPem: null }), []);
    const failed = failedStage(report);
    expect(failed?.problem?.code).toBe("tls.expired");
    expect(failed?.problem).not.toHaveProperty("fix");
    expect(failed?.evidence.faults).toEqual([
      expect.stringContaining("expired on 2020-02-03."),
      "It is not for relay.test.",
    ]);
    // Neither the name of the certificate, nor a kind of TLS that the port does not begin with.
    expect(report.corrections).toEqual([]);
  });

  it("cannot where it holds the password", async () => {
    const password = "correct-horse-battery";
    await using relay = await startTestRelay({
      tls: authority.selfSigned({ names: ["relay.test", password] }),
    });
    const config = target(relay.port, { caPem: null, credentials: { ...credentials, password } });
    const report = await run(config, []);
    expect(failedStage(report)?.problem?.code).toBe("tls.self_signed");
    expect(failedStage(report)?.problem).not.toHaveProperty("fix");
    expect(JSON.stringify(report)).not.toContain(password);
  });
});

describe("is safe", () => {
  it("where a name leads elsewhere the second time: what is dialled was checked", async () => {
    await using silent = await startScriptedServer(silence);
    const answers = ["127.0.0.1"];
    const lookup = vi.fn<Lookup>(async () => [{ address: answers.shift() ?? "169.254.169.254", family: 4 }]);
    const report = await run(target(await closedPort()), [{ port: silent.port, tls: "starttls" }], {
      lookup,
    });
    expect(failedStage(report)?.stage).toBe("connect");
    for (const title of titles(report)) expect(title).toMatch(/: Sendwright isn't allowed to connect$/);
    expect(lookup).toHaveBeenCalledTimes(3);
    expect(silent.connections).toEqual([]);
  });

  it("where something else listens: what that says is not repeated", async () => {
    const page =
      "HTTP/1.1 200 OK\r\nX-Inside: secret-of-the-intranet\r\n\r\n<title>secret-of-the-intranet</title>\r\n";
    await using server = await startScriptedServer((peer) => peer.send(page));
    await using other = await startScriptedServer((peer) => peer.send(page));
    const told: unknown[] = [];
    const tell = (what: unknown) => void told.push(what);
    const report = await run(target(server.port), [{ port: other.port, tls: "starttls" }], {
      onProgress: tell,
      onStage: tell,
      onAlternativeTried: tell,
    });
    expect(failedStage(report)?.problem?.code).toBe("greeting.not_smtp");
    expect(titles(report)).toContain(`${other.port} with STARTTLS: this isn't an SMTP server`);
    expect(JSON.stringify([report, told])).not.toMatch(/intranet|HTTP/);
  });

  it.each(["greeting", "ehlo", "starttls"] as const)(
    "where the password is echoed at %s, from an earlier test",
    async (stage) => {
      const { password, username } = auth;
      const forms = [
        password,
        encodeURIComponent(password),
        Buffer.from(password).toString("base64"),
        Buffer.from(`\0${username}\0${password}`).toString("base64"),
        Buffer.from(password).toString("hex"),
      ];
      const lines = (code: number) =>
        [...forms.map((form) => `${code}-${form}`), `${code} and no`].map((line) => `${line}\r\n`).join("");
      const echo: Script = async (peer) => {
        if (stage === "greeting") return peer.send(lines(554));
        peer.send("220 relay.test\r\n");
        await peer.line();
        if (stage === "ehlo") return peer.send(lines(550));
        peer.send(`250-${password}\r\n250-AUTH ${forms[2]}\r\n250 STARTTLS\r\n`);
        await peer.line();
        peer.send(lines(501));
      };
      await using server = await startScriptedServer(echo);
      await using other = await startScriptedServer(echo);
      const told: unknown[] = [];
      const tell = (what: unknown) => void told.push(what);
      const report = await run(
        target(server.port, { credentials }),
        [{ port: other.port, tls: "starttls" }],
        {
          onProgress: tell,
          onStage: tell,
          onAlternativeTried: tell,
        },
      );
      expect(failedStage(report)?.stage).toBe(stage);
      expect(report.corrections.map(({ smtpPort }) => smtpPort)).toContain(other.port);
      const text = JSON.stringify([report, told]);
      for (const form of forms) expect(text).not.toContain(form);
    },
  );

  it("where the client goes away: every connection is closed at once", async () => {
    await using silent = await startScriptedServer(silence);
    const leaving = new AbortController();
    const corrections: TriedAlternative[] = [];
    const running = run(
      target(await closedPort()),
      [
        { port: silent.port, tls: "starttls" },
        { port: silent.port, tls: "implicit" },
      ],
      {
        // Nothing but the client's leaving ends the wait.
        clock: createFixedClock(),
        signal: leaving.signal,
        onAlternativeTried: (correction) => corrections.push(correction),
      },
    );
    await expect.poll(() => silent.connections.length).toBe(2);
    leaving.abort(new Error("gone"));
    await expect(running).rejects.toThrow("gone");
    await silent.settled();
    expect(corrections.filter(({ smtpPort }) => smtpPort === silent.port)).toEqual([]);
  });

  it("if the alternatives drip: none gets more than eight seconds", async () => {
    const clock = createFixedClock();
    await using tarpit = await startScriptedServer(async (peer) => {
      for (;;) await peer.dribble("220-wait\r\n", () => clock.advance(100));
    });
    const report = await run(target(await closedPort()), [{ port: tarpit.port, tls: "starttls" }], { clock });
    expect(report.corrections).toMatchObject([{ works: false, durationMs: 8_000 }, { works: false }]);
    expect(clock.waiting).toBe(0);
  });

  it("where the test as a whole has no time left: it ends then", async () => {
    const clock = createFixedClock();
    await using silent = await startScriptedServer(silence);
    const report = await run(target(silent.port), [{ port: silent.port, tls: "implicit" }], {
      clock,
      timeouts: { greetingMs: 43_000, overallMs: 45_000 },
      onStage: ({ stage }) => {
        if (stage === "connect") void clock.advance(43_000);
      },
      onAlternativesFound: () => void clock.advance(2_000),
    });
    expect(report.durationMs).toBe(45_000);
    expect(report.corrections).toMatchObject([{ works: false, durationMs: 2_000 }]);
    expect(clock.waiting).toBe(0);
  });
});
