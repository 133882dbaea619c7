import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { createEgress } from "../net/egress.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { makeAuthority, type Peer, startScriptedServer } from "../testing/index.ts";
import { probe } from "./probe.ts";
import { failedStage, type TestReport } from "./report.ts";

const authority = makeAuthority();
const certificate = authority.issue({ names: ["relay.test"] });
const egress = createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]);
const jo = { username: "jo@example.com", password: "correct horse", method: "auto" } as const;
const loginLine = Buffer.from(jo.username).toString("base64");

interface Tested {
  readonly report: TestReport;
  /** The AUTH commands of each connection, without what follows the mechanism. */
  readonly commands: readonly string[][];
  /** Whether LOGIN worked, if it was tried. */
  readonly login: boolean | null;
}

/** A relay that refuses PLAIN in these words; LOGIN works, unless it is refused too. */
async function testAgainst(
  refusal: string,
  credentials: NonNullable<ResolvedConfig["credentials"]> = jo,
  { loginReply = "235 2.7.0 Welcome", offers = "AUTH PLAIN LOGIN" } = {},
): Promise<Tested> {
  async function script(peer: Peer) {
    peer.send("220 relay.test ESMTP\r\n");
    for (;;) {
      const line = await peer.line();
      if (/^EHLO/.test(line)) peer.send(`250-relay.test\r\n250 ${offers}\r\n`);
      else if (/^AUTH PLAIN/.test(line)) peer.send(`${refusal}\r\n`);
      else if (/^AUTH LOGIN/.test(line)) {
        peer.send("334 VXNlcm5hbWU6\r\n");
        await peer.line();
        peer.send("334 UGFzc3dvcmQ6\r\n");
        await peer.line();
        peer.send(`${loginReply}\r\n`);
      } else if (/^QUIT/.test(line)) return peer.send("221 Bye\r\n");
      else peer.send("250 OK\r\n");
    }
  }
  await using server = await startScriptedServer(script, { implicitTls: certificate });
  let login: boolean | null = null;
  const report = await probe(
    {
      relay: {
        host: "relay.test",
        port: server.port,
        tls: "implicit",
        caPem: authority.caPem,
        ehloName: null,
      },
      credentials,
      allowCleartextAuth: false,
      fromEmail: "shop@example.com",
      fromName: null,
      replyTo: null,
      needsToken: null,
    },
    {
      guard: new RecipientGuard(),
      egress,
      clock: systemClock,
      templates: new LoadedTemplates(),
      usualEndpoints: [],
      onLoginTried: (works) => {
        login = works;
      },
    },
  );
  const commands = server.connections.map(({ received }) =>
    [...received.toString().matchAll(/^AUTH (\w+)/gm)].map(([, mechanism]) => mechanism!),
  );
  return { report, commands, login };
}

const problemIn = (report: TestReport) => failedStage(report)?.problem;

