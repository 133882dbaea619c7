import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { hostile } from "../test/support/hostile.ts";
import { startChild } from "./child.ts";
import type { Load, LoadResult } from "./http/load.ts";
import { openStoring } from "./http/servers.ts";
import type { Results } from "./measure.ts";

const sizes = [1_000_000, 40 * 1024 * 1024 - 200];
const routes = ["/api/emails", "/api/emails/batch"];

/**
 * The longest stop of the service's event loop, whatever is sent to the two routes that take the most, as the
 * body and as the recipients. The bodies are sent from another process.
 */
export async function hostileSuite(): Promise<Results> {
  const loader = startChild(new URL("http/load.ts", import.meta.url));
  const server = await openStoring();
  const figures: Record<string, number> = {};

  async function longestStopMs(path: string, body: string): Promise<number> {
    const order: Load = {
      ...{ url: server.url + path, apiKey: server.apiKey, bodies: [body], requests: 1, parallel: 1 },
      status: 400,
    };
    loader.send(order);
    // Handing the body over to the other process stops this one.
    await pause(500);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await loader.message<LoadResult>();
    await pause(20);
    delay.disable();
    return delay.max / 1e6;
  }

  try {
    for (const [shape, textOf] of Object.entries(hostile)) {
      const stops: number[] = [];
      for (const path of routes) {
        for (const size of sizes) {
          stops.push(await longestStopMs(path, textOf(size)));
          stops.push(await longestStopMs(path, `{"to":${textOf(size)},"subject":"x","text":"x"}`));
        }
      }
      figures[`longest stop of the event loop, ms: ${shape}`] = Math.max(...stops);
    }
    return { rates: [], figures };
  } finally {
    loader.close();
    await server.close();
  }
}
