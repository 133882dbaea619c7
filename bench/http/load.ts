// Sends requests in parallel over kept connections, in a process of its own; http.ts starts it.
import { Agent, request } from "node:http";

/** What to send, and how often. */
export interface Load {
  readonly url: string;
  readonly apiKey: string;
  /** Sent in turn. */
  readonly bodies: readonly string[];
  readonly requests: number;
  readonly parallel: number;
}

export interface LoadResult {
  readonly elapsedMs: number;
  /** Of each request. */
  readonly latenciesMs: readonly number[];
}

async function run({ url, apiKey, bodies, requests, parallel }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const latenciesMs: number[] = [];
  let next = 0;

  const post = (body: string) =>
    new Promise<void>((resolve, reject) => {
      const start = performance.now();
      const length = Buffer.byteLength(body);
      request(
        url,
        { method: "POST", agent, headers: { ...headers, "content-length": length } },
        (response) => {
          response.on("error", reject).resume();
          response.on("end", () => {
            latenciesMs.push(performance.now() - start);
            if (response.statusCode === 202) resolve();
            else reject(new Error(`the server answered ${response.statusCode}`));
          });
        },
      )
        .on("error", reject)
        .end(body);
    });

  const start = performance.now();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < requests) await post(bodies[next++ % bodies.length] ?? "");
    }),
  );
  const elapsedMs = performance.now() - start;
  agent.destroy();
  return { elapsedMs, latenciesMs };
}

process.on("message", async (load: Load) => process.send?.(await run(load)));
process.on("disconnect", () => process.exit());
