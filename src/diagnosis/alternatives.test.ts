import { describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { type Alternative, alternativesFor } from "./alternatives.ts";
import type { Fix } from "./explanations/rule.ts";
import type { FailedStage } from "./stages.ts";
import { isDisproved } from "./try-alternatives.ts";

type Relay = ResolvedConfig["relay"];

function target(relay: Partial<Relay> = {}, more: Partial<ResolvedConfig> = {}): ResolvedConfig {
  return {
    relay: { host: "smtp.example.com", port: 587, tls: "starttls", caPem: null, ehloName: null, ...relay },
    credentials: null,
    allowCleartextAuth: false,
    fromEmail: "shop@example.com",
    fromName: null,
    replyTo: null,
    needsToken: null,
    ...more,
  };
}

interface Seen extends Partial<Omit<FailedStage, "failure">> {
  readonly code?: FailedStage["failure"]["code"];
  readonly systemCode?: string;
}

function failed({ code = "smtp.connect", systemCode, ...more }: Seen = {}, fix?: Fix): FailedStage {
  const stage = more.stage ?? "connect";
  const problem = { code: "some.problem", title: "", explanation: "", remedy: "" };
  return {
    stage,
    failure: { stage, code, systemCode, relay: { host: "smtp.example.com" } },
    problem: fix === undefined ? problem : { ...problem, fix },
    certificateNames: [],
    address: null,
    mechanisms: [],
    spoken: null,
    ...more,
  };
}

const words = (alternatives: readonly Alternative[]) =>
  alternatives.map(({ host, port, tls }) => `${host === "smtp.example.com" ? "" : `${host} `}${port} ${tls}`);

describe("the alternatives to try", () => {
  it("are a handful of ports, the best first, without the one that failed", () => {
    expect(words(alternativesFor(target(), failed()))).toEqual([
      "465 implicit",
      "587 implicit",
      "2525 starttls",
      "25 starttls",
    ]);
  });

  it("hold the port that was typed with the other kind of TLS", () => {
    expect(words(alternativesFor(target({ port: 2465 }), failed()))).toContain("2465 implicit");
    const inTheClear = alternativesFor(target({ port: 1025, tls: "none" }), failed());
    expect(words(inTheClear)).toEqual(expect.arrayContaining(["1025 implicit", "1025 starttls"]));
  });

  it("hold no kind of TLS that the port has just shown not to begin with", () => {
    const samePort = (alternatives: readonly Alternative[]) =>
      words(alternatives).filter((name) => name.startsWith("2465 "));
    const implicit = target({ port: 2465, tls: "implicit" });
    expect(samePort(alternativesFor(implicit, failed({ stage: "tls", spoken: "tls" })))).toEqual([]);
    expect(samePort(alternativesFor(implicit, failed({ stage: "tls", spoken: "clear" })))).toEqual([
      "2465 starttls",
    ]);
    const starttls = target({ port: 2465 });
    expect(samePort(alternativesFor(starttls, failed({ stage: "tls", spoken: "clear" })))).toEqual([]);
    expect(samePort(alternativesFor(starttls, failed({ stage: "greeting", spoken: "tls" })))).toEqual([
      "2465 implicit",
    ]);
  });

  it("each name what to enter, and no more", () => {
    const [implicit, other] = alternativesFor(target(), failed());
    expect(implicit?.fix).toEqual({ smtpPort: 465, useTls: true, tlsMode: "implicit" });
    expect(other?.fix).toEqual({ useTls: true, tlsMode: "implicit" });
  });

  it.each([
    ["the name is not known", { stage: "resolve", code: "smtp.resolve" }],
    ["the password is wrong", { stage: "auth", code: "smtp.auth_rejected" }],
    ["the sender is refused", { stage: "sender", code: "smtp.rejected" }],
  ] as const)("are none where %s", (_, seen) => {
    expect(alternativesFor(target(), failed(seen))).toEqual([]);
  });

  it("are only what the explanation offers, once something depends on who is there", () => {
    const fix = { useTls: true, tlsMode: "starttls" } as const;
    const seen = { stage: "sender", code: "smtp.rejected" } as const;
    const alternatives = alternativesFor(target({ tls: "none" }), failed(seen, fix));
    expect(words(alternatives)).toEqual(["587 starttls"]);
    expect(alternativesFor(target(), failed(seen, { username: "apikey" }))).toEqual([]);
  });

  it.each([
    ["greeting", "smtp.timeout"],
    ["ehlo", "smtp.rejected"],
    ["starttls", "smtp.starttls_missing"],
    ["tls", "smtp.tls"],
    ["auth", "smtp.auth_unavailable"],
  ] as const)("are looked for where %s fails (%s)", (stage, code) => {
    expect(alternativesFor(target(), failed({ stage, code }))).not.toEqual([]);
  });
});

it("a fix that leads to TLS on a port that has greeted in the clear is disproved untried", () => {
  const { relay } = target({ port: 465 });
  const fix = { smtpPort: 465, useTls: true, tlsMode: "implicit" } as const;
  expect(isDisproved(fix, { relay, spoken: "clear" }, [])).toBe(true);
  expect(isDisproved(fix, { relay, spoken: null }, [])).toBe(false);
  expect(isDisproved(fix, { relay: { ...relay, port: 587 }, spoken: "clear" }, [])).toBe(false);
});

describe("giving up TLS", () => {
  const missing = { stage: "starttls", code: "smtp.starttls_missing" } as const;
  const off = (alternatives: readonly Alternative[]) => alternatives.filter(({ tls }) => tls === "none");

  it("is tried only where the explanation offers it, on the same port", () => {
    const here = { host: "localhost", port: 1025 };
    expect(off(alternativesFor(target(here), failed(missing, { useTls: false })))).toMatchObject([
      { ...here, fix: { useTls: false } },
    ]);
    expect(off(alternativesFor(target(), failed(missing)))).toEqual([]);
  });

  it("on this machine comes with the permission to sign in like that", () => {
    const credentials = { username: "jo", password: "secret", method: "auto" } as const;
    const alternatives = alternativesFor(
      target({ host: "localhost" }, { credentials }),
      failed(missing, { useTls: false }),
    );
    expect(off(alternatives)[0]?.fix).toEqual({ useTls: false, allowCleartextAuth: true });
  });
});

describe("the names of a certificate for another name", () => {
  const wrongName = {
    stage: "tls",
    code: "smtp.tls",
    systemCode: "ERR_TLS_CERT_ALTNAME_INVALID",
    address: "192.0.2.1",
  } as const;

  it("are tried at the same port and address: at most three, no wildcard, no address", () => {
    const certificateNames = [
      "*.example.net",
      "192.0.2.1",
      "a.test",
      "B.test",
      "not a name",
      "c.test",
      "d.test",
    ];
    const alternatives = alternativesFor(target(), failed({ ...wrongName, certificateNames }));
    expect(words(alternatives).slice(0, 4)).toEqual([
      "a.test 587 starttls",
      "b.test 587 starttls",
      "c.test 587 starttls",
      "465 implicit",
    ]);
    expect(alternatives[0]).toMatchObject({ address: "192.0.2.1", fix: { smtpServer: "a.test" } });
  });

  it("are nothing to go by where the certificate is refused for another reason", () => {
    const seen = { ...wrongName, systemCode: "CERT_HAS_EXPIRED", certificateNames: ["a.test"] };
    expect(words(alternativesFor(target(), failed(seen)))).not.toContain("a.test 587 starttls");
  });
});
