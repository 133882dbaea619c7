import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { generateKey } from "../src/secret/fernet.ts";
import { startChild } from "./child.ts";
import type { PostCounts } from "./door/posts.ts";
import { quantile, type Results } from "./measure.ts";
import { apiKey, startService } from "./queued/service.ts";

const count = 100;
const bytes = 23_000_000;
const probeEveryMs = 100;

/**
 * Many large emails posted at once by another process: what the service holds in memory at most, how long it takes
 * to say that it is ready meanwhile, and how many of the posts it accepts.
 */
export async function doorSuite(): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
  const poster = startChild(new URL("door/posts.ts", import.meta.url));
  const service = await startService(folder, generateKey());
  try {
    // Shortly after its start the service loads what the first sign-in needs.
    await pause(3_000);
    // What else the machine does at this time shows in the same question to a service that is at rest.
    const atRest = new ReadyProbe(service.url);
    await pause(5_000);
    const atRestMs = await atRest.stop();
    const probe = new ReadyProbe(service.url);
    const start = performance.now();
    poster.send({ url: service.url, apiKey, count, bytes });
    const counts = await poster.message<PostCounts>();
    const seconds = (performance.now() - start) / 1_000;
    const readyMs = await probe.stop();
    const figures: Record<string, number> = {
      "peak of resident memory, MB": peakMegabytes(service.pid),
      "ready at rest, 99th percentile, ms": quantile(atRestMs, 0.99),
      "ready, median, ms": quantile(readyMs, 0.5),
      "ready, 99th percentile, ms": quantile(readyMs, 0.99),
      "ready, longest, ms": Math.max(...readyMs),
      "until every post was answered, s": seconds,
    };
    for (const [outcome, posts] of Object.entries(counts)) figures[`posts answered with ${outcome}`] = posts;
    return { rates: [], figures };
  } finally {
    poster.close();
    await service.end();
    rmSync(folder, { recursive: true });
  }
}

/** Asks whether the service is ready, each time over a new connection, also while the last question is not answered yet. */
class ReadyProbe {
  readonly #url: string;
  readonly #answers: Promise<number>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(url: string) {
    this.#url = `${url}/api/ready`;
    this.#timer = setInterval(() => this.#answers.push(this.#ask()), probeEveryMs);
  }

  /** How long each answer took, in milliseconds; infinite if it failed. */
  stop(): Promise<readonly number[]> {
    clearInterval(this.#timer);
    return Promise.all(this.#answers);
  }

  #ask(): Promise<number> {
    const start = performance.now();
    return new Promise((resolve) => {
      const asked = get(this.#url, { agent: false }, (response) => {
        response.resume().on("end", () => {
          resolve(response.statusCode === 200 ? performance.now() - start : Number.POSITIVE_INFINITY);
        });
      });
      asked.on("error", () => resolve(Number.POSITIVE_INFINITY));
    });
  }
}

/** The most that a process has held so far. */
function peakMegabytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1_024;
}
