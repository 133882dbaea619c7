import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { hostile } from "../test/support/hostile.ts";
import { startChild } from "./child.ts";
import type { HostileOrder } from "./http/hostile-load.ts";
import { openStoring } from "./http/servers.ts";
import type { Results } from "./measure.ts";

const sizes = [1_000_000, 40 * 1024 * 1024 - 200];
const routes = ["/api/emails", "/api/emails/batch"];

/**
 * The longest stop of the service's event loop, whatever is sent to the two routes that take the most, as the
 * body and as the recipients. The bodies are made and sent by another process.
 * @param only parts of the names of shapes; all shapes if there are none.
 */
export async function hostileSuite(only: readonly string[]): Promise<Results> {
  const loader = startChild(new URL("http/hostile-load.ts", import.meta.url));
  const server = await openStoring();

  async function longestStopMs(order: HostileOrder): Promise<number> {
    loader.send(order);
    await loader.message();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const answered = loader.message<number>();
    loader.send({ go: true });
    const status = await answered;
    await pause(20);
    delay.disable();
    if (status < 400 || status >= 500) throw new Error(`${order.shape} was answered with ${status}`);
    return delay.max / 1e6;
  }

  try {
    const figures: Record<string, number> = {};
    const isAsked = (shape: string) => only.length === 0 || only.some((part) => shape.includes(part));
    for (const shape of Object.keys(hostile).filter(isAsked)) {
      const stops: number[] = [];
      for (const path of routes) {
        for (const bytes of sizes) {
          for (const asRecipients of [false, true]) {
            const { url, apiKey } = server;
            stops.push(await longestStopMs({ url: url + path, apiKey, shape, bytes, asRecipients }));
          }
        }
      }
      figures[`longest stop, ms: ${shape}`] = Math.max(...stops);
    }
    return { rates: [], figures };
  } finally {
    loader.close();
    await server.close();
  }
}
