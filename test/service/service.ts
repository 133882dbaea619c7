import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const apiKey = "test-key-of-more-than-32-characters";

type Environment = Readonly<Record<string, string>>;

/** A server starts in half the time where its sources are compiled already. */
const compileCache = join(import.meta.dirname, "../../node_modules/.cache/sendwright-service");

/** The command line from its sources; what follows goes to it. */
const sources: readonly string[] = [
  "--input-type=module",
  "--eval",
  `import(${JSON.stringify(new URL("../../src/cli/main.ts", import.meta.url).href)})
    .then((cli) => cli.main(["node", "sendwright", ...process.argv.slice(1)]))`,
  "--",
];

/** The command line as a process of its own, on its own folder and port. */
export interface ServiceFolder {
  readonly path: string;
  readonly dataDir: string;
  /** The SQLite file. */
  readonly database: string;
  /** Everything that every run printed, on both outputs. */
  readonly output: readonly string[];
  start(env?: Environment, limits?: Limits): Promise<Service>;
  /** Begins a command, and does not wait for its end. */
  begin(args: readonly string[], env?: Environment, limits?: Limits): Run;
  /** The service that `begin(["start"])` has begun, once it listens. */
  ready(run: Run): Promise<Service>;
  /** Runs a command to its end. @param input what it reads from standard input; nothing by default. */
  run(args: readonly string[], env?: Environment, input?: string): Promise<EndedRun>;
  /** Ends what still runs, and removes the folder. */
  dispose(): Promise<void>;
}

/** What the system lets a process have. */
export interface Limits {
  /** A file that is larger by a write is what a full disk is to the process: the write fails. Multiples of 512. */
  readonly maxFileBytes?: number;
}

/** One process. Its outputs grow while it runs. */
export interface Run {
  readonly process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<EndedRun>;
  /** The first line of standard output that the search finds something in. @throws Error if the process ends without. */
  line<Found>(search: (line: string) => Found | undefined): Promise<Found>;
}

export interface EndedRun {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Service extends Run {
  readonly url: string;
  /** A request with the admin key; `body` goes as JSON. */
  call<Body = never>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply<Body>>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<EndedRun>;
}

export interface Reply<Body> {
  readonly status: number;
  /** Null where there is none. */
  readonly body: Body;
}

/** @param program arguments of Node.js that start the command line; the sources by default. */
export function makeServiceFolder(program: readonly string[] = sources): ServiceFolder {
  const path = mkdtempSync(join(tmpdir(), "sendwright-service-"));
  const dataDir = join(path, "data");
  const output: string[] = [];
  const running = new Set<Run>();

  function begin(
    args: readonly string[],
    env: Environment = {},
    limits: Limits = {},
    input: string | null = null,
  ): Run {
    const [command, ...rest] = limited([process.execPath, ...program, ...args], limits);
    const child = spawn(command, rest, {
      cwd: path,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: compileCache,
        SENDWRIGHT_DATA_DIR: dataDir,
        SENDWRIGHT_PORT: "0",
        SENDWRIGHT_SANDBOX_PORT: "0",
        SENDWRIGHT_API_KEY: apiKey,
        ...env,
      },
      stdio: [input === null ? "ignore" : "pipe", "pipe", "pipe"],
    });
    // What does not read its input to the end breaks the pipe.
    child.stdin?.on("error", () => {}).end(input);
    const run = watch(child, output);
    running.add(run);
    void run.ended.then(() => running.delete(run));
    return run;
  }

  async function ready(run: Run): Promise<Service> {
    const url = await run.line(readyUrl);
    return {
      process: run.process,
      get stdout() {
        return run.stdout;
      },
      get stderr() {
        return run.stderr;
      },
      ended: run.ended,
      line: run.line,
      url,
      async call(method, callPath, body, headers) {
        const response = await fetch(url + callPath, {
          method,
          headers: {
            authorization: `Bearer ${apiKey}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as never };
      },
      end(signal) {
        run.process.kill(signal);
        return run.ended;
      },
    };
  }

  return {
    path,
    dataDir,
    database: join(dataDir, "sendwright.db"),
    output,
    begin,
    run: (args, env, input) => begin(args, env, {}, input).ended,
    ready,
    start: (env, limits) => ready(begin(["start"], env, limits)),
    async dispose() {
      for (const run of running) {
        run.process.kill("SIGKILL");
        await run.ended;
      }
      rmSync(path, { recursive: true });
    },
  };
}

/** POSIX counts the size of files in blocks of 512 bytes; a signal that comes with the failure is ignored. */
function limited(command: readonly [string, ...string[]], { maxFileBytes }: Limits): [string, ...string[]] {
  if (maxFileBytes === undefined) return [...command];
  const script = `trap '' XFSZ; ulimit -f ${maxFileBytes / 512}; exec "$@"`;
  return ["/bin/sh", "-c", script, "sh", ...command];
}

function watch(child: ChildProcess, output: string[]): Run {
  const printed = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const report = () => {
    for (const check of waiting) check();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
      output.push(text);
      report();
    });
  }
  let ended = false;
  const end = once(child, "close").then(([code]): EndedRun => {
    ended = true;
    report();
    return { code, ...printed };
  });
  return {
    process: child,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    ended: end,
    line: (search) =>
      new Promise((resolve, reject) => {
        const check = () => {
          // The last piece has no end yet.
          for (const line of printed.stdout.split("\n").slice(0, -1)) {
            const found = search(line);
            if (found === undefined) continue;
            waiting.delete(check);
            resolve(found);
            return;
          }
          if (ended) reject(new Error(`it ended without the line:\n${printed.stdout}${printed.stderr}`));
        };
        waiting.add(check);
        check();
      }),
  };
}

/** The log line that says that the service is ready holds its address. */
function readyUrl(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  const entry = JSON.parse(line) as { msg?: string; url?: string };
  return entry.msg === "Sendwright is ready" ? entry.url : undefined;
}
