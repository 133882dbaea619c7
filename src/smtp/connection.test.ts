import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import nodeTls from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import type { SendwrightError } from "../core/errors.ts";
import { createEgress, type Egress } from "../net/egress.ts";
import { createFixedClock, makeAuthority, type Script, startScriptedServer } from "../testing/index.ts";
import { type Connection, type ConnectOptions, connect } from "./connection.ts";
import type { StageEvent, TranscriptLine } from "./observer.ts";
import type { Relay } from "./relay.ts";

const authority = makeAuthority();
const certificate = authority.issue({ names: ["127.0.0.1"] });
const jo = { username: "jo", password: "correct horse", method: "auto" } as const;
const base64 = (text: string) => Buffer.from(text).toString("base64");

interface Watched {
  readonly connection: Connection | null;
  readonly error: SendwrightError | null;
  readonly stages: readonly StageEvent[];
  readonly transcript: readonly TranscriptLine[];
}

/** Connects, and tells what was seen, well or ill. */
async function open(
  server: { host: string; port: number },
  relay: Partial<Relay> = {},
  options: Partial<ConnectOptions> = {},
): Promise<Watched> {
  const stages: StageEvent[] = [];
  const transcript: TranscriptLine[] = [];
  const whole: ConnectOptions = {
    relay: {
      host: server.host,
      port: server.port,
      tls: "none",
      caPem: authority.caPem,
      ehloName: "app.test",
      ...relay,
    },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
    observer: { stage: (event) => stages.push(event), transcript: (line) => transcript.push(line) },
    ...options,
  };
  try {
    return { connection: await connect(whole), error: null, stages, transcript };
  } catch (error) {
    return { connection: null, error: error as SendwrightError, stages, transcript };
  }
}

const passedOrFailed = (stages: readonly StageEvent[]) =>
  stages
    .filter(({ status }) => status !== "started" && status !== "found")
    .map(({ stage, status }) => `${stage} ${status}`);

/** Lets a script see what the client sends of its own accord. */
async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

const greet: Script = async (peer) => {
  peer.send("220 hi\r\n");
  await peer.expect("EHLO app.test");
};

describe("the greeting (RFC 5321 §3.1)", () => {
  it("is waited for: not a byte is sent before it", async () => {
    let early = -1;
    await using server = await startScriptedServer(async (peer) => {
      await turns();
      peer.send("220-hi\r\n");
      await turns();
      early = peer.received.length;
      peer.send("220 there\r\n");
      await peer.expect("EHLO app.test");
      peer.send("250 relay.test\r\n");
      await peer.closed;
    });
    const { connection, error } = await open(server);
    connection?.destroy();
    expect(error).toBeNull();
    expect(early).toBe(0);
  });

  it("that is not SMTP is not repeated, and gets no answer", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("-ERR secret of an inner service\r\n");
      await peer.closed;
    });
    const { error, stages, transcript } = await open(server);
    expect(error).toMatchObject({ code: "smtp.protocol", smtp: { stage: "greeting" } });
    expect(JSON.stringify([error, error?.message, stages, transcript])).not.toContain("secret");
    expect(server.connections[0]?.received).toHaveLength(0);
  });

  it("followed by an answer to nothing is a breach", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 hi\r\n250 and I know what you will say\r\n");
      await peer.closed;
    });
    expect((await open(server)).error).toMatchObject({ code: "smtp.protocol" });
  });

  it("refused by 554 is answered with QUIT, not EHLO (§3.1)", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("554 5.7.1 no service\r\n");
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const { error } = await open(server);
    await server.settled();
    expect(error).toMatchObject({ code: "smtp.rejected", smtp: { stage: "greeting", reply: { code: 554 } } });
  });

  it("cut off is a closed connection", async () => {
    await using server = await startScriptedServer((peer) => peer.send("220-hi\r\n"));
    expect((await open(server)).error).toMatchObject({ code: "smtp.closed", smtp: { stage: "greeting" } });
  });
});

