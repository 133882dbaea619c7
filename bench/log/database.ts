import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { smtpConfigCreate } from "../../src/config/smtp-config.ts";
import { createLog } from "../../src/log.ts";
import { parse } from "../../src/parse.ts";
import { openPosthorn, type Posthorn } from "../../src/posthorn.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { startRelay } from "../relay/relay.ts";
import { multiplyEmails } from "./multiply.ts";

export const actor = { id: "bench", name: "bench" };

/** A database in a folder of its own. */
export interface FilledDatabase {
  readonly folder: string;
  readonly secret: string;
  open(): Promise<Posthorn>;
  dispose(): void;
}

/** One email in a hundred goes to the office, the others to customers, who have twenty each. */
const readers = "iif(n % 100 = 0, 'office@example.com', 'customer-' || (n / 20) || '@example.com')";

/** A log of so many emails: seven of eight were sent, one was refused. There is no SMTP config. */
export async function fillLog(emails: number): Promise<FilledDatabase> {
  const database = makeDatabase();
  const relay = await startRelay();
  const posthorn = await database.open();
  try {
    const { delivered } = await relay.expect(7);
    const settings = {
      smtpServer: "127.0.0.1",
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
    };
    const config = await posthorn.configs.create(parse(smtpConfigCreate, settings), actor);
    for (let n = 0; n < 8; n++) {
      const to = n === 7 ? "refused@example.com" : `customer-${n}@example.com`;
      await posthorn.outbox.accept(
        { to, subject: "Hello", text: "Your order is on its way." },
        { caller: actor },
      );
    }
    await delivered;
    while (await isBusy(posthorn)) await pause(20);
    await posthorn.configs.remove(config.id, actor);
  } finally {
    await posthorn.close();
    relay.close();
  }
  multiplyEmails(join(database.folder, "posthorn.db"), emails - 8, readers);
  return database;
}

/** So many emails that wait, each of about 4 KiB, and no SMTP config to send them with. */
export async function fillQueue(
  emails: number,
  content: { html: string; text: string },
): Promise<FilledDatabase> {
  const database = makeDatabase();
  const posthorn = await database.open();
  const request = { to: "customer-0@example.com", subject: "Hello", ...content };
  await posthorn.outbox.accept(request, { caller: actor });
  await posthorn.close();
  multiplyEmails(join(database.folder, "posthorn.db"), emails - 1, "'customer-' || n || '@example.com'");
  return database;
}

function makeDatabase(): FilledDatabase {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const secret = generateKey();
  return {
    folder,
    secret,
    open: () => openPosthorn({ database: join(folder, "posthorn.db"), secret, log: createLog("silent") }),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

async function isBusy(posthorn: Posthorn): Promise<boolean> {
  const { emails } = await posthorn.health();
  return emails.queued + emails.sending > 0;
}
