import { describe, expect, it } from "vitest";
import { SendwrightError } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import type { Capabilities } from "./capabilities.ts";
import { redactor } from "./redact.ts";
import type { Credentials, Relay } from "./relay.ts";
import { ReplyParser } from "./reply.ts";
import { openSession, type SessionOptions, type Step } from "./session.ts";

const relay: Relay = { host: "relay.test", port: 587, tls: "none", caPem: null, ehloName: null };
const jo: Credentials = { username: "jo", password: "pw", method: "auto" };
const options: SessionOptions = {
  relay,
  ehloName: "app.test",
  credentials: null,
  allowCleartextAuth: false,
  redactor: redactor(null),
};
const withTls = (tls: Relay["tls"], more: Partial<SessionOptions> = {}): SessionOptions => ({
  ...options,
  relay: { ...relay, tls },
  ...more,
});

interface Played {
  /** What was asked of the wire, in order: commands, `(wait)` and `(TLS)`. */
  readonly asked: readonly string[];
  readonly steps: readonly Step[];
  readonly capabilities: Capabilities | null;
  readonly error: SendwrightError | null;
}

/** Plays the relay: one reply, of one line or more, for each time that one is awaited. */
function play(session: SessionOptions, ...replies: readonly string[]): Played {
  const parser = new ReplyParser();
  const queue = replies.map((text): SmtpReply => {
    const parsed = parser.push(Buffer.from(`${text}\r\n`))[0];
    if (parsed?.kind !== "reply") throw new Error(`${text} is no reply`);
    return parsed.reply;
  });
  const asked: string[] = [];
  const steps: Step[] = [];
  const machine = openSession(session);
  try {
    let turn = machine.next();
    while (turn.done !== true) {
      const step = turn.value;
      steps.push(step);
      if (step.kind === "await") asked.push(step.command ?? "(wait)");
      if (step.kind === "secure") asked.push("(TLS)");
      const reply = step.kind === "await" ? queue.shift() : null;
      if (reply === undefined) return { asked, steps, capabilities: null, error: null };
      turn = machine.next(reply);
    }
    expect(queue).toEqual([]);
    return { asked, steps, capabilities: turn.value, error: null };
  } catch (error) {
    if (!(error instanceof SendwrightError)) throw error;
    return { asked, steps, capabilities: null, error };
  }
}

describe("the greeting (RFC 5321 §3.1, §4.3.1)", () => {
  it("is waited for before EHLO is sent", () => {
    expect(play(options).asked).toEqual(["(wait)"]);
    expect(play(options, "220-relay.test\r\n220 ready").asked).toEqual(["(wait)", "EHLO app.test"]);
  });

  it.each([
    ["554 no service here", "smtp.rejected"],
    ["421 too busy", "smtp.rejected"],
    ["354 go ahead", "smtp.protocol"],
  ])("%j ends the session", (greeting, code) => {
    const { asked, error } = play(options, greeting);
    expect(asked).toEqual(["(wait)"]);
    expect(error?.code).toBe(code);
    expect(error?.smtp).toMatchObject({ stage: "greeting", reply: { code: Number(greeting.slice(0, 3)) } });
  });
});