describe("time (RFC 5321 §4.5.3.2)", () => {
  /** Connects with a clock that stands still, and moves it once this stage has started. */
  async function timeOut(
    script: Script,
    at: string,
    advanceMs: number,
    relay: Partial<Relay> = {},
  ): Promise<SendwrightError | null> {
    await using server = await startScriptedServer(script);
    const clock = createFixedClock();
    const reached = Promise.withResolvers<void>();
    const observer = {
      stage: ({ stage, status }: StageEvent) => {
        if (stage === at && status === "started") reached.resolve();
      },
    };
    const opening = open(server, relay, { clock, observer });
    await reached.promise;
    await clock.advance(advanceMs);
    const { error } = await opening;
    expect(clock.waiting).toBe(0);
    return error;
  }

  it("for the greeting ends, and silence is told apart", async () => {
    const error = await timeOut((peer) => peer.closed, "greeting", 60_000);
    expect(error).toMatchObject({
      code: "smtp.timeout",
      smtp: { stage: "greeting", systemCode: "ETIMEDOUT" },
    });
    expect(error?.message).toContain("implicit TLS");
  });

  it("for a command ends", async () => {
    const script: Script = async (peer) => {
      await greet(peer);
      await peer.closed;
    };
    expect(await timeOut(script, "ehlo", 60_000)).toMatchObject({
      code: "smtp.timeout",
      smtp: { stage: "ehlo" },
    });
  });

  it("for the TLS handshake ends", async () => {
    const script: Script = async (peer) => {
      await greet(peer);
      peer.send("250-relay.test\r\n250 STARTTLS\r\n");
      await peer.expect("STARTTLS");
      peer.send("220 go\r\n");
      await peer.closed;
    };
    expect(await timeOut(script, "tls", 30_000, { tls: "starttls" })).toMatchObject({
      code: "smtp.timeout",
      smtp: { stage: "tls" },
    });
  });

  it("does not begin anew with each byte of a slow reply", async () => {
    const clock = createFixedClock();
    await using server = await startScriptedServer(async (peer) => {
      await peer.dribble("220 a very slow greeting that takes a minute and more\r\n", () =>
        clock.advance(2_000),
      );
    });
    expect((await open(server, {}, { clock })).error).toMatchObject({ code: "smtp.timeout" });
  });

  it("for all together ends, however many replies come in time", async () => {
    const clock = createFixedClock();
    await using server = await startScriptedServer(async (peer) => {
      for (const reply of ["220 hi", "500 what", "250 ok", "334 a", "334 b", "334 c"]) {
        await clock.advance(50_000);
        peer.send(`${reply}\r\n`);
        await peer.line();
      }
      await peer.closed;
    });
    const { error } = await open(server, {}, { clock, timeouts: { overallMs: 90_000 } });
    expect(error).toMatchObject({ code: "smtp.timeout", smtp: { stage: "ehlo" } });
    expect(error?.message).toContain("total time limit");
  });

  it("for the look-up counts too", async () => {
    const clock = createFixedClock();
    const egress: Egress = { resolve: () => new Promise(() => {}) };
    const opening = open({ host: "mail.test", port: 25 }, {}, { clock, egress });
    await clock.advance(30_000);
    expect((await opening).error).toMatchObject({ code: "smtp.timeout", smtp: { stage: "resolve" } });
  });
});

describe("the addresses of a host (RFC 5321 §5.1)", () => {
  const addresses = (...list: string[]): Egress => ({
    resolve: async () => ({
      addresses: list.map((address) => ({ address, family: 4 as const })),
      refused: [],
    }),
  });

  it("are each tried", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250 ok\r\n");
      await peer.closed;
    });
    const egress = addresses("127.0.0.2", "127.0.0.3", "127.0.0.1");
    const { connection, stages } = await open(server, {}, { egress });
    connection?.destroy();
    expect(connection?.address).toBe("127.0.0.1");
    expect(stages.find(({ stage, status }) => stage === "connect" && status === "passed")?.evidence).toEqual({
      address: "127.0.0.1",
      family: 4,
      localFamily: 4,
      failures: [
        { address: "127.0.0.2", family: 4, error: "ECONNREFUSED", durationMs: expect.any(Number) },
        { address: "127.0.0.3", family: 4, error: "ECONNREFUSED", durationMs: expect.any(Number) },
      ],
    });
  });

  it("all closed are named", async () => {
    const server = await startScriptedServer(() => {});
    await server.close();
    const { error, stages } = await open(server, {}, { egress: addresses("127.0.0.1", "127.0.0.2") });
    expect(error).toMatchObject({
      code: "smtp.connect",
      smtp: { stage: "connect", systemCode: "ECONNREFUSED" },
    });
    expect(error?.message).toContain("127.0.0.2: ECONNREFUSED");
    expect(passedOrFailed(stages)).toEqual(["resolve passed", "connect failed"]);
  });

  it("refused are not dialled", async () => {
    await using server = await startScriptedServer(() => {});
    const { error } = await open(server, {}, { egress: createEgress("public-only") });
    await turns();
    expect(error?.code).toBe("egress.refused");
    expect(server.connections).toHaveLength(0);
  });
});

