import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createLog } from "../../src/core/log.ts";
import { parse } from "../../src/core/parse.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { openServices, type Services } from "../../src/services.ts";
import { smtpConfigCreate } from "../../src/smtp-configs/settings.ts";
import { startRelay } from "../relay/relay.ts";
import { multiplyEmails } from "./multiply.ts";

export const actor = { id: "bench", name: "bench" };

/** A database in a folder of its own. */
export interface FilledDatabase {
  readonly folder: string;
  readonly secret: string;
  open(): Promise<Services>;
  dispose(): void;
}

/** One email in a hundred goes to the office, the others to customers, who have twenty each. */
const readers = "iif(n % 100 = 0, 'office@example.com', 'customer-' || (n / 20) || '@example.com')";

/** A log of so many emails: seven of eight were sent, one was refused. There is no SMTP config. */
export async function fillLog(emails: number): Promise<FilledDatabase> {
  const database = makeDatabase();
  const relay = await startRelay();
  const services = await database.open();
  try {
    const { delivered } = await relay.expect(7);
    const settings = {
      smtpServer: "127.0.0.1",
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
    };
    const config = await services.configs.create(parse(smtpConfigCreate, settings), actor);
    for (let n = 0; n < 8; n++) {
      const to = n === 7 ? "refused@example.com" : `customer-${n}@example.com`;
      await services.outbox.accept(
        { to, subject: "Hello", text: "Your order is on its way." },
        { caller: actor },
      );
    }
    await delivered;
    while (await isBusy(services)) await pause(20);
    await services.configs.remove(config.id, actor);
  } finally {
    await services.close();
    relay.close();
  }
  multiplyEmails(join(database.folder, "sendwright.db"), emails - 8, readers);
  return database;
}

/** So many emails that wait, each of about 4 KiB, and no SMTP config to send them with. */
export async function fillQueue(
  emails: number,
  content: { html: string; text: string },
): Promise<FilledDatabase> {
  const database = makeDatabase();
  const services = await database.open();
  const request = { to: "customer-0@example.com", subject: "Hello", ...content };
  await services.outbox.accept(request, { caller: actor });
  await services.close();
  multiplyEmails(join(database.folder, "sendwright.db"), emails - 1, "'customer-' || n || '@example.com'");
  return database;
}

function makeDatabase(): FilledDatabase {
  const folder = mkdtempSync(join(tmpdir(), "sendwright-bench-"));
  const secret = generateKey();
  return {
    folder,
    secret,
    open: () => openServices({ database: join(folder, "sendwright.db"), secret, log: createLog("silent") }),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

async function isBusy(services: Services): Promise<boolean> {
  const { emails } = await services.health();
  return emails.queued + emails.sending > 0;
}