describe("EHLO and HELO (RFC 5321 §3.2)", () => {
  it("HELO follows a 5yz to EHLO, and offers nothing", () => {
    const { asked, capabilities } = play(options, "220 hi", "502 what?", "250 relay.test PIPELINING");
    expect(asked).toEqual(["(wait)", "EHLO app.test", "HELO app.test"]);
    expect(capabilities).toMatchObject({ extensions: [], pipelining: false, size: null });
  });

  it.each(["421 closing", "451 not now"])("HELO does not follow %j", (reply) => {
    const { asked, error } = play(options, "220 hi", reply);
    expect(asked).toEqual(["(wait)", "EHLO app.test"]);
    expect(error).toMatchObject({ code: "smtp.rejected", smtp: { stage: "ehlo" } });
  });

  it.each(["starttls", "implicit"] as const)("HELO never comes where TLS is required (%s)", (tls) => {
    const { asked, error } = play(withTls(tls), "220 hi", "502 what?");
    expect(asked.filter((line) => line.startsWith("HELO"))).toEqual([]);
    expect(error).toMatchObject({ code: "smtp.rejected", smtp: { stage: "ehlo", reply: { code: 502 } } });
  });

  it("a refused HELO is the end", () => {
    expect(play(options, "220 hi", "502 what?", "550 go away").error).toMatchObject({
      code: "smtp.rejected",
      smtp: { stage: "ehlo", reply: { code: 550 } },
    });
  });

  it("learns what the relay offers, in any letter case", () => {
    const { capabilities } = play(
      options,
      "220 hi",
      "250-relay.test Hello\r\n250-pipelining\r\n250-SIZE 1000\r\n250-8bitmime\r\n250-SMTPUTF8\r\n250-AUTH=LOGIN\r\n250-XTEST x y\r\n250 AUTH plain LOGIN",
    );
    expect(capabilities).toEqual({
      extensions: [
        "pipelining",
        "SIZE 1000",
        "8bitmime",
        "SMTPUTF8",
        "AUTH=LOGIN",
        "XTEST x y",
        "AUTH plain LOGIN",
      ],
      pipelining: true,
      startTls: false,
      eightBitMime: true,
      smtpUtf8: true,
      size: { maxBytes: 1000 },
      authMechanisms: ["LOGIN", "PLAIN"],
    });
  });

  it.each(["SIZE", "SIZE 0", "SIZE many"])("takes %j for no known limit (RFC 1870 §4)", (line) => {
    expect(play(options, "220 hi", `250-r\r\n250 ${line}`).capabilities?.size).toEqual({ maxBytes: null });
  });

  it("does not take the relay's own name for an extension", () => {
    expect(play(options, "220 hi", "250 PIPELINING").capabilities?.pipelining).toBe(false);
  });
});

describe("STARTTLS (RFC 3207)", () => {
  const starttls = withTls("starttls");

  it("comes before anything else, then all is forgotten and EHLO said again (§4.2)", () => {
    const { asked, capabilities } = play(
      starttls,
      "220 hi",
      "250-r\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 AUTH PLAIN",
      "220 go",
      "250-r\r\n250 SIZE 7",
    );
    expect(asked).toEqual(["(wait)", "EHLO app.test", "STARTTLS", "(TLS)", "EHLO app.test"]);
    expect(capabilities).toMatchObject({ pipelining: false, authMechanisms: [], size: { maxBytes: 7 } });
  });

  it("is required: a relay without it gets nothing", () => {
    const { asked, error } = play(starttls, "220 hi", "250 r");
    expect(asked).toEqual(["(wait)", "EHLO app.test"]);
    expect(error).toMatchObject({ code: "smtp.starttls_missing", smtp: { stage: "starttls" } });
  });

  it.each([
    ["454 not available", "smtp.rejected"],
    ["502 not here", "smtp.rejected"],
    ["334 what", "smtp.protocol"],
  ])("refused with %j is the end: no downgrade", (reply, code) => {
    const { asked, error } = play(starttls, "220 hi", "250-r\r\n250 STARTTLS", reply);
    expect(asked.at(-1)).toBe("STARTTLS");
    expect(error).toMatchObject({ code, smtp: { stage: "starttls" } });
  });
});

describe("implicit TLS (RFC 8314 §3.3)", () => {
  it("comes before the greeting, and no STARTTLS after it", () => {
    const { asked, steps } = play(withTls("implicit"), "220 hi", "250-r\r\n250 STARTTLS");
    expect(asked).toEqual(["(TLS)", "(wait)", "EHLO app.test"]);
    expect(steps).toContainEqual({ kind: "skipped", stage: "starttls" });
  });
});

