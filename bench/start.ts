import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Results, rateOf } from "./measure.ts";

/** From `npm start`, with everything built, until the service says that it is ready. */
export async function startSuite(runs = 7): Promise<Results> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
    const start = performance.now();
    const child = spawn("npm", ["start"], {
      env: { ...process.env, POSTHORN_DATA_DIR: folder, POSTHORN_PORT: "0", POSTHORN_SANDBOX_PORT: "0" },
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    for await (const data of child.stdout) if (String(data).includes("Posthorn is ready")) break;
    samples.push((performance.now() - start) * 1000);
    const ended = new Promise((resolve) => child.once("close", resolve));
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await ended;
    rmSync(folder, { recursive: true });
  }
  return { rates: [rateOf("npm start until ready", samples)] };
}
