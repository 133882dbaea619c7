import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { probe } from "../../src/diagnosis/probe.ts";
import { failedStage } from "../../src/diagnosis/report.ts";
import { RecipientGuard } from "../../src/guard/recipient-guard.ts";
import { createEgress } from "../../src/net/egress.ts";
import { LoadedTemplates } from "../../src/templates/engine/templates.ts";
import { makeAuthority } from "../../src/testing/index.ts";
import { foreignRelays } from "./relays.ts";

const authority = makeAuthority();
const certificate = authority.issue({ names: ["localhost"] });
const credentials = { username: "jo", password: "pass wörd" };

type Security = "none" | "starttls" | "implicit";

interface Fault {
  readonly relay: Security;
  readonly client: Security;
  readonly signsIn?: boolean;
  readonly password?: string;
  readonly names?: readonly string[];
  readonly recipient?: string;
  readonly seen: { readonly stage: string; readonly code: string; readonly fix?: object };
}

const faults: readonly Fault[] = [
  {
    relay: "implicit",
    client: "starttls",
    seen: { stage: "greeting", code: "tls.implicit_perhaps", fix: { useTls: true, tlsMode: "implicit" } },
  },
  {
    relay: "starttls",
    client: "implicit",
    seen: { stage: "tls", code: "tls.starttls_expected", fix: { useTls: true, tlsMode: "starttls" } },
  },
  {
    relay: "none",
    client: "starttls",
    seen: { stage: "starttls", code: "starttls.missing_here", fix: { useTls: false } },
  },
  {
    relay: "none",
    client: "implicit",
    seen: { stage: "tls", code: "tls.clear_here", fix: { useTls: false } },
  },
  {
    relay: "starttls",
    client: "starttls",
    signsIn: true,
    password: "another",
    seen: { stage: "auth", code: "auth.credentials" },
  },
  {
    relay: "implicit",
    client: "implicit",
    names: ["mx.test"],
    seen: { stage: "tls", code: "tls.wrong_name" },
  },
  {
    relay: "none",
    client: "none",
    recipient: "nobody@b.test",
    seen: { stage: "recipient", code: expect.stringMatching(/^recipient\.(unknown|refused)$/) },
  },
];

describe.each(await foreignRelays())("the doctor and $name", ({ start }) => {
  test.each(faults)("find out: relay $relay, client $client, $seen.code", async (fault) => {
    const names = fault.names === undefined ? certificate : authority.issue({ names: fault.names });
    const account = fault.signsIn ? credentials : null;
    await using relay = await start({ tls: fault.relay, certificate: names, credentials: account });
    const report = await probe(
      {
        relay: {
          host: "localhost",
          port: relay.port,
          tls: fault.client,
          caPem: authority.caPem,
          ehloName: "client.test",
        },
        credentials: account && { ...account, password: fault.password ?? account.password, method: "auto" },
        allowCleartextAuth: false,
        fromEmail: "a@a.test",
        fromName: null,
        replyTo: null,
        needsToken: null,
      },
      {
        guard: new RecipientGuard(),
        egress: createEgress("default"),
        clock: systemClock,
        templates: new LoadedTemplates(),
        recipient: fault.recipient ?? null,
        timeouts: { greetingMs: 1_000 },
      },
    );
    const { stage, problem } = failedStage(report)!;
    expect({ stage, code: problem?.code, fix: problem?.fix }).toEqual({ fix: undefined, ...fault.seen });
  });
});
