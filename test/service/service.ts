import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const main = new URL("../../src/cli/main.ts", import.meta.url).href;
export const apiKey = "test-key-of-more-than-32-characters";

/** The command line as a process of its own, on its own folder and port. */
export interface ServiceFolder {
  readonly path: string;
  /** Everything that every run printed, on both outputs. */
  readonly output: string[];
  start(env?: Record<string, string>): Promise<Service>;
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ code: number | null; output: string }>;
  /** Ends what still runs, and removes the folder. */
  dispose(): Promise<void>;
}

export interface Service {
  readonly url: string;
  readonly process: ChildProcess;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function makeServiceFolder(): ServiceFolder {
  const path = mkdtempSync(join(tmpdir(), "posthorn-service-"));
  const output: string[] = [];
  const running = new Set<ChildProcess>();

  function launch(args: readonly string[], env: Record<string, string>): ChildProcess {
    const script = `import(${JSON.stringify(main)}).then((cli) => cli.main(["node", "posthorn", ...${JSON.stringify(args)}]))`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: {
        PATH: process.env.PATH,
        POSTHORN_DATA_DIR: join(path, "data"),
        POSTHORN_PORT: "0",
        POSTHORN_SANDBOX_PORT: "0",
        POSTHORN_API_KEY: apiKey,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (data) => output.push(String(data)));
    return child;
  }

  return {
    path,
    output,
    async start(env = {}) {
      const child = launch(["start"], env);
      const url = await readyUrl(child, output);
      return {
        url,
        process: child,
        async call(method, callPath, body) {
          const response = await fetch(url + callPath, {
            method,
            headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          const text = await response.text();
          return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as never };
        },
        async end(signal) {
          const ended = once(child, "exit");
          child.kill(signal);
          await ended;
        },
      };
    },
    async run(args, env = {}) {
      const from = output.length;
      const child = launch(args, env);
      const [code] = await once(child, "close");
      return { code, output: output.slice(from).join("") };
    },
    async dispose() {
      for (const child of running) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      rmSync(path, { recursive: true });
    },
  };
}

/** The log line that says that the service is ready holds its address. */
async function readyUrl(child: ChildProcess, output: readonly string[]): Promise<string> {
  if (child.stdout === null) throw new Error("no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const entry = JSON.parse(line) as { msg?: string; url?: string };
    if (entry.msg === "Posthorn is ready" && entry.url !== undefined) return entry.url;
  }
  throw new Error(`the service ended before it was ready:\n${output.join("")}`);
}
