import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** The service as `npx sendwright start` runs it, in a process of its own. */
export interface Service {
  readonly url: string;
  readonly pid: number;
  /** Most that it was seen to hold, of late: in megabytes. */
  peakMegabytes(): number;
  post(path: string, body: object): Promise<void>;
  end(): Promise<void>;
}

const program = new URL("../../bin/sendwright.js", import.meta.url).pathname;
export const apiKey = "a-key-for-the-bench-of-32-characters";

export async function startService(dataDir: string, secret: string): Promise<Service> {
  const child = spawn(program, ["start"], {
    env: {
      PATH: process.env.PATH,
      SENDWRIGHT_DATA_DIR: dataDir,
      SENDWRIGHT_SECRET: secret,
      SENDWRIGHT_API_KEY: apiKey,
      SENDWRIGHT_PORT: "0",
      SENDWRIGHT_SANDBOX_PORT: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const url = await readyUrl(createInterface(child.stdout));
  if (url === null) throw new Error(`the service ended before it was ready:\n${said}`);
  let peak = 0;
  const timer = setInterval(async () => {
    peak = Math.max(peak, await residentMegabytes(child.pid ?? 0));
  }, 200);
  return {
    url,
    pid: child.pid ?? 0,
    peakMegabytes: () => peak,
    async post(path, body) {
      const response = await fetch(url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async end() {
      clearInterval(timer);
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function readyUrl(lines: AsyncIterable<string>): Promise<string | null> {
  for await (const line of lines) {
    const { msg, url } = JSON.parse(line.startsWith("{") ? line : "{}") as { msg?: string; url?: string };
    if (msg === "Sendwright is ready" && url !== undefined) return url;
  }
  return null;
}

/** 0 where the process is gone. */
async function residentMegabytes(pid: number): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
    return Number(stdout) / 1024;
  } catch {
    return 0;
  }
}
