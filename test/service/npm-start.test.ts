import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-npm-start-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("npm start takes the service with it when it is told to stop", async () => {
  const npm = spawn("npm", ["start"], {
    cwd: new URL("../..", import.meta.url),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      SENDWRIGHT_DATA_DIR: join(folder, "data"),
      SENDWRIGHT_PORT: "0",
      SENDWRIGHT_SANDBOX_PORT: "0",
      NODE_COMPILE_CACHE: join(folder, "compiled"),
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let isReady = false;
  // The service holds this output too: it ends only once the service has.
  for await (const line of createInterface({ input: npm.stdout })) {
    if (!line.includes("Sendwright is ready")) continue;
    isReady = true;
    npm.kill("SIGTERM");
  }
  expect(isReady).toBe(true);
  if (npm.exitCode === null && npm.signalCode === null) await once(npm, "exit");
});
