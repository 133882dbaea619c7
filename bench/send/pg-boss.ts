import { PgBoss } from "pg-boss";
import { byCallers, type Sending, type SendingOptions } from "./candidate.ts";
import type { Mail } from "./mail.ts";
import { openTransport } from "./nodemailer.ts";

const queue = "mail";

/**
 * A job queue on PostgreSQL with nodemailer in its workers: how one builds a durable outbox from parts.
 * Each mail is a job of its own, as an application would insert it. Workers are woken by the database and
 * take whole batches: of the settings tried, these were the fastest.
 */
export async function openPgBoss(options: SendingOptions & { readonly database: string }): Promise<Sending> {
  const transport = openTransport(options);
  const boss = new PgBoss({ connectionString: options.database, max: 20, useListenNotify: true });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue, { notify: true });
  await boss.work<Mail>(queue, { batchSize: 50, localConcurrency: 4, burstWhenBatchFull: true }, (jobs) =>
    Promise.all(jobs.map((job) => transport.send(job.data))).then(() => {}),
  );
  return {
    deliver: (mails) => byCallers(mails, options.language, (mail) => boss.send(queue, mail)),
    async close() {
      await boss.stop();
      transport.close();
    },
  };
}
