import { describe, expect, test } from "vitest";
import { systemClock } from "../core/clock.ts";
import type { Stage } from "../core/model.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { createEgress, type Lookup } from "../net/egress.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import {
  makeAuthority,
  type RelayOptions,
  relayScript,
  type Script,
  type ScriptedServerOptions,
  startScriptedServer,
  startTestRelay,
} from "../testing/index.ts";
import { type ProbeOptions, probe } from "./probe.ts";
import { failedStage, type TestReport, type TestStage } from "./report.ts";

const authority = makeAuthority();
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
const names = ["relay.test"];
const certificate = authority.issue({ names, notAfter: inDays(90) });
const auth = { username: "jo@example.com", password: "correct horse" };
const credentials = { ...auth, method: "auto" } as const;

/** Every name is this machine. */
const here: Lookup = async () => [{ address: "127.0.0.1", family: 4 }];
const egress = createEgress("default", here);

type Change = Partial<Omit<ResolvedConfig, "relay">> & Partial<ResolvedConfig["relay"]>;

function target(port: number, change: Change = {}): ResolvedConfig {
  const { host = "relay.test", tls = "starttls", caPem = authority.caPem, ehloName = null, ...rest } = change;
  return {
    relay: { host, tls, caPem, ehloName, port: change.port ?? port },
    credentials: null,
    needsToken: null,
    allowCleartextAuth: false,
    fromEmail: "shop@example.com",
    fromName: "The Shop",
    replyTo: null,
    ...rest,
  };
}

function run(config: ResolvedConfig, options: Partial<ProbeOptions> = {}): Promise<TestReport> {
  return probe(config, {
    guard: new RecipientGuard(),
    egress,
    clock: systemClock,
    templates: new LoadedTemplates(),
    usualEndpoints: [],
    ...options,
  });
}

async function probeRelay(
  relayOptions: RelayOptions,
  change: Change = {},
  options: Partial<ProbeOptions> = {},
): Promise<TestReport> {
  await using relay = await startTestRelay(relayOptions);
  return await run(target(relay.port, change), options);
}

async function probeScript(
  script: Script,
  change: Change = {},
  { server = {}, ...options }: Partial<ProbeOptions> & { server?: ScriptedServerOptions } = {},
): Promise<TestReport> {
  await using scripted = await startScriptedServer(script, server);
  return await run(target(scripted.port, change), options);
}

const line = ({ stages }: TestReport) => stages.map(({ stage, status }) => `${stage} ${status}`);
const stageOf = (report: TestReport, stage: Stage): TestStage =>
  report.stages.find((candidate) => candidate.stage === stage)!;
const problem = (report: TestReport) => {
  const failed = failedStage(report);
  return { stage: failed?.stage, code: failed?.problem?.code };
};

