import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";

import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Postgres, startPostgres } from "./postgres.ts";
import { temporaryFolder } from "./postgres-programs.ts";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  // An outage reaches an idle client as an event; a query in flight rejects by itself.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it("gives each database to one user alone", async () => {
  const [one, other] = [await postgres.createDatabase(), await postgres.createDatabase()];
  await query(one, "create table note (body text)");
  expect(await query(other, "select to_regclass('note') as note")).toEqual([{ note: null }]);
});

it("waits for the disk at each commit", async () => {
  expect(await query(postgres.url, "show fsync")).toEqual([{ fsync: "on" }]);
  expect(await query(postgres.url, "show synchronous_commit")).toEqual([{ synchronous_commit: "on" }]);
});

it("is reached by nobody without its password", async () => {
  const stranger = new URL(postgres.url);
  stranger.password = "guessed";
  await expect(query(stranger.href, "select 1")).rejects.toThrow(/password authentication failed/);
});

it.each(["fast", "immediate"] as const)(
  "comes back after an outage (%s) with its data, at the same address",
  async (end) => {
    const url = await postgres.createDatabase();
    await query(url, "create table note as select 'kept' as body");
    await postgres.stopServer(end);
    await expect(query(url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
    await postgres.startAgain();
    expect(await query(url, "select body from note")).toEqual([{ body: "kept" }]);
  },
);

describe("its data", () => {
  /** A folder for temporary files that no other test uses. */
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(temporaryFolder(), "sendwright-support-"));
    chmodSync(folder, 0o777);
    vi.stubEnv("TMPDIR", folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it("is removed when it is stopped", async () => {
    const second = await startPostgres({ fsync: false });
    expect(readdirSync(folder)).toHaveLength(1);
    await second.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is removed and the server ended when its process is killed", async () => {
    const owner = spawn(process.execPath, ["--input-type=module", "--eval", startsPostgres], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = await once(owner.stdout.setEncoding("utf8"), "data");
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    owner.kill("SIGKILL");
    await expect.poll(() => readdirSync(folder)).toEqual([]);
    await expect(query(url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
  });
});

const startsPostgres = `
  import { startPostgres } from ${JSON.stringify(new URL("postgres.ts", import.meta.url).href)};
  const { url } = await startPostgres({ fsync: false });
  process.stdout.write(url);
`;
