import { describe, expect, it } from "vitest";
import type { Attempt, AttemptFailure } from "../store/tables/emails.ts";
import { explainAttempt } from "./explain-attempt.ts";

const failure: AttemptFailure = {
  port: 587,
  tls: "starttls",
  ownAuthority: false,
  username: "jo@example.com",
  allowCleartextAuth: false,
  from: "shop@example.com",
  recipient: "pat@example.net",
  systemCode: null,
  offered: null,
  certificate: null,
  refusal: null,
};

function attempt(given: Partial<Attempt>): Attempt {
  return {
    id: "attempt",
    at: 0,
    configId: "c",
    configName: "relay",
    relayHost: "smtp.example.com",
    relayAddress: "192.0.2.1",
    tlsVersion: "TLSv1.3",
    stage: "message",
    outcome: "permanent",
    errorCode: null,
    code: null,
    enhancedCode: null,
    reply: null,
    durationMs: 5,
    possibleDuplicate: false,
    captured: false,
    failure,
    route: null,
    ...given,
  };
}

const explained = (given: Partial<Attempt>) => explainAttempt(attempt(given), { namesAccount: true });
const allWords = (given: Partial<Attempt>) => JSON.stringify(explained(given));

const refusedSignIn = {
  stage: "auth",
  outcome: "config",
  errorCode: "smtp.auth_rejected",
  code: 535,
  enhancedCode: "5.7.8",
  reply: "5.7.8 No",
} as const;

describe("an attempt", () => {
  it("that succeeded needs no explanation", () => {
    expect(explained({ outcome: "sent", code: 250, reply: "ok", failure: null })).toBeNull();
  });

  it("that failed before any relay was asked speaks for itself", () => {
    const reply = "“relay” was changed in the database, not by Sendwright.";
    expect(explained({ outcome: "config", stage: null, errorCode: "seal.broken", reply })).toBeNull();
  });

  it("whose sign-in was refused is explained as a test would explain it", () => {
    expect(explained(refusedSignIn)).toEqual({
      code: "auth.credentials",
      title: "Wrong username or password",
      explanation: "smtp.example.com rejected the username or password of jo@example.com: “535 5.7.8 No”.",
      remedy: expect.stringContaining("Enter the username and password again"),
    });
  });

  it("names the recipient who was refused, also where others were taken", () => {
    const refused = { stage: "recipient", code: 550, enhancedCode: "5.1.1", reply: "5.1.1 Who?" } as const;
    const unknown = "smtp.example.com replied that pat@example.net doesn't exist: “550 5.1.1 Who?”.";
    expect(explained(refused)).toMatchObject({ code: "recipient.unknown", explanation: unknown });
    const refusal = { code: 550, enhancedCode: "5.1.1", text: "5.1.1 Who?" };
    const partial = {
      outcome: "partial",
      code: 250,
      reply: "queued",
      failure: { ...failure, refusal },
    } as const;
    expect(explained(partial)).toMatchObject({ code: "recipient.unknown", explanation: unknown });
  });

  it("tells what was seen of a certificate", () => {
    const certificate = {
      names: ["mx.provider.example"],
      issuer: "CN=Office CA",
      validFrom: 0,
      validTo: Date.UTC(2020, 1, 3),
      fingerprint256: "AB:CD",
    };
    const seen = (systemCode: string) =>
      explained({
        stage: "tls",
        outcome: "config",
        errorCode: "smtp.tls",
        failure: { ...failure, systemCode, certificate },
      });
    expect(seen("ERR_TLS_CERT_ALTNAME_INVALID")?.explanation).toContain("mx.provider.example");
    expect(seen("CERT_HAS_EXPIRED")?.explanation).toContain("2020-02-03");
    expect(seen("DEPTH_ZERO_SELF_SIGNED_CERT")?.remedy).toContain("AB:CD");
  });

  it("whose answer was lost is explained by that, whatever the relay said before", () => {
    const lost = { outcome: "unknown", errorCode: "smtp.unknown_outcome", code: 421, reply: "Bye" } as const;
    expect(explained(lost)?.code).toBe("message.outcome_unknown");
  });
});

describe("whoever may not know the account", () => {
  it("is told the same without its name", () => {
    const problem = explainAttempt(attempt(refusedSignIn), { namesAccount: false });
    expect(problem?.explanation).toBe(
      "smtp.example.com rejected the username or password of this account: “535 5.7.8 No”.",
    );
  });

  it("still learns that there is no sign-in", () => {
    const denied = { stage: "recipient", code: 554, reply: "Relay access denied" } as const;
    const without = attempt({ ...denied, failure: { ...failure, username: null } });
    expect(explainAttempt(without, { namesAccount: false })?.code).toBe("recipient.relay_denied");
  });
});

/** Rows of older versions have no more than stage, code and reply. */
describe("an old attempt", () => {
  const old = (given: Partial<Attempt>) => ({ ...given, failure: null });

  it("is explained by its reply", () => {
    expect(explained(old(refusedSignIn))?.explanation).toBe(
      "smtp.example.com rejected the username or password of this account: “535 5.7.8 No”.",
    );
    expect(explained(old({ code: 452, enhancedCode: "4.3.1", reply: "4.3.1 Full" }))?.code).toBe(
      "relay.storage_full",
    );
  });

  it("says what it knows where the texts of Test Connection name what was not kept", () => {
    const reply = "mail.example:587 cannot be reached (192.0.2.1: ECONNREFUSED).";
    expect(
      explained(old({ stage: "connect", outcome: "temporary", errorCode: "smtp.connect", reply })),
    ).toMatchObject({
      code: "unexplained",
      title: "Failed while opening the connection",
      explanation: `${reply} Sendwright was opening the connection (smtp.connect).`,
    });
  });

  it("claims nothing of a sign-in, of encryption, of offers or of a certificate that nobody noted", () => {
    const denied = old({ stage: "recipient", code: 554, reply: "Relay access denied" });
    expect(explained(denied)?.code).toBe("recipient.refused");
    const silent = old({
      stage: "greeting",
      outcome: "temporary",
      errorCode: "smtp.timeout",
      reply: "Silence.",
    });
    expect(allWords(silent)).not.toMatch(/encrypt/);
    const noOffer = old({
      stage: "auth",
      outcome: "config",
      errorCode: "smtp.auth_unavailable",
      reply: "It has none.",
    });
    expect(allWords(noOffer)).not.toMatch(/offer authentication/);
    const refusedWay = old({
      stage: "auth",
      errorCode: "smtp.auth_rejected",
      code: 504,
      reply: "No such way",
    });
    expect(allWords(refusedWay)).not.toMatch(/none/);
    const untrusted = old({ stage: "tls", outcome: "config", errorCode: "smtp.tls", reply: "Not trusted." });
    expect(allWords(untrusted)).not.toMatch(/no name|unnamed|unknown|undefined/);
  });

  it("of which some recipients were refused has nothing that could be explained", () => {
    expect(explained(old({ outcome: "partial", code: 250, reply: "queued" }))).toBeNull();
  });
});
