import { startChild } from "./child.ts";
import type { Load, LoadResult } from "./http/load.ts";
import { openInMemory, openStoring, type TestedServer } from "./http/servers.ts";
import { quantile, type Results, rateOf, ratiosOf } from "./measure.ts";
import { renderMail } from "./send/mail.ts";

const stored = "POST /api/emails";
const kept = "POST /api/emails in memory";

/** Accepting over HTTP, 50 requests at a time, beside the same server that stores nothing. */
export async function httpSuite(requests = 2_000, rounds = 3): Promise<Results> {
  const loader = startChild(new URL("http/load.ts", import.meta.url));
  const servers = new Map([
    [stored, await openStoring()],
    [kept, await openInMemory()],
  ]);
  const bodies = Array.from({ length: 100 }, (_, n) => JSON.stringify(renderMail(n)));

  function load({ url, apiKey }: TestedServer, count: number): Promise<LoadResult> {
    const order: Load = { url: `${url}/api/emails`, apiKey, bodies, requests: count, parallel: 50 };
    loader.send(order);
    return loader.message<LoadResult>();
  }

  try {
    for (const server of servers.values()) await load(server, requests / 4);
    const results = new Map<string, LoadResult[]>([...servers.keys()].map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of servers) results.get(name)?.push(await load(server, requests));
    }
    const rates = [...results].map(([name, runs]) =>
      rateOf(
        name,
        runs.map(({ elapsedMs, latenciesMs }) => (elapsedMs * 1000) / latenciesMs.length),
      ),
    );
    return { rates, ratios: ratiosOf(rates, [[stored, kept]]), figures: latencies(results) };
  } finally {
    loader.close();
    for (const server of servers.values()) await server.close();
  }
}

function latencies(results: ReadonlyMap<string, readonly LoadResult[]>): Record<string, number> {
  return Object.fromEntries(
    [...results].flatMap(([name, runs]) => {
      const all = runs.flatMap(({ latenciesMs }) => latenciesMs);
      return [
        [`${name}, p50 in ms`, quantile(all, 0.5)],
        [`${name}, p99 in ms`, quantile(all, 0.99)],
      ];
    }),
  );
}
