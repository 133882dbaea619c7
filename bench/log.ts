import type { Services } from "../src/services.ts";
import { claimEmails } from "../src/store/tables/email-claims.ts";
import type { EmailFilter } from "../src/store/tables/email-criteria.ts";
import { releaseLeases } from "../src/store/tables/email-leases.ts";
import { claimOf } from "../test/support/claim.ts";
import { actor, type FilledDatabase, fillLog } from "./log/database.ts";
import { compare, type Rate, type Results, rateOf, ratiosOf } from "./measure.ts";

/** Emails that are claimed, or accepted at the same time, in one sample. */
const batch = 50;

const pages: Readonly<Record<string, EmailFilter>> = {
  "log page": { limit: 50 },
  "log page of refused emails": { limit: 50, state: "failed" },
  "log page of a customer": { limit: 50, recipient: "customer-7@example.com" },
  "log page of the office": { limit: 50, recipient: "office@example.com" },
};

/** Whether a long log slows down what is done every day: each thing beside itself with a short one. */
export async function logSuite(short = 10_000, long = 1_000_000): Promise<Results> {
  const databases = new Map<number, FilledDatabase>();
  const opened = new Map<number, Services>();
  try {
    for (const emails of [short, long]) {
      const database = await fillLog(emails);
      databases.set(emails, database);
      const services = await database.open();
      opened.set(emails, services);
      // The delivery worker is not measured, and must not take what the bench claims.
      await services.worker.stop(0);
    }
    const rates = [...(await accepting(opened)), ...(await claiming(opened)), ...(await listing(opened))];
    const names = ["accept", "claim", ...Object.keys(pages)];
    return {
      rates,
      ratios: ratiosOf(
        rates,
        names.map((name) => [named(name, short), named(name, long)]),
      ),
    };
  } finally {
    for (const services of opened.values()) await services.close();
    for (const database of databases.values()) database.dispose();
  }
}

function named(name: string, emails: number): string {
  return `${name}, ${emails.toLocaleString("en")} emails`;
}

function accepting(opened: ReadonlyMap<number, Services>): Promise<Rate[]> {
  return sample("accept", opened, async ({ outbox }) => {
    const request = { to: "new@example.com", subject: "Hello", text: "Your order is on its way." };
    await Promise.all(Array.from({ length: batch }, () => outbox.accept(request, { caller: actor })));
  });
}

function claiming(opened: ReadonlyMap<number, Services>): Promise<Rate[]> {
  return sample(
    "claim",
    opened,
    async ({ store, clock }) => {
      const now = clock.now();
      const claim = claimEmails(store.db, claimOf({ now, leaseMs: 60_000, limit: batch }));
      const [claimed] = await store.transact([claim]);
      if (claimed.length !== batch) throw new Error(`${claimed.length} emails were claimed`);
    },
    ({ store, clock }) => releaseLeases(store.db, Number.MAX_SAFE_INTEGER, clock.now()),
  );
}

function listing(opened: ReadonlyMap<number, Services>): Promise<Rate[]> {
  const candidates = Object.entries(pages).flatMap(([name, filter]) =>
    [...opened].map(([emails, { outbox }]) => ({
      name: named(name, emails),
      async run() {
        const { items } = await outbox.list(filter);
        if (items.length === 0) throw new Error("the page is empty");
      },
    })),
  );
  return compare(candidates, 30, 9);
}

/** Times the work on both databases in turn; what follows each time is not timed. */
async function sample(
  name: string,
  opened: ReadonlyMap<number, Services>,
  work: (services: Services) => Promise<void>,
  afterwards: (services: Services) => Promise<unknown> = async () => {},
): Promise<Rate[]> {
  const micros = new Map<number, number[]>([...opened.keys()].map((emails) => [emails, []]));
  for (let round = -5; round < 30; round++) {
    for (const [emails, services] of opened) {
      const start = performance.now();
      await work(services);
      const elapsed = performance.now() - start;
      if (round >= 0) micros.get(emails)?.push((elapsed * 1000) / batch);
      await afterwards(services);
    }
  }
  return [...micros].map(([emails, samples]) => rateOf(named(name, emails), samples));
}