describe("a relay that refuses PLAIN and accepts LOGIN", () => {
  it("works by itself where it says that it is the mechanism", async () => {
    const { report, commands } = await testAgainst("504 5.5.4 Unrecognized authentication type");
    expect(report.ok).toBe(true);
    expect(commands).toEqual([["PLAIN", "LOGIN"]]);
    expect(report.stages.find(({ stage }) => stage === "auth")?.evidence).toMatchObject({
      mechanism: "LOGIN",
      refusedMechanisms: ["PLAIN"],
    });
  });

  it("works by itself where it asks for PLAIN again and again", async () => {
    async function script(peer: Peer) {
      peer.send("220 relay.test ESMTP\r\n");
      await peer.expect(/^EHLO/);
      peer.send("250-relay.test\r\n250 AUTH PLAIN LOGIN\r\n");
      await peer.expect(/^AUTH PLAIN \S+$/);
      peer.send("334 \r\n");
      await peer.expect(/^\S+$/);
      peer.send("334 \r\n");
      await peer.expect(/^\*$/);
      peer.send("501 5.7.0 Cancelled\r\n");
      await peer.expect(/^AUTH LOGIN$/);
      peer.send("334 VXNlcm5hbWU6\r\n");
      expect(await peer.line()).toBe(loginLine);
      peer.send("334 UGFzc3dvcmQ6\r\n");
      await peer.line();
      peer.send("235 2.7.0 Welcome\r\n");
      await peer.expect(/^MAIL/);
      peer.send("550 5.7.1 No\r\n");
    }
    await using server = await startScriptedServer(script, { implicitTls: certificate });
    const report = await probe(
      {
        relay: {
          host: "relay.test",
          port: server.port,
          tls: "implicit",
          caPem: authority.caPem,
          ehloName: null,
        },
        credentials: jo,
        allowCleartextAuth: false,
        fromEmail: "shop@example.com",
        fromName: null,
        replyTo: null,
        needsToken: null,
      },
      {
        guard: new RecipientGuard(),
        egress,
        clock: systemClock,
        templates: new LoadedTemplates(),
        usualEndpoints: [],
      },
    );
    expect(failedStage(report)?.stage).toBe("sender");
    expect(JSON.stringify(report)).not.toContain(Buffer.from(jo.password).toString("base64"));
  });

  it.each(["553 5.3.0 Refused", "550 5.7.1 No", "501 5.5.2 Cannot decode", "503 5.5.1 Bad sequence"])(
    "is found by a test after %j, and LOGIN is the fix",
    async (refusal) => {
      const { report, commands, login } = await testAgainst(refusal);
      expect(commands).toEqual([["PLAIN"], ["LOGIN"]]);
      expect(login).toBe(true);
      expect(report.ok).toBe(false);
      expect(problemIn(report)).toMatchObject({ code: "auth.login_works", fix: { authMethod: "login" } });
    },
  );

  it("is found for a config that keeps to PLAIN", async () => {
    const { report } = await testAgainst("504 5.5.4 What?", { ...jo, method: "plain" });
    expect(problemIn(report)?.code).toBe("auth.login_works");
  });

  it("has no such fix where LOGIN is refused too, and nobody tries a third time", async () => {
    const { report, commands, login } = await testAgainst("553 5.3.0 Refused", jo, {
      loginReply: "553 5.3.0 Refused",
    });
    expect(commands).toEqual([["PLAIN"], ["LOGIN"]]);
    expect(login).toBe(false);
    expect(problemIn(report)?.code).toBe("auth.refused");
    const twice = await testAgainst("504 5.5.4 What?", jo, { loginReply: "553 5.3.0 Refused" });
    expect(twice.commands).toEqual([["PLAIN", "LOGIN"]]);
    expect(problemIn(twice.report)?.code).toBe("auth.refused");
  });

  it.each([
    "535 5.7.8 Error: authentication failed",
    "534 5.7.9 Application-specific password required",
    "550 5.7.1 Account suspended",
    "550 Too many failed logins",
    "454 4.7.0 Temporary authentication failure",
  ])("is not looked for after %j: the credentials are sent once", async (refusal) => {
    const { commands, login } = await testAgainst(refusal);
    expect(commands).toEqual([["PLAIN"]]);
    expect(login).toBeNull();
  });

  it("is not looked for where LOGIN is not offered", async () => {
    const { commands } = await testAgainst("553 5.3.0 Refused", jo, { offers: "AUTH PLAIN" });
    expect(commands).toEqual([["PLAIN"]]);
  });
});

describe("credentials with an invisible character", () => {
  const refusal = "535 5.7.8 Error: authentication failed";

  it("are told of, without a word of the password", async () => {
    const password = "abcd\u00a0efgh\u200bijkl";
    const { report } = await testAgainst(refusal, { ...jo, password });
    expect(problemIn(report)).toMatchObject({ code: "auth.invisible_in_password" });
    expect(problemIn(report)).not.toHaveProperty("fix");
    expect(report.warnings).toEqual([
      { pointer: "/password", detail: expect.stringContaining("invisible character") },
    ]);
    expect(JSON.stringify(report)).not.toMatch(/abcd|efgh|ijkl/);
  });

  it("have a fix where it is the username", async () => {
    const { report } = await testAgainst(refusal, { ...jo, username: "jo\u200b@example.com\u00a0" });
    expect(problemIn(report)).toMatchObject({
      code: "auth.invisible_in_username",
      fix: { username: "jo@example.com" },
    });
    expect(report.warnings.map(({ pointer }) => pointer)).toEqual(["/username"]);
  });

  it("are warned of where the test did not come to the sign-in", async () => {
    const { report } = await testAgainst("", { ...jo, password: "x\ufeff" }, { offers: "SIZE" });
    expect(failedStage(report)?.problem?.code).toBe("auth.not_offered");
    expect(report.warnings.map(({ pointer }) => pointer)).toEqual(["/password"]);
  });

  it("are nobody's trouble once they work", async () => {
    const { report } = await testAgainst("235 2.7.0 Welcome", { ...jo, password: "x\ufeff" });
    expect(report).toMatchObject({ ok: true, warnings: [] });
  });
});
