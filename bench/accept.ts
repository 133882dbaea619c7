import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../src/core/log.ts";
import { generateKey } from "../src/secret/fernet.ts";
import { openServices } from "../src/services.ts";
import { type Results, rateOf } from "./measure.ts";

/** Accepting through the outbox into SQLite (`synchronous=FULL`), 50 callers at once, nothing delivered. */
export async function acceptSuite(emails = 2_000): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
  const services = await openServices({
    database: join(folder, "sendwright.db"),
    secret: generateKey(),
    log: createLog("silent"),
  });
  try {
    const caller = { id: "library", name: "library" };
    const data = services.templates.get("order-notification").example;
    const accept = () =>
      services.outbox.accept({ to: "jo@example.com", template: "order-notification", data }, { caller });
    await accept();
    let left = emails;
    const start = performance.now();
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        while (left-- > 0) await accept();
      }),
    );
    const micros = ((performance.now() - start) * 1000) / emails;
    return { rates: [rateOf("accept into SQLite, rendered", [micros])] };
  } finally {
    await services.close();
    rmSync(folder, { recursive: true });
  }
}