describe("sign-in (RFC 4954)", () => {
  const secure = withTls("implicit", { credentials: jo });
  const open = ["220 hi", "250-r\r\n250 AUTH PLAIN LOGIN XOAUTH2"];

  it("is skipped without credentials", () => {
    const { asked, steps } = play(withTls("implicit"), ...open);
    expect(asked.at(-1)).toBe("EHLO app.test");
    expect(steps.at(-1)).toEqual({ kind: "skipped", stage: "auth" });
  });

  it("by PLAIN is one command", () => {
    const { asked, error } = play(secure, ...open, "235 2.7.0 welcome");
    expect(asked.at(-1)).toBe("AUTH PLAIN AGpvAHB3");
    expect(error).toBeNull();
  });

  it("by LOGIN answers two challenges, whatever they say", () => {
    const login = { ...secure, credentials: { ...jo, method: "login" as const } };
    const { asked, error } = play(login, ...open, "334 VXNlcm5hbWU6", "334", "235 ok");
    expect(asked.slice(3)).toEqual(["AUTH LOGIN", "am8=", "cHc="]);
    expect(error).toBeNull();
  });

  it("by XOAUTH2 answers the error challenge with an empty line", () => {
    const xoauth2 = { ...secure, credentials: { ...jo, method: "xoauth2" as const } };
    const { asked, error } = play(xoauth2, ...open, "334 eyJzdGF0dXMiOiI0MDEifQ==", "535 5.7.8 expired");
    expect(asked.slice(3)).toEqual([`AUTH XOAUTH2 ${btoa("user=jo\u0001auth=Bearer pw\u0001\u0001")}`, ""]);
    expect(error).toMatchObject({
      code: "smtp.auth_rejected",
      smtp: { stage: "auth", reply: { code: 535 } },
    });
  });

  it("by OAUTHBEARER answers the error challenge with %x01 and keeps what it said (RFC 7628 §3.2.3)", () => {
    const oauth = { ...secure, credentials: { ...jo, method: "oauth" as const }, redactor: redactor(jo) };
    const refusal = btoa('{"status":"400","schemes":"bearer","token":"pw"}');
    const { asked, error } = play(
      oauth,
      "220 hi",
      "250-r\r\n250 AUTH PLAIN OAUTHBEARER",
      `334 ${refusal}`,
      "535 5.7.8 expired",
    );
    const { host, port } = secure.relay;
    const response = `n,a=jo,\u0001host=${host}\u0001port=${port}\u0001auth=Bearer pw\u0001\u0001`;
    expect(asked.slice(3)).toEqual([`AUTH OAUTHBEARER ${btoa(response)}`, "AQ=="]);
    expect(error).toMatchObject({
      code: "smtp.auth_rejected",
      smtp: { reply: { code: 535 }, tokenRefusal: "status 400, schemes bearer, token ********" },
    });
  });

  it("shows no credential in a transcript", () => {
    for (const method of ["plain", "login", "xoauth2", "oauth"] as const) {
      const { steps } = play(
        { ...secure, credentials: { ...jo, method } },
        ...open,
        "334 a",
        "334 b",
        "501 no",
      );
      const shown = steps.flatMap((step) =>
        step.kind === "await" && step.stage === "auth" ? [step.shown ?? step.command ?? ""] : [],
      );
      expect(shown.length).toBeGreaterThan(1);
      for (const line of shown) expect(line).toMatch(/^(?:AUTH [A-Z0-9]+(?: \*{8})?|\*{8}|\*|)$/);
    }
  });

  it("is cancelled where the relay asks for more than there is (§4)", () => {
    const plain = { ...secure, credentials: { ...jo, method: "plain" as const } };
    const { asked, error } = play(plain, ...open, "334", "334 more", "501 cancelled");
    expect(asked.slice(3)).toEqual(["AUTH PLAIN AGpvAHB3", "AGpvAHB3", "*"]);
    expect(error).toMatchObject({ code: "smtp.auth_rejected", smtp: { reply: { code: 501 } } });
    expect(play(plain, ...open, "334", "334 more", "235 fine").error?.code).toBe("smtp.protocol");
  });

  it("says the response again to a relay that asks for it as if it had not come (§4)", () => {
    const { asked, error } = play(secure, ...open, "334", "235 ok");
    expect(asked.slice(3)).toEqual(["AUTH PLAIN AGpvAHB3", "AGpvAHB3"]);
    expect(error).toBeNull();
    const xoauth2 = { ...secure, credentials: { ...jo, method: "xoauth2" as const } };
    const token = play(xoauth2, ...open, "334", "235 ok");
    expect(token.asked.slice(4)).toEqual([btoa("user=jo\u0001auth=Bearer pw\u0001\u0001")]);
    expect(token.error).toBeNull();
  });

  describe("goes on with the next mechanism", () => {
    const login = ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"];

    it.each([
      "504 5.5.4 Unrecognized authentication type",
      "504 5.7.4 Unrecognized authentication type",
      "502 Invalid input",
      "500 5.5.1 Unrecognized command",
      "501 5.5.4 Unsupported authentication mechanism",
      "535 5.7.8 Invalid authentication mechanism",
      "553 Authentication type not supported",
      "535 5.7.8 Error: authentication failed: no mechanism available",
      "538 5.7.0 This authentication method is not allowed",
    ])("after %j, which is no word about the password", (refusal) => {
      const { asked, steps, error } = play(secure, ...open, refusal, ...login, "235 ok");
      expect(asked.slice(3)).toEqual(["AUTH PLAIN AGpvAHB3", "AUTH LOGIN", "am8=", "cHc="]);
      expect(error).toBeNull();
      expect(steps.at(-1)).toMatchObject({
        kind: "passed",
        stage: "auth",
        evidence: { mechanism: "LOGIN", refusedMechanisms: ["PLAIN"] },
      });
    });

    it("after a relay that asks again and again", () => {
      const { asked, error } = play(secure, ...open, "334", "334", "501 cancelled", ...login, "235 ok");
      expect(asked.slice(5)).toEqual(["*", "AUTH LOGIN", "am8=", "cHc="]);
      expect(error).toBeNull();
    });

    it("of an access token too", () => {
      const oauth = { ...secure, credentials: { ...jo, method: "oauth" as const } };
      const offers = ["220 hi", "250-r\r\n250 AUTH XOAUTH2 OAUTHBEARER"];
      const { asked } = play(oauth, ...offers, "504 5.5.4 What?", "235 ok");
      expect(asked.slice(3)).toEqual([
        expect.stringMatching(/^AUTH XOAUTH2 /),
        expect.stringMatching(/^AUTH OAUTHBEARER /),
      ]);
    });

    it("and reports the last refusal", () => {
      const { asked, error } = play(secure, ...open, "504 What?", ...login, "535 5.7.8 wrong");
      expect(asked.at(-1)).toBe("cHc=");
      expect(error?.smtp?.reply?.code).toBe(535);
    });

    it.each([
      "535 5.7.8 Error: authentication failed",
      "535 5.7.8 Username and Password not accepted",
      "534 5.7.9 Application-specific password required",
      "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
      "550 5.7.30 Basic authentication is not supported for Client Submission",
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
      "535 5.7.0 Too many login attempts, authentication method PLAIN not allowed for now",
      "501 5.5.2 Cannot decode base64",
      "553 5.3.0 Refused",
      "550 User is locked",
      "454 4.7.0 Temporary authentication failure",
      "421 4.7.0 Closing",
    ])("but not after %j: a password that was judged is not judged again", (refusal) => {
      const { asked, error } = play(secure, ...open, refusal);
      expect(asked.slice(3)).toEqual(["AUTH PLAIN AGpvAHB3"]);
      expect(error?.smtp?.reply?.code).toBe(Number(refusal.slice(0, 3)));
    });

    it("but not to one that the config or the relay does not name", () => {
      const plain = { ...secure, credentials: { ...jo, method: "plain" as const } };
      expect(play(plain, ...open, "504 What?").error?.smtp?.reply?.code).toBe(504);
      const offers = ["220 hi", "250-r\r\n250 AUTH PLAIN"];
      expect(play(secure, ...offers, "504 What?").error?.smtp?.reply?.code).toBe(504);
    });
  });

  it.each([
    ["535 5.7.8 wrong", "smtp.auth_rejected"],
    ["534 5.7.9 application password required", "smtp.auth_rejected"],
    ["454 4.7.0 try later", "smtp.auth_rejected"],
    ["421 closing", "smtp.auth_rejected"],
  ])("refused with %j carries the reply, by which it is judged (§6)", (line, code) => {
    const { error } = play(secure, ...open, line);
    expect(error).toMatchObject({ code, retry: "by-reply", smtp: { stage: "auth" } });
    expect(error?.smtp?.reply?.code).toBe(Number(line.slice(0, 3)));
  });

  it("does not happen in the clear unless that was allowed (§4)", () => {
    const clear = withTls("none", { credentials: jo });
    const { asked, error } = play(clear, ...open);
    expect(asked.at(-1)).toBe("EHLO app.test");
    expect(error).toMatchObject({ code: "smtp.auth_unavailable", smtp: { stage: "auth" } });
    expect(play({ ...clear, allowCleartextAuth: true }, ...open, "235 ok").error).toBeNull();
  });

  it("without a usable mechanism is an error, never skipped", () => {
    expect(play(secure, "220 hi", "250 r").error?.code).toBe("smtp.auth_unavailable");
    expect(play(secure, "220 hi", "250-r\r\n250 AUTH GSSAPI").error?.message).toContain("GSSAPI");
  });

  it("takes the mechanisms from the EHLO inside TLS, not from the one before", () => {
    const starttls = withTls("starttls", { credentials: jo });
    const before = "250-r\r\n250-STARTTLS\r\n250 AUTH PLAIN";
    const { asked } = play(
      starttls,
      "220 hi",
      before,
      "220 go",
      "250-r\r\n250 AUTH LOGIN",
      "334",
      "334",
      "235 ok",
    );
    expect(asked).toContain("AUTH LOGIN");
    expect(play(starttls, "220 hi", before, "220 go", "250 r").error?.code).toBe("smtp.auth_unavailable");
  });
});
