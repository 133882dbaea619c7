import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/core/log.ts";
import { createSendwright } from "../../src/library.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { byCallers, type Sending, type SendingOptions } from "./candidate.ts";
import { sender } from "./mail.ts";

/** Sendwright as a library, through `sendwright.send()`, on a SQLite file with `synchronous=FULL`. */
export async function openOnSqlite(options: SendingOptions): Promise<Sending> {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
  const sending = await open(join(folder, "sendwright.db"), options);
  return {
    ...sending,
    async close() {
      await sending.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The same on PostgreSQL, whose every commit waits for the disk. */
export function openOnPostgres(options: SendingOptions & { readonly database: string }): Promise<Sending> {
  return open(options.database, options);
}

async function open(database: string, { port, connections, language }: SendingOptions): Promise<Sending> {
  const sendwright = await createSendwright({ database, secret: generateKey(), log: createLog("silent") });
  await saveConfig(sendwright.handler({ authorize: () => ({ id: "1", name: "Ada" }) }), {
    smtpServer: "127.0.0.1",
    smtpPort: port,
    useTls: false,
    fromName: sender.name,
    fromEmail: sender.address,
    maxConnections: connections,
  });
  return {
    deliver: (mails) => byCallers(mails, language, (mail) => sendwright.send(mail)),
    close: () => sendwright.close(),
  };
}

/** As the settings page does it. */
async function saveConfig(handler: (request: Request) => Promise<Response>, config: object): Promise<void> {
  const response = await handler(
    new Request("http://localhost/api/smtp-configs", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(config),
    }),
  );
  if (!response.ok) throw new Error(await response.text());
}