describe("a relay that works", () => {
  test("passes every stage up to the sender, and gets no message", async () => {
    await using relay = await startTestRelay({ tls: certificate, auth });
    const report = await run(target(relay.port, { credentials }));
    expect(line(report)).toEqual([
      "resolve passed",
      "connect passed",
      "greeting passed",
      "ehlo passed",
      "starttls passed",
      "tls passed",
      "auth passed",
      "sender passed",
      "recipient skipped",
      "message skipped",
    ]);
    expect(report.ok).toBe(true);
    expect(relay.messages).toEqual([]);
    const { version, names, validTo, daysLeft } = stageOf(report, "tls").evidence;
    expect({ version, names, validTo, daysLeft }).toEqual({
      version: "TLSv1.3",
      names: ["relay.test"],
      validTo: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      daysLeft: 89,
    });
    expect(stageOf(report, "sender").transcript.map(({ text }) => text)).toEqual([
      "MAIL FROM:<shop@example.com>",
      "250 2.1.0 Sender taken",
      "RSET",
      "250 2.0.0 Forgotten",
    ]);
    // Of the two answers to EHLO, the one inside TLS counts.
    expect(stageOf(report, "ehlo").evidence).toMatchObject({ authMechanisms: ["PLAIN", "LOGIN", "XOAUTH2"] });
    expect(stageOf(report, "auth").evidence).toMatchObject({ mechanism: "PLAIN" });
  });

  test("has tls before greeting where TLS is implicit", async () => {
    const report = await probeRelay({ tls: { ...certificate, implicit: true } }, { tls: "implicit" });
    expect(line(report).slice(0, 6)).toEqual([
      "resolve passed",
      "connect passed",
      "tls passed",
      "greeting passed",
      "ehlo passed",
      "starttls skipped",
    ]);
  });

  test("hears of the admin's own address, but gets no message for it", async () => {
    await using relay = await startTestRelay();
    const report = await run(target(relay.port, { tls: "none" }), { recipient: "ada@example.com" });
    expect(line(report).slice(-3)).toEqual(["sender passed", "recipient passed", "message skipped"]);
    expect(stageOf(report, "recipient").evidence).toEqual({
      to: "ada@example.com",
      reply: "250 2.1.5 Recipient taken",
    });
    expect(relay.messages).toEqual([]);
  });

  test("gets a real email where somebody is named to send it to", async () => {
    await using relay = await startTestRelay({ onDot: () => "250 2.0.0 Ok: queued as 4BxYz" });
    const config = target(relay.port, { tls: "none", replyTo: "help@example.com" });
    const report = await run(config, { sendTo: "pat@example.net", recipient: "ada@example.com" });
    expect(line(report).slice(-3)).toEqual(["sender passed", "recipient passed", "message passed"]);
    expect(stageOf(report, "message").evidence).toEqual({
      to: "pat@example.net",
      messageId: expect.stringMatching(/^<.+@example\.com>$/),
      reply: "250 2.0.0 Ok: queued as 4BxYz",
    });
    const [message] = await relay.delivered(1);
    expect(message).toMatchObject({ from: "shop@example.com", to: ["pat@example.net"] });
    const text = message!.content.toString();
    expect(text).toMatch(/^From: The Shop <shop@example\.com>\r\nReply-To: help@example\.com\r\n/);
    expect(text).toContain("Subject: Sendwright: test email\r\n");
    expect(text).toContain("Auto-Submitted: auto-generated\r\n");
    expect(text).toMatch(/multipart\/alternative/);
  });

  test("tells each stage as it ends", async () => {
    const seen: string[] = [];
    await probeRelay(
      { tls: certificate },
      {},
      { onStage: ({ stage, status }) => seen.push(`${stage} ${status}`) },
    );
    expect(seen).toEqual([
      "resolve passed",
      "connect passed",
      "greeting passed",
      "ehlo passed",
      "starttls passed",
      "tls passed",
      "ehlo passed",
      "auth skipped",
      "sender passed",
    ]);
  });
});

