import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../src/log.ts";
import { openPosthorn } from "../src/posthorn.ts";
import { generateKey } from "../src/secret/fernet.ts";
import { type Results, rateOf } from "./measure.ts";

/** Accepting through the outbox into SQLite (`synchronous=FULL`), 50 callers at once, nothing delivered. */
export async function acceptSuite(emails = 2_000): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const posthorn = await openPosthorn({
    database: join(folder, "posthorn.db"),
    secret: generateKey(),
    log: createLog("silent"),
  });
  try {
    const caller = { id: "library", name: "library" };
    const data = posthorn.templates.get("order-notification").example;
    const accept = () =>
      posthorn.outbox.accept({ to: "jo@example.com", template: "order-notification", data }, { caller });
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
    await posthorn.close();
    rmSync(folder, { recursive: true });
  }
}