describe("STARTTLS (RFC 3207 §4.2, §6)", () => {
  const offerTls: Script = async (peer) => {
    await greet(peer);
    peer.send("250-relay.test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n");
    await peer.expect("STARTTLS");
  };

  it("leads into TLS, where EHLO is said again before the password", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await offerTls(peer);
      peer.send("220 go\r\n");
      await peer.startTls(certificate);
      await peer.expect("EHLO app.test");
      peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
      await peer.expect(`AUTH PLAIN ${base64("\0jo\0correct horse")}`);
      peer.send("235 ok\r\n");
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const { connection, error, stages } = await open(server, { tls: "starttls" }, { credentials: jo });
    expect(error).toBeNull();
    expect(connection?.tls).toMatchObject({
      version: "TLSv1.3",
      authorized: true,
      names: ["127.0.0.1"],
      error: null,
    });
    await connection?.quit();
    await server.settled();
    expect(server.connections[0]?.serverName).toBeNull();
    expect(passedOrFailed(stages)).toEqual([
      "resolve passed",
      "connect passed",
      "greeting passed",
      "ehlo passed",
      "starttls passed",
      "tls passed",
      "ehlo passed",
      "auth passed",
    ]);
  });

  it.each([
    ["a whole reply", "220 go\r\n250 injected\r\n"],
    ["part of a reply", "220 go\r\n2"],
    ["a blank line", "220 go\r\n\r\n"],
    ["421", "220 go\r\n421 injected\r\n"],
    ["454", "220 go\r\n454 injected\r\n"],
    ["501", "220 go\r\n501-5.5.1 injected\r\n501 5.5.1 again\r\n"],
  ])("followed by %s in the clear is fatal", async (_, bytes) => {
    await using server = await startScriptedServer(async (peer) => {
      await offerTls(peer);
      peer.send(bytes);
      await peer.closed;
    });
    const { error } = await open(server, { tls: "starttls" }, { credentials: jo });
    expect(error?.smtp?.stage).toBe("starttls");
    expect(error?.code).toBe("smtp.protocol");
    expect(error?.message).toContain("unencrypted data instead of its TLS handshake");
    expect(server.connections[0]?.received.toString()).toBe("EHLO app.test\r\nSTARTTLS\r\n");
  });

  it("not offered ends without the password, which is in no byte sent", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
      await peer.expect("QUIT");
    });
    const { error } = await open(server, { tls: "starttls" }, { credentials: jo, allowCleartextAuth: true });
    await server.settled();
    expect(error).toMatchObject({ code: "smtp.starttls_missing", smtp: { stage: "starttls" } });
  });

  it("broken off in the handshake is a closed connection", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await offerTls(peer);
      peer.send("220 go\r\n");
      await peer.bytes(1);
      peer.destroy();
    });
    const { error } = await open(server, { tls: "starttls" });
    expect(error).toMatchObject({ code: "smtp.closed", smtp: { stage: "tls" } });
  });
});