describe("a warning", () => {
  test("for a certificate that ends soon, without failing the test", async () => {
    const report = await probeRelay({ tls: authority.issue({ names, notAfter: inDays(20) }) });
    expect(report.ok).toBe(true);
    expect(stageOf(report, "tls")).toMatchObject({
      status: "warning",
      problem: { code: "tls.expires_soon" },
    });
    expect(stageOf(report, "tls").problem?.explanation).toContain("19 days");
  });

  test("for a sign-in without TLS", async () => {
    const report = await probeRelay({ auth }, { tls: "none", credentials, allowCleartextAuth: true });
    expect(report.ok).toBe(true);
    expect(stageOf(report, "auth")).toMatchObject({
      status: "warning",
      problem: { code: "auth.in_the_clear" },
    });
  });

  test("but not for a sign-in that stays on this machine", async () => {
    const report = await probeRelay(
      { auth },
      { host: "127.0.0.1", tls: "none", credentials, allowCleartextAuth: true },
    );
    expect(stageOf(report, "auth").status).toBe("passed");
  });

  test("for an address that does not answer before one that does", async () => {
    await using relay = await startTestRelay();
    const lookup: Lookup = async () => [
      { address: "127.0.0.2", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    const config = target(relay.port, { tls: "none" });
    const report = await run(config, { egress: createEgress("default", lookup) });
    expect(report.ok).toBe(true);
    expect(stageOf(report, "connect").problem?.code).toBe("connect.some_addresses_dead");
    expect(stageOf(report, "connect").problem?.explanation).toContain("127.0.0.2");
  });
});

describe("explains", () => {
  async function closedPort(): Promise<number> {
    const server = await startScriptedServer(() => {});
    await server.close();
    return server.port;
  }

  test("a closed port, and skips every stage after it", async () => {
    const report = await run(target(await closedPort()));
    expect(problem(report)).toEqual({ stage: "connect", code: "connect.refused" });
    expect(report.ok).toBe(false);
    expect(line(report)).toEqual([
      "resolve passed",
      "connect failed",
      ...["greeting", "ehlo", "starttls", "tls", "auth", "sender", "recipient", "message"].map(
        (stage) => `${stage} skipped`,
      ),
    ]);
  });

  test("a closed port on this machine", async () => {
    const report = await run(target(await closedPort(), { host: "localhost" }));
    expect(problem(report).code).toBe("connect.refused_here");
  });

  test("a port that answers nothing", async () => {
    const clock = createFixedClock();
    const lookup: Lookup = () => new Promise(() => {});
    const running = run(target(25), { clock, egress: createEgress("default", lookup) });
    await clock.advance(10_000);
    expect(problem(await running)).toEqual({ stage: "resolve", code: "resolve.timed_out" });
  });

  test("a server that does not exist", async () => {
    const lookup: Lookup = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const report = await run(target(25), { egress: createEgress("default", lookup) });
    expect(problem(report)).toEqual({ stage: "resolve", code: "resolve.unknown_host" });
    expect(failedStage(report)?.problem?.explanation).toContain("relay.test");
  });

  test("an address that may not be dialled", async () => {
    const lookup: Lookup = async () => [{ address: "169.254.169.254", family: 4 }];
    const report = await run(target(25), { egress: createEgress("default", lookup) });
    expect(problem(report)).toEqual({ stage: "resolve", code: "egress.refused" });
  });

  test("TLS from the start where the server speaks first", async () => {
    const report = await probeRelay({ tls: certificate }, { tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.starttls_expected" });
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: true, tlsMode: "starttls" });
  });

  test.each(["starttls", "none"] as const)("%s where the server waits for TLS", async (tls) => {
    const clock = createFixedClock();
    const report = await probeRelay(
      { tls: { ...certificate, implicit: true } },
      { tls },
      waitOut(clock, "connect", 1_000),
    );
    expect(problem(report)).toEqual({ stage: "greeting", code: "tls.implicit_perhaps" });
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: true, tlsMode: "implicit" });
    // No other time passes than that after which TLS is looked for, and no silence is waited for again.
    expect(report.durationMs).toBe(1_000);
    expect(report.corrections).toMatchObject([{ works: true, tlsMode: "implicit" }]);
  });

  test("a server that waits for TLS with a certificate that is refused", async () => {
    const clock = createFixedClock();
    const tls = { ...makeAuthority().issue({ names }), implicit: true };
    const report = await probeRelay({ tls }, {}, waitOut(clock, "connect", 1_000));
    expect(problem(report)).toEqual({ stage: "greeting", code: "tls.implicit_perhaps" });
    expect(report.corrections).toMatchObject([{ works: false, title: expect.stringContaining("authority") }]);
    expect(report.durationMs).toBe(1_000);
  });

  test("a server that greets late in the clear, whatever it makes of a handshake", async () => {
    const clock = createFixedClock();
    const greet = Promise.withResolvers<void>();
    await using server = await startScriptedServer(async (peer) => {
      if (server.connections.length > 1) {
        // The second connection is there for a handshake: this one begins in the clear like the first.
        peer.send("220 relay.test\r\n");
        greet.resolve();
        await peer.closed;
        return;
      }
      await greet.promise;
      peer.send("220 relay.test\r\n");
      await peer.line();
      peer.send("250 relay.test\r\n");
      await peer.closed;
    });
    const report = await run(target(server.port), waitOut(clock, "connect", 1_000));
    expect(problem(report)).toEqual({ stage: "starttls", code: "starttls.missing" });
    expect(report.corrections.map(({ smtpPort }) => smtpPort)).not.toContain(server.port);
  });

  test.each([
    [
      "tls.expired",
      authority.issue({ names, notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-03") }),
    ],
    ["tls.wrong_name", authority.issue({ names: ["mx1.other.test"] })],
    ["tls.self_signed", authority.selfSigned({ names })],
    ["tls.other_authority", makeAuthority().issue({ names })],
  ])("a refused certificate on a port with TLS from the start, at once: %s", async (code, pair) => {
    const clock = createFixedClock(Date.now());
    const report = await probeRelay({ tls: { ...pair, implicit: true } }, { tls: "implicit" }, { clock });
    expect(problem(report)).toEqual({ stage: "tls", code });
    expect(report.durationMs).toBe(0);
  });

  test("a refused certificate, and does not wait long for ports that are filtered", async () => {
    const clock = createFixedClock(Date.now());
    await using silent = await startScriptedServer((peer) => peer.closed);
    const report = await probeRelay(
      { tls: { ...authority.selfSigned({ names }), implicit: true } },
      { tls: "implicit" },
      {
        clock,
        usualEndpoints: [{ port: silent.port, tls: "starttls" }],
        onAlternativesFound: () => void clock.advance(8_000),
      },
    );
    expect(problem(report).code).toBe("tls.self_signed");
    expect(report.durationMs).toBe(2_000);
  });

  test.each(["recipient", "sender"] as const)("a relay that ends it all at the %s", async (stage) => {
    const tooMany = () => "421 4.7.0 relay.test Error: too many errors";
    const refusing = stage === "sender" ? { onMail: tooMany } : { onRcpt: tooMany };
    const report = await probeRelay(refusing, { tls: "none" }, { recipient: "ada@example.com" });
    expect(problem(report)).toEqual({ stage, code: "relay.rate_limited" });
    expect(failedStage(report)?.evidence).toEqual({ reply: tooMany() });
  });

  test("STARTTLS that is not offered", async () => {
    const report = await probeRelay({});
    expect(problem(report)).toEqual({ stage: "starttls", code: "starttls.missing" });
  });

  test.each([
    ["tls.self_signed", authority.selfSigned({ names })],
    ["tls.other_authority", makeAuthority().issue({ names })],
    ["tls.wrong_name", authority.issue({ names: ["mx1.other.test", "mx2.other.test"] })],
    [
      "tls.expired",
      authority.issue({ names, notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-03") }),
    ],
    ["tls.not_yet_valid", authority.issue({ names, notBefore: inDays(5), notAfter: inDays(50) })],
  ])("a certificate that is refused: %s", async (code, tls) => {
    const report = await probeRelay({ tls, auth }, { credentials });
    expect(problem(report)).toEqual({ stage: "tls", code });
    expect(stageOf(report, "tls").evidence).toMatchObject({ authorized: false, names: expect.any(Array) });
  });

  test("a certificate that has the address of the server as a name", async () => {
    const tls = authority.issue({ names: ["DNS:127.0.0.1"] });
    const report = await probeRelay({ tls, auth }, { credentials, host: "127.0.0.1" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.address_as_name" });
    expect(failedStage(report)?.problem?.remedy).toContain("IP:127.0.0.1");
    expect(stageOf(report, "tls").evidence.faults).toEqual([expect.stringContaining("as a DNS name")]);
  });

  test("a certificate of an authority that nobody knows", async () => {
    const report = await probeRelay({ tls: certificate }, { caPem: null });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.unknown_authority" });
    expect(failedStage(report)?.problem?.explanation).toContain("CN=Sendwright test authority");
  });

  test("a certificate by the names it has and the date on which it ended", async () => {
    const wrongName = await probeRelay({
      tls: authority.issue({ names: ["mx1.other.test", "mx2.other.test"] }),
    });
    expect(failedStage(wrongName)?.problem?.explanation).toContain("mx1.other.test, mx2.other.test");
    const notAfter = new Date("2020-02-03");
    const expired = await probeRelay({
      tls: authority.issue({ names, notBefore: new Date("2020-01-01"), notAfter }),
    });
    expect(failedStage(expired)?.problem?.explanation).toContain("2020-02-03");
  });

  test("TLS that is too old", async () => {
    const old = {
      ...certificate,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    } as const;
    const report = await probeRelay({ tls: { ...old, implicit: true } }, { tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.too_old" });
  });

  test("a handshake that is cut off", async () => {
    const report = await probeScript(async (peer) => void (await peer.bytes(1)), { tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.interrupted" });
  });

  test.each([
    ["421 4.3.2 Too busy", "greeting.busy"],
    ["554 5.7.1 No service for you", "greeting.refused"],
  ])("a greeting of %s", async (greeting, code) => {
    expect(problem(await probeRelay({ greeting }))).toEqual({ stage: "greeting", code });
  });

  test("something that is not a mail server, without repeating what it says", async () => {
    const report = await probeScript((peer) =>
      peer.send("HTTP/1.1 200 OK\r\nX-Inside: secret-of-the-intranet\r\n\r\n"),
    );
    expect(problem(report)).toEqual({ stage: "greeting", code: "greeting.not_smtp" });
    expect(JSON.stringify(report)).not.toContain("intranet");
  });

  test("a name that the relay does not accept", async () => {
    const report = await probeRelay({
      onEhlo: () => "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
    });
    expect(problem(report)).toEqual({ stage: "ehlo", code: "ehlo.name_refused" });
  });

  test.each(["250 injected", "454 4.7.0 TLS not available", "501 5.5.1 What?", "421 4.3.0 Closing"])(
    "plaintext after the answer to STARTTLS: %s",
    async (line) => {
      const report = await probeScript(async (peer) => {
        peer.send("220 relay.test\r\n");
        await peer.line();
        peer.send("250-relay.test\r\n250 STARTTLS\r\n");
        await peer.line();
        peer.send(`220 Go ahead\r\n${line}\r\n`);
        await peer.closed;
      });
      expect(problem(report)).toEqual({ stage: "starttls", code: "starttls.injected" });
      expect(stageOf(report, "starttls").transcript.map(({ text }) => text)).toEqual([
        "STARTTLS",
        "220 Go ahead",
        line,
      ]);
    },
  );

  test("plaintext that comes once the handshake has begun", async () => {
    const report = await probeScript(async (peer) => {
      peer.send("220 relay.test\r\n");
      await peer.line();
      peer.send("250-relay.test\r\n250 STARTTLS\r\n");
      await peer.line();
      peer.send("220 Go ahead\r\n");
      // A ClientHello is no line, so any byte of it will do.
      await peer.bytes(1);
      peer.send("454 4.7.0 TLS not available after all\r\n");
      await peer.closed;
    });
    expect(problem(report)).toEqual({ stage: "tls", code: "starttls.clear_answer" });
  });

  test("plaintext right after the answer to STARTTLS, that is, part of a reply", async () => {
    const report = await probeScript(async (peer) => {
      peer.send("220 relay.test\r\n");
      await peer.line();
      peer.send("250-relay.test\r\n250 STARTTLS\r\n");
      await peer.line();
      peer.send("220 Go ahead\r\n250");
      await peer.closed;
    });
    expect(problem(report)).toEqual({ stage: "starttls", code: "starttls.injected" });
  });

  test.each([
    ["auth.credentials", "535 5.7.8 Error: authentication failed", "relay.test"],
    [
      "auth.gmail_app_password",
      "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor - gsmtp",
      "relay.test",
    ],
    ["auth.sendgrid_username", "535 Authentication failed: Bad username / password", "smtp.sendgrid.net"],
    ["auth.temporary", "454 4.7.0 Temporary authentication failure", "relay.test"],
  ])("a sign-in that is refused: %s", async (code, reply, host) => {
    const script: Script = async (peer) => {
      peer.send("220 relay.test\r\n");
      await peer.expect(/^EHLO /);
      peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
      await peer.expect(/^AUTH PLAIN /);
      peer.send(`${reply}\r\n`);
      await peer.expect("QUIT");
    };
    const report = await probeScript(
      script,
      { host, tls: "implicit", credentials },
      { server: { implicitTls: authority.issue({ names: [host] }) } },
    );
    expect(problem(report)).toEqual({ stage: "auth", code });
    expect(stageOf(report, "sender").status).toBe("skipped");
  });

  test("a sign-in that TLS is needed for", async () => {
    const report = await probeRelay({ auth }, { tls: "none", credentials });
    expect(problem(report)).toEqual({ stage: "auth", code: "auth.cleartext" });
  });

  test("a sign-in that is offered only after STARTTLS", async () => {
    const report = await probeRelay({ auth, tls: certificate }, { tls: "none", credentials });
    expect(problem(report)).toEqual({ stage: "auth", code: "auth.needs_starttls" });
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: true, tlsMode: "starttls" });
  });

  test("a sign-in that is not offered at all", async () => {
    const report = await probeRelay({ tls: certificate }, { credentials });
    expect(problem(report)).toEqual({ stage: "auth", code: "auth.not_offered" });
  });

  test("sign-in methods that Sendwright does not speak, naming them", async () => {
    const report = await probeRelay({ tls: certificate, ehlo: ["AUTH CRAM-MD5 GSSAPI"] }, { credentials });
    expect(problem(report)).toEqual({ stage: "auth", code: "auth.no_common_mechanism" });
    expect(failedStage(report)?.problem?.explanation).toContain("CRAM-MD5, GSSAPI");
  });

  test("a sender that is refused", async () => {
    const onMail = () => "553 5.7.1 <shop@example.com>: Sender address rejected: not owned by user jo";
    const report = await probeRelay({ onMail }, { tls: "none" }, { recipient: "ada@example.com" });
    expect(problem(report)).toEqual({ stage: "sender", code: "sender.not_own" });
    expect(line(report).slice(-2)).toEqual(["recipient skipped", "message skipped"]);
    expect(stageOf(report, "sender").evidence.reply).toContain("553 5.7.1");
  });

  test("a relay that wants a sign-in which the config does not have", async () => {
    const report = await probeRelay({ auth, tls: certificate });
    expect(problem(report)).toEqual({ stage: "sender", code: "sign_in.required" });
  });

  test("a recipient that is refused, and sends nothing then", async () => {
    await using relay = await startTestRelay({
      onRcpt: () => "554 5.7.1 <pat@example.net>: Relay access denied",
    });
    const report = await run(target(relay.port, { tls: "none" }), { sendTo: "pat@example.net" });
    expect(problem(report)).toEqual({ stage: "recipient", code: "recipient.relay_denied" });
    expect(stageOf(report, "message").status).toBe("skipped");
    expect(relay.messages).toEqual([]);
  });

  test("a message that is refused after its end", async () => {
    const onDot = () =>
      "554 Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: shop@example.com";
    const report = await probeRelay({ onDot }, { tls: "none" }, { sendTo: "pat@example.net" });
    expect(problem(report)).toEqual({ stage: "message", code: "sender.ses_not_verified" });
  });

  test("an answer to the message that was lost", async () => {
    const report = await probeRelay(
      { onDot: (_message, peer) => void peer.destroy() },
      { tls: "none" },
      { sendTo: "pat@example.net" },
    );
    expect(problem(report)).toEqual({ stage: "message", code: "message.outcome_unknown" });
  });

  test("an address that the relay cannot take", async () => {
    const report = await probeRelay(
      { ehlo: ["PIPELINING"] },
      { tls: "none", fromEmail: "jürgen@example.com" },
    );
    expect(problem(report)).toEqual({ stage: "sender", code: "relay.needs_utf8" });
  });
});

/** A clock that goes on by this much as soon as the stage has ended. */
function waitOut(
  clock: ReturnType<typeof createFixedClock>,
  after: Stage,
  ms: number,
): Partial<ProbeOptions> {
  return {
    clock,
    onStage: ({ stage }) => {
      if (stage === after) void clock.advance(ms);
    },
  };
}

describe("a fix", () => {
  const imap: Script = async (peer) => {
    peer.send("* OK [CAPABILITY IMAP4rev1] ready.\r\n");
    await peer.closed;
  };

  test("is not offered for a server that speaks no SMTP either way", async () => {
    const report = await probeScript(imap, { tls: "implicit", credentials });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.clear_only" });
    expect(failedStage(report)?.problem?.fix).toBeUndefined();
  });

  test("gives up TLS at once for a mail catcher on this machine", async () => {
    const report = await probeRelay({}, { host: "127.0.0.1", tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.clear_here" });
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: false });
  });

  test("does not give up TLS for the same server elsewhere", async () => {
    const report = await probeRelay({}, { tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.clear_only" });
    expect(failedStage(report)?.problem?.fix).toBeUndefined();
  });

  test("is right also where the certificate is the next problem", async () => {
    const tls = authority.selfSigned({ names });
    const report = await probeRelay({ tls }, { tls: "implicit" });
    expect(problem(report)).toEqual({ stage: "tls", code: "tls.starttls_expected" });
    expect(failedStage(report)?.problem?.fix).toEqual({ useTls: true, tlsMode: "starttls" });
  });

  test("is tried without a sign-in, and the stage is told once", async () => {
    const told: Stage[] = [];
    await using server = await startScriptedServer(relayScript({ tls: certificate, auth }, () => {}));
    const config = target(server.port, { tls: "implicit", credentials });
    await run(config, { onStage: ({ stage }) => told.push(stage) });
    expect(told).toEqual(["resolve", "connect", "tls"]);
    await server.settled();
    const heard = server.connections.map(({ received }) => received.toString());
    expect(heard).toHaveLength(2);
    expect(heard[1]).toContain("EHLO");
    expect(heard.join("")).not.toContain("AUTH");
  });
});

describe("time", () => {
  test("does not pass without end where a relay is silent", async () => {
    const clock = createFixedClock();
    const report = await probeScript(
      (peer) => peer.closed,
      {},
      { ...waitOut(clock, "connect", 15_000), onAlternativesFound: () => void clock.advance(8_000) },
    );
    expect(problem(report)).toEqual({ stage: "greeting", code: "greeting.silent" });
    expect(report.corrections).toMatchObject([{ works: false, tlsMode: "implicit", durationMs: 8_000 }]);
    expect(report.durationMs).toBe(23_000);
    expect(clock.waiting).toBe(0);
  });

  test("is up for all stages together, however steadily the relay drips", async () => {
    const clock = createFixedClock();
    const report = await probeScript(
      async (peer) => {
        peer.send("220 relay.test\r\n");
        for (let stage = 0; stage < 10; stage++) {
          await peer.line();
          await clock.advance(14_000);
          peer.send("250 relay.test\r\n");
        }
      },
      { tls: "none" },
      { clock, sendTo: "pat@example.net" },
    );
    expect(report.ok).toBe(false);
    expect(failedStage(report)?.problem?.code).toBe("relay.silent");
    expect(report.durationMs).toBe(45_000);
  });
});

describe("a client that goes away", () => {
  test("cuts the connection, and the reason comes back", async () => {
    const leaving = new AbortController();
    await using server = await startScriptedServer((peer) => peer.closed);
    const running = run(target(server.port), {
      signal: leaving.signal,
      onStage: ({ stage }) => {
        if (stage === "connect") leaving.abort(new Error("gone"));
      },
    });
    await expect(running).rejects.toThrow("gone");
    await server.settled();
  });

  test("never dials if it is gone already", async () => {
    await using server = await startScriptedServer((peer) => peer.closed);
    await expect(run(target(server.port), { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow(
      "gone",
    );
    expect(server.connections).toEqual([]);
  });
});

describe("a relay that echoes the password", () => {
  const password = "pa55 wörd/+&=token";
  const echoes = (text: string) => [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString("base64"),
    Buffer.from(`\0jo@example.com\0${text}`).toString("base64"),
    Buffer.from(text).toString("hex"),
  ];

  test.each([
    ["plain", "auth.credentials"],
    ["login", "auth.credentials"],
    ["xoauth2", "auth.oauth_token_refused"],
    ["oauth", "auth.oauth_token_refused"],
  ] as const)("finds it in no report, by %s", async (method, code) => {
    const streamed: TestStage[] = [];
    const report = await probeScript(
      async (peer) => {
        peer.send("220 relay.test\r\n");
        await peer.line();
        peer.send("250-relay.test\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n");
        const said = [await peer.line()];
        if (method === "login") {
          for (const challenge of ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"]) {
            peer.send(`334 ${challenge}\r\n`);
            said.push(await peer.line());
          }
        }
        for (const text of [...said, ...echoes(password)]) peer.send(`535-5.7.8 you said ${text}\r\n`);
        peer.send("535 5.7.8 and that is wrong\r\n");
        await peer.line();
      },
      { tls: "implicit", credentials: { username: "jo@example.com", password, method } },
      { server: { implicitTls: certificate }, onStage: (stage) => streamed.push(stage) },
    );
    expect(problem(report)).toEqual({ stage: "auth", code });
    const text = JSON.stringify([report, streamed]);
    for (const form of echoes(password)) expect(text).not.toContain(form);
    expect(text).not.toContain("pa55");
    expect(text).toContain("and that is wrong");
  });

  test("finds it in no report where it is the username and the sender too", async () => {
    const token = "0a1b2c3d-token";
    const report = await probeRelay(
      { tls: certificate, auth: { ...auth, password: "another" } },
      {
        credentials: { username: token, password: token, method: "auto" },
        fromEmail: `${token}@example.com`,
      },
    );
    expect(problem(report)).toEqual({ stage: "auth", code: "auth.credentials" });
    expect(JSON.stringify(report)).not.toContain(token);
  });

  test("does not give away a password that is a word of the explanation", async () => {
    const wrong = { ...credentials, password: "wrong" };
    const report = await probeRelay({ tls: certificate, auth }, { credentials: wrong });
    expect(failedStage(report)?.problem?.title).toBe("Wrong username or password");
  });

  test("finds it in no report and no progress where even the message is answered with it", async () => {
    const reply = echoes(auth.password).join(" ");
    const told: unknown[] = [];
    const tell = (what: unknown) => void told.push(what);
    const report = await probeRelay(
      {
        tls: certificate,
        auth,
        greeting: `220 relay.test ${reply}`,
        ehlo: [`X-${auth.password}`, `SIZE ${auth.password}`],
        onDot: () => `554 5.7.1 ${reply}`,
      },
      { credentials },
      { sendTo: "pat@example.net", onProgress: tell, onStage: tell },
    );
    expect(problem(report).stage).toBe("message");
    const text = JSON.stringify([report, told]);
    for (const form of echoes(auth.password)) expect(text).not.toContain(form);
  });

  test("finds it in no report when the sign-in works and the rest echoes", async () => {
    const reply = echoes(auth.password).join(" ");
    const report = await probeRelay(
      { tls: certificate, auth, onMail: () => `250 2.1.0 ${reply}`, onRcpt: () => `550 5.1.1 ${reply}` },
      { credentials },
      { recipient: "ada@example.com" },
    );
    expect(problem(report).stage).toBe("recipient");
    const text = JSON.stringify(report);
    for (const form of echoes(auth.password)) expect(text).not.toContain(form);
  });
});
