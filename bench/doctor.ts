import { createLog } from "../src/core/log.ts";
import { createApp } from "../src/http/app.ts";
import { serve } from "../src/http/serve.ts";
import { generateKey } from "../src/secret/fernet.ts";
import { openServices } from "../src/services.ts";
import { startScriptedServer, startTestRelay } from "../src/testing/index.ts";
import { quantile, type Results } from "./measure.ts";

const tests = 40;
const apiKey = "an-admin-key-for-this-bench-alone-0123456789";
/** More than a form allows in a minute, were it not a clock of its own that says what a minute is. */
const apartMs = 10_000;

/** How soon an admin who tests a connection sees something, and how long a test takes that passes. */
export async function doctorSuite(): Promise<Results> {
  let now = Date.now();
  const clock = {
    now: () => now,
    monotonic: () => now,
    after(ms: number, call: () => void) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
  const services = await openServices({
    database: ":memory:",
    secret: generateKey(),
    log: createLog("silent"),
    clock,
  });
  const server = await serve(createApp(services, { signedIn: async () => null, apiKey }), {
    host: "127.0.0.1",
    port: 0,
  });
  const relay = await startTestRelay();
  // Takes the connection and says nothing: what is seen then was seen before it answers.
  const silent = await startScriptedServer((peer) => peer.closed);
  try {
    const first = [];
    const whole = [];
    for (let test = 0; test < tests; test++) {
      now += apartMs;
      first.push((await run(server.url, silent.port, true)).firstMs);
      now += apartMs;
      whole.push((await run(server.url, relay.port)).wholeMs);
    }
    return {
      rates: [],
      figures: {
        "first evidence of a silent relay, ms, median": quantile(first, 0.5),
        "first evidence of a silent relay, ms, longest": Math.max(...first),
        "a whole test that passes, ms, median": quantile(whole, 0.5),
      },
    };
  } finally {
    await silent.close();
    await relay.close();
    await server.close();
    await services.close();
  }
}

/** Streams a test as the page does; of a relay that says nothing, only until the first stage has passed. */
async function run(
  url: string,
  smtpPort: number,
  isSilent = false,
): Promise<{ firstMs: number; wholeMs: number }> {
  const leaving = new AbortController();
  const start = performance.now();
  const response = await fetch(new URL("/api/smtp-configs/test", url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      accept: "text/event-stream",
    },
    body: JSON.stringify({
      smtpServer: "127.0.0.1",
      smtpPort,
      useTls: false,
      fromEmail: "app@example.com",
    }),
    signal: leaving.signal,
  });
  if (!response.ok) throw new Error(await response.text());
  let firstMs = Number.NaN;
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (!text.includes("event: stage")) continue;
    if (Number.isNaN(firstMs)) firstMs = performance.now() - start;
    if (text.includes("event: report") || isSilent) break;
  }
  const wholeMs = performance.now() - start;
  leaving.abort();
  return { firstMs, wholeMs };
}
