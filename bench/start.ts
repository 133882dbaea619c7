import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Results, rateOf } from "./measure.ts";

/** From `npm start`, with everything built, until the service says that it is ready. */
export async function startSuite(runs = 7): Promise<Results> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
    const start = performance.now();
    const child = spawn("npm", ["start"], {
      env: {
        ...process.env,
        SENDWRIGHT_DATA_DIR: folder,
        SENDWRIGHT_PORT: "0",
        SENDWRIGHT_SANDBOX_PORT: "0",
      },
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    for await (const data of child.stdout) if (String(data).includes("Sendwright is ready")) break;
    samples.push((performance.now() - start) * 1000);
    if (child.pid !== undefined) await endGroup(child.pid);
    rmSync(folder, { recursive: true });
  }
  return { rates: [rateOf("npm start until ready", samples)] };
}

/** npm ends before the service that it started, which still writes into its folder. */
async function endGroup(leader: number): Promise<void> {
  process.kill(-leader, "SIGTERM");
  while (isRunning(-leader)) await pause(20);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