describe("the certificate (RFC 8314 §3.3, RFC 6125)", () => {
  const dayMs = 86_400_000;
  const other = makeAuthority();
  const expired = authority.issue({
    names: ["127.0.0.1"],
    notBefore: new Date(0),
    notAfter: new Date(dayMs),
  });
  const otherName = authority.issue({ names: ["mail.test"] });

  it.each([
    [
      "self-signed",
      authority.selfSigned({ names: ["127.0.0.1"] }),
      authority.caPem,
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
    ["expired", expired, authority.caPem, "CERT_HAS_EXPIRED"],
    ["for another name", otherName, authority.caPem, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["of an unknown authority", certificate, null, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["of another authority", certificate, other.caPem, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
    [
      "of the same authority, where one certificate is trusted",
      certificate,
      authority.issue({ names: ["127.0.0.1"] }).cert,
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    ],
    ["expired, though trusted itself", expired, expired.cert, "CERT_HAS_EXPIRED"],
    ["for another name, though trusted itself", otherName, otherName.cert, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s is shown and refused: nothing is sent", async (_, pair, caPem, systemCode) => {
    for (const tls of ["implicit", "starttls"] as const) {
      const heard = vi.fn();
      await using server = await startScriptedServer(
        async (peer) => {
          if (tls === "starttls") {
            await greet(peer);
            peer.send("250-relay.test\r\n250 STARTTLS\r\n");
            await peer.expect("STARTTLS");
            peer.send("220 go\r\n");
            await peer.startTls(pair);
          } else peer.send("220 hi\r\n");
          heard(await peer.line().catch(() => null));
        },
        tls === "implicit" ? { implicitTls: pair } : {},
      );
      const { error, stages } = await open(server, { tls, caPem }, { credentials: jo });
      await server.settled();
      expect(error).toMatchObject({ code: "smtp.tls", retry: "never", smtp: { stage: "tls", systemCode } });
      expect(stages.at(-1)).toMatchObject({
        stage: "tls",
        status: "failed",
        evidence: { authorized: false, error: systemCode, subject: expect.stringContaining("CN=") },
      });
      expect(heard).not.toHaveBeenCalledWith(expect.any(String));
    }
  });

  it("is checked for the name, which is asked for (RFC 6066 §3)", async () => {
    const pair = authority.issue({ names: ["mail.example.test"] });
    await using server = await startScriptedServer(
      async (peer) => {
        await greet(peer);
        peer.send("250 ok\r\n");
        await peer.closed;
      },
      { implicitTls: pair },
    );
    const egress = createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]);
    const { connection, error } = await open(
      server,
      { tls: "implicit", host: "mail.example.test." },
      { egress },
    );
    expect(error).toBeNull();
    connection?.destroy();
    expect(server.connections[0]?.serverName).toBe("mail.example.test");
  });

  it.each([
    ["that signs itself", authority.selfSigned({ names: ["127.0.0.1"] }), true],
    ["of an authority", certificate, false],
  ])("%s may be trusted itself", async (_, pair, selfSigned) => {
    await using server = await startScriptedServer(
      async (peer) => {
        await greet(peer);
        peer.send("250 ok\r\n");
        await peer.closed;
      },
      { implicitTls: pair },
    );
    const { connection, error } = await open(server, { tls: "implicit", caPem: pair.cert });
    expect(error).toBeNull();
    expect(connection?.tls).toMatchObject({ selfSigned, authorized: true });
    connection?.destroy();
  });

  it("comes with TLS 1.2 at least, though Node.js were told to take less (RFC 8314 §4.1)", async () => {
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = nodeTls;
    // As by --tls-min-v1.0, and the strength that lets OpenSSL speak such a version at all.
    Object.assign(nodeTls, { DEFAULT_MIN_VERSION: "TLSv1", DEFAULT_CIPHERS: "DEFAULT@SECLEVEL=0" });
    onTestFinished(() => void Object.assign(nodeTls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }));
    await using server = await startScriptedServer(() => {}, {
      implicitTls: {
        ...certificate,
        minVersion: "TLSv1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      },
    });
    const { error } = await open(server, { tls: "implicit" });
    expect(error).toMatchObject({
      code: "smtp.tls",
      smtp: { stage: "tls", systemCode: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" },
      message: expect.stringContaining("no common TLS"),
    });
  });

  it.each([
    ["that there is nothing in common", 40, "support no common TLS"],
    ["anything else", 80, "rejected the TLS handshake (ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR). Check its log"],
  ])("is not shown by a relay whose alert says %s (RFC 8446 §6.2)", async (_, alert, text) => {
    await using server = await startScriptedServer(async (peer) => {
      await peer.bytes(1);
      peer.send(Uint8Array.of(0x15, 3, 3, 0, 2, 2, alert));
      await peer.closed;
    });
    const { error } = await open(server, { tls: "implicit" });
    expect(error).toMatchObject({ code: "smtp.tls", smtp: { stage: "tls" } });
    expect(error?.message).toContain(text);
  });

  it("of a relay that greets in the clear is not there, and the error says so", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 hi\r\n");
      await peer.closed;
    });
    const { error, stages } = await open(server, { tls: "implicit" });
    expect(error).toMatchObject({
      code: "smtp.tls",
      smtp: { stage: "tls", systemCode: "ERR_SSL_WRONG_VERSION_NUMBER" },
      message: expect.stringContaining("doesn't use implicit TLS"),
    });
    expect(passedOrFailed(stages)).toEqual(["resolve passed", "connect passed", "tls failed"]);
  });
});

describe("what the relay echoes", () => {
  it("holds no password, wherever it is told", async () => {
    const blob = base64("\0jo\0correct horse");
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 correct horse greets you\r\n");
      await peer.line();
      peer.send("250-relay.test correct horse\r\n250-XPASS correct horse\r\n250 AUTH PLAIN\r\n");
      await peer.line();
      peer.send(
        `535-5.7.8 no: AUTH PLAIN ${blob}\r\n535-5.7.8 that is correct horse\r\n535 5.7.8 ${blob.toLowerCase()}\r\n`,
      );
      await peer.closed;
    });
    const { error, stages, transcript } = await open(
      server,
      {},
      { credentials: jo, allowCleartextAuth: true },
    );
    expect(error).toMatchObject({
      code: "smtp.auth_rejected",
      smtp: { stage: "auth", reply: { code: 535 } },
    });
    const told = JSON.stringify([
      error,
      error?.message,
      String(error?.cause),
      stages,
      transcript,
    ]).toLowerCase();
    for (const secret of ["correct horse", blob, base64("correct horse"), blob.slice(4, -4)]) {
      expect(told).not.toContain(secret.toLowerCase());
    }
    expect(transcript).toContainEqual({ stage: "auth", from: "client", text: "AUTH PLAIN ********" });
  });

  it("holds no password in what is said about it", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250-relay.test\r\n250 AUTH HUNTER2\r\n");
      await peer.closed;
    });
    const hunter = { ...jo, password: "hunter2" };
    const { error } = await open(server, {}, { credentials: hunter, allowCleartextAuth: true });
    expect(error).toMatchObject({ code: "smtp.auth_unavailable", smtp: { stage: "auth" } });
    expect(error?.message).toContain("********");
    expect(error?.message).not.toMatch(/hunter2/i);
  });

  it("leaves Sendwright's own words alone, though the password be one of them", async () => {
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
      await peer.closed;
    });
    const { error } = await open(server, {}, { credentials: { ...jo, password: "password" } });
    expect(error?.message).toContain("would receive the password unencrypted");
  });

  it("leaves the session able to understand EHLO when the password is one of its words", async () => {
    const plain = { ...jo, password: "plain" };
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250-relay.test\r\n250 AUTH PLAIN\r\n");
      await peer.expect(/^AUTH PLAIN /);
      peer.send("235 ok\r\n");
      await peer.closed;
    });
    const { connection, error, stages } = await open(
      server,
      {},
      { credentials: plain, allowCleartextAuth: true },
    );
    expect(error).toBeNull();
    connection?.destroy();
    expect(JSON.stringify([stages, connection?.capabilities])).not.toMatch(/plain/i);
  });
});

