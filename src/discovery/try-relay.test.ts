import { expect, test } from "vitest";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import type { Relay } from "../smtp/relay.ts";
import { makeAuthority, type Script, startScriptedServer, startTestRelay } from "../testing/index.ts";
import { tryRelay } from "./try-relay.ts";

const authority = makeAuthority();
const tls = authority.issue({ names: ["relay.test"] });
const egress = createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]);
const options = { egress, clock: systemClock, timeoutMs: 5_000 };

function relayAt(port: number, change: Partial<Relay> = {}): Relay {
  return { host: "relay.test", port, tls: "starttls", caPem: authority.caPem, ehloName: null, ...change };
}

test("goes as far as EHLO inside TLS and says goodbye, without signing in", async () => {
  const auth = { username: "jo", password: "correct horse" };
  await using relay = await startTestRelay({ tls, auth });
  const result = await tryRelay(relayAt(relay.port), options);
  expect(result).toMatchObject({ works: true });
  expect(result.works && result.capabilities.authMechanisms).toContain("PLAIN");
  expect(relay.messages).toEqual([]);
});

test("takes TLS from the first byte for what it is", async () => {
  await using relay = await startTestRelay({ tls: { ...tls, implicit: true } });
  expect(await tryRelay(relayAt(relay.port, { tls: "implicit" }), options)).toMatchObject({
    works: true,
  });
});

test("believes no certificate that nobody vouches for", async () => {
  await using relay = await startTestRelay({ tls });
  const result = await tryRelay(relayAt(relay.port, { caPem: null }), options);
  expect(result).toMatchObject({ works: false, error: { code: "smtp.tls" } });
});

test("waits no longer than it may", async () => {
  const silence: Script = (peer) => peer.closed;
  await using server = await startScriptedServer(silence);
  const result = await tryRelay(relayAt(server.port), { ...options, timeoutMs: 50 });
  expect(result).toMatchObject({ works: false });
});

test("is cut off by the one who asked", async () => {
  const gone = new AbortController();
  const greet: Script = (peer) => {
    gone.abort(new Error("gone"));
    return peer.closed;
  };
  await using server = await startScriptedServer(greet);
  await expect(tryRelay(relayAt(server.port), { ...options, signal: gone.signal })).rejects.toThrow("gone");
});
