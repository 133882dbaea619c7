import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import {
  type PostgresPrograms,
  postgresPrograms,
  postgresUser,
  temporaryFolder,
} from "./postgres-programs.ts";

export interface PostgresOptions {
  /** Off, commits do not wait for the disk: for tests that ask nothing about durability. Default: on. */
  readonly fsync?: boolean;
}

/** `fast` says goodbye to its clients; `immediate` does not, and the next start recovers as after a crash. */
export type PostgresEnd = "fast" | "immediate";

/** A real PostgreSQL of our own, listening on a free port of 127.0.0.1. */
export interface Postgres {
  /** Of a database that is there from the start. */
  readonly url: string;
  /** Makes an empty database, and gives its URL. */
  createDatabase(): Promise<string>;
  /** Ends the server, as an outage does. */
  stopServer(end?: PostgresEnd): Promise<void>;
  /** Goes on after `stopServer`, on the same port with the same data. */
  startAgain(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/** PostgreSQL's own words for the ways to end it. */
const signals = { fast: "INT", immediate: "QUIT" } as const satisfies Record<PostgresEnd, string>;

/**
 * Starts an empty PostgreSQL; it takes about a second. Neither it nor its data outlive this process, however
 * that ends. Linux and macOS only.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(temporaryFolder(), "sendwright-postgres-"));
  try {
    const { uid, gid } = postgresUser;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    const programs = postgresPrograms(folder);
    const password = randomBytes(16).toString("hex");
    await makeCluster(programs, folder, password);
    const { port, server } = await startOnFreePort(programs, folder, options);
    return control({ programs, folder, options, port, server, password });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}

interface Started {
  readonly programs: PostgresPrograms;
  readonly folder: string;
  readonly options: PostgresOptions;
  readonly port: number;
  readonly server: RunningServer;
  readonly password: string;
}

function control({ programs, folder, options, port, server, password }: Started): Postgres {
  const urlOf = (database: string) => `postgres://sendwright:${password}@127.0.0.1:${port}/${database}`;
  const url = urlOf("postgres");
  let running: RunningServer | null = server;
  let databases = 0;

  async function stopServer(end: PostgresEnd = "fast"): Promise<void> {
    const ending = running;
    running = null;
    await ending?.end(end);
  }

  return {
    url,
    stopServer,
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        await client.query(`create database ${name}`);
      } finally {
        await client.end();
      }
      return urlOf(name);
    },
    async startAgain() {
      running ??= await startServer(programs, folder, port, options);
    },
    async stop() {
      await stopServer("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The data's folder. Sorting is by a language, as most installations have it: who relies on the order of bytes
 * is found out. The password keeps other users of the machine from becoming superuser of ours.
 */
async function makeCluster({ initdb }: PostgresPrograms, folder: string, password: string): Promise<void> {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (postgresUser.uid !== undefined) chownSync(passwordFile, postgresUser.uid, postgresUser.gid ?? 0);
  const args = [
    `--pgdata=${join(folder, "data")}`,
    "--username=sendwright",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=icu",
    "--icu-locale=en",
    // An empty cluster that a power cut spoils is made anew.
    "--no-sync",
  ];
  await promisify(execFile)(initdb, args, { ...postgresUser, cwd: folder, env: environment });
}

/** No PGHOST, PGDATA and the like of whoever runs the tests; messages in English, since one is waited for. */
const environment = { PATH: process.env.PATH, LC_ALL: "C" };

/** Between finding a port free and taking it, another program may be faster. */
async function startOnFreePort(
  programs: PostgresPrograms,
  folder: string,
  options: PostgresOptions,
): Promise<{ port: number; server: RunningServer }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { port, server: await startServer(programs, folder, port, options) };
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

interface RunningServer {
  /** Resolves when the last of its processes is gone. */
  end(end: PostgresEnd): Promise<void>;
}

/**
 * Ends the server with the signal that it reads from its input, or when that ends because this process did;
 * then it also removes the folder, since nobody else will. Our own Ctrl-C must not end it before.
 */
const keeper = `
  trap '' INT HUP TERM
  folder=$1; shift
  "$@" &
  exec 2>/dev/null
  read -r signal
  kill -s "\${signal:-QUIT}" $!
  wait $!
  [ -n "$signal" ] || rm -rf "$folder"
`;

/** @throws Error with what the server said, if it does not start. */
async function startServer(
  { postgres }: PostgresPrograms,
  folder: string,
  port: number,
  { fsync = true }: PostgresOptions,
): Promise<RunningServer> {
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: fsync ? "on" : "off",
  };
  const command = [
    postgres,
    "-D",
    join(folder, "data"),
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const child = spawn("/bin/sh", ["-c", keeper, "keeper", folder, ...command], {
    ...postgresUser,
    cwd: folder,
    env: environment,
    stdio: ["pipe", "ignore", "pipe"],
  });
  return untilReady(child);
}

async function untilReady(child: ChildProcess): Promise<RunningServer> {
  const { stdin, stderr } = child;
  if (stdin === null || stderr === null) throw new Error("the server has pipes");
  const closed = new Promise((resolve) => child.once("close", resolve));
  const end = async (signal: string) => {
    stdin.end(`${signal}\n`);
    await closed;
  };
  stdin.on("error", () => {}); // It is gone already.
  let output = "";
  const ready = await new Promise<boolean>((resolve) => {
    stderr.setEncoding("utf8").on("data", (text: string) => {
      // It is read for ever, so that it never waits for us, but only the latest is kept: while it recovers, it
      // has a word for each client that comes too early.
      output = (output + text).slice(-64 * 1024);
      if (output.includes("database system is ready to accept connections")) resolve(true);
    });
    // The keeper has closed its end: this is that of the server's last process.
    stderr.once("end", () => resolve(false));
    child.once("error", () => resolve(false));
  });
  if (!ready) {
    await end("QUIT");
    throw new Error(`PostgreSQL did not start:\n${output}`);
  }
  return { end: (how) => end(signals[how]) };
}