describe("the caller's signal", () => {
  it("cuts the connection at once", async () => {
    const control = new AbortController();
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      control.abort();
      await peer.closed;
    });
    const { error } = await open(server, {}, { signal: control.signal });
    expect(error).toMatchObject({ code: "smtp.closed", smtp: { stage: "ehlo", systemCode: "ABORT_ERR" } });
    await server.settled();
  });

  it("holds on to no connection that is over", async () => {
    const { signal } = new AbortController();
    await using server = await startScriptedServer(async (peer) => {
      await greet(peer);
      peer.send("250 ok\r\n");
    });
    const { connection } = await open(server, {}, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await connection?.quit();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("given before prevents the connection", async () => {
    await using server = await startScriptedServer(() => {});
    const { error } = await open(server, {}, { signal: AbortSignal.abort() });
    await turns();
    expect(error).toMatchObject({ code: "smtp.closed", smtp: { stage: "resolve", systemCode: "ABORT_ERR" } });
    expect(server.connections).toHaveLength(0);
  });
});

describe("the name in EHLO (RFC 5321 §4.1.4)", () => {
  it("is this machine's, or its address, where none is given", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 hi\r\n");
      await peer.expect(/^EHLO (?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[127\.0\.0\.1\])$/);
      peer.send("250 ok\r\n");
      await peer.closed;
    });
    const { connection, error } = await open(server, { ehloName: null });
    connection?.destroy();
    expect(error).toBeNull();
  });

  it("is no place for a command", async () => {
    const { error } = await open({ host: "127.0.0.1", port: 1 }, { ehloName: "app.test\r\nRSET" });
    expect(error?.code).toBe("input.invalid");
  });
});
