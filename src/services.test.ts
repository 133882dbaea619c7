import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "./core/log.ts";
import { generateKey } from "./secret/fernet.ts";
import { openServices } from "./services.ts";
import { isServed, openSqliteStore } from "./store/store.ts";
import { createFixedClock, type FixedClock } from "./testing/fixed-clock.ts";

let folder: string;
let database: string;
let clock: FixedClock;
const secret = generateKey();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-services-"));
  database = join(folder, "sendwright.db");
  clock = createFixedClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (sandboxPort: number) =>
  openServices({ database, secret, sandboxPort, clock, log: createLog("silent") });

/** Listens on a free port of the loopback, or on the given one. */
async function listen(port = 0) {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It listens on a port.");
  return { port: address.port, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe("a start that fails", () => {
  it("releases the database if the port of the sandbox is taken", async () => {
    const taken = await listen();
    await expect(open(taken.port)).rejects.toMatchObject({ code: "sandbox.unavailable" });
    await taken.close();
    expect([isServed(database), clock.waiting]).toEqual([false, 0]);
    const services = await open(taken.port);
    await services.close();
  });

  // Each part reads its own table when it starts.
  it.each([
    ["the template cache", "templates"],
    ["the access tokens", "oauth_grants"],
    ["the delivery worker", "smtp_config"],
  ])("leaves no port, timer or lock behind if it is that of %s", async (_, table) => {
    const { port, close } = await listen();
    await close();
    await (await open(port)).close();
    const store = await openSqliteStore(database);
    await sql`drop table ${sql.table(table)}`.execute(store.db);
    await store.close();

    await expect(open(port)).rejects.toThrow(`no such table: ${table}`);
    expect([isServed(database), clock.waiting]).toEqual([false, 0]);
    await (await listen(port)).close();
  });
});

it("leaves no timer behind when it is closed", async () => {
  const services = await open(0);
  expect(clock.waiting).toBeGreaterThan(0);
  await services.close();
  expect([isServed(database), clock.waiting]).toEqual([false, 0]);
});
