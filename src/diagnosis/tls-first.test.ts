import { expect, test } from "vitest";
import { createEgress } from "../net/egress.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { startScriptedServer } from "../testing/index.ts";
import { TlsFirst } from "./tls-first.ts";

const egress = createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]);

interface Watched {
  readonly tls?: ResolvedConfig["relay"]["tls"];
  readonly isAwaited?: boolean;
}

function watch(port: number, { tls = "starttls", isAwaited = true }: Watched = {}) {
  const clock = createFixedClock();
  const target: ResolvedConfig = {
    relay: { host: "relay.test", port, tls, caPem: null, ehloName: null },
    credentials: { username: "jo", password: "correct horse", method: "auto" },
    allowCleartextAuth: true,
    fromEmail: "shop@example.com",
    fromName: null,
    replyTo: null,
    needsToken: null,
  };
  const ended = new AbortController().signal;
  return { clock, tlsFirst: new TlsFirst(target, { egress, clock, ended, isAwaited }) };
}

test.each([
  ["at a port that begins with TLS anyway", 465, { tls: "implicit" }],
  ["at port 25, where nobody does", 25, {}],
  ["in a check on schedule", 587, { isAwaited: false }],
] as const)("does not look for TLS %s", (_, port, watched) => {
  const { clock, tlsFirst } = watch(port, watched);
  tlsFirst.stage({ stage: "greeting", status: "started" });
  expect(clock.waiting).toBe(0);
});

test("does not look for TLS where the greeting came in time", async () => {
  await using server = await startScriptedServer((peer) => peer.closed);
  const { clock, tlsFirst } = watch(server.port);
  tlsFirst.stage({ stage: "connect", status: "passed" });
  tlsFirst.stage({ stage: "greeting", status: "started" });
  expect(clock.waiting).toBe(1);
  await clock.advance(999);
  tlsFirst.stage({ stage: "greeting", status: "passed" });
  await clock.advance(10_000);
  expect(server.connections).toEqual([]);
});

test("says nothing but a handshake, and ends it when the greeting comes after all", async () => {
  await using server = await startScriptedServer((peer) => peer.closed);
  const { clock, tlsFirst } = watch(server.port);
  tlsFirst.stage({ stage: "greeting", status: "started" });
  await clock.advance(1_000);
  await expect.poll(() => server.connections[0]?.received.length ?? 0).toBeGreaterThan(0);
  // RFC 8446 §5.1: a record of type handshake.
  expect(server.connections[0]?.received[0]).toBe(22);
  tlsFirst.stage({ stage: "greeting", status: "passed" });
  await server.settled();
  expect(tlsFirst.found.aborted).toBe(false);
  expect(clock.waiting).toBe(0);
});
