import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type BrowserServer, startBrowserServer } from "../e2e/browser.ts";
import { type MigratedPostgres, startMigratedPostgres } from "./migrated-postgres.ts";

/** What all test files of a run share. Each is started when the first file asks for it. */
export interface SharedParts {
  /** A PostgreSQL that no test stops. */
  readonly postgres: MigratedPostgres["address"];
  /** The WebSocket address of a browser. */
  readonly browser: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Where `sharedPart` asks; nobody else knows the path. */
    sharedParts: string;
  }
}

/**
 * Starts what test files share on demand, because most filters need none of it. Test files run in processes
 * and threads of their own, so they ask over HTTP.
 */
export default async function share(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<MigratedPostgres> | undefined;
  let browser: Promise<BrowserServer> | undefined;
  const parts: { readonly [Name in keyof SharedParts]: () => Promise<SharedParts[Name]> } = {
    async postgres() {
      postgres ??= startMigratedPostgres();
      return (await postgres).address;
    },
    async browser() {
      browser ??= startBrowserServer();
      return (await browser).address;
    },
  };

  const path = `/${randomUUID()}/`;
  const server = createServer(async (request, response) => {
    const name = request.url?.startsWith(path) ? request.url.slice(path.length) : "";
    try {
      if (!Object.hasOwn(parts, name)) throw new Error("Not a shared part.");
      response.end(JSON.stringify(await parts[name as keyof SharedParts]()));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  project.provide("sharedParts", `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);

  return async () => {
    server.close();
    server.closeAllConnections();
    // What did not start has already told the file that asked for it.
    const started = await Promise.allSettled([postgres, browser]);
    await Promise.all(started.map((part) => (part.status === "fulfilled" ? part.value?.stop() : undefined)));
  };
}
