import { startPostgres } from "../test/support/postgres.ts";
import { type Rate, type Results, rateOf, ratiosOf } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { type Relay, startRelay } from "./relay/relay.ts";
import type { Sending, SendingOptions } from "./send/candidate.ts";
import { openNodemailer } from "./send/nodemailer.ts";
import { openPgBoss } from "./send/pg-boss.ts";
import { openPlainSocket } from "./send/plain-socket.ts";
import { openOnPostgres, openOnSqlite } from "./send/sendwright.ts";

type Open = (options: SendingOptions, database: () => Promise<string>) => Sending | Promise<Sending>;

const candidates: Readonly<Record<string, Open>> = {
  "sendwright-sqlite": openOnSqlite,
  "sendwright-postgres": async (options, database) =>
    openOnPostgres({ ...options, database: await database() }),
  nodemailer: openNodemailer,
  "pg-boss": async (options, database) => openPgBoss({ ...options, database: await database() }),
  "plain-socket": openPlainSocket,
};

/**
 * From the first call until the relay has every mail, 10 connections. The candidates take turns, several
 * rounds, so that whatever else the machine does falls on all of them alike.
 */
export async function sendSuite({ emails, rounds, only, language }: BenchOptions): Promise<Results> {
  const postgres = await startPostgres();
  const relay = await startRelay();
  const opened = new Map<string, Sending>();
  try {
    for (const [name, open] of Object.entries(candidates)) {
      if (only.length > 0 && !only.includes(name)) continue;
      opened.set(name, await open({ port: relay.port, connections: 10, language }, postgres.createDatabase));
    }
    const rates = await takeTurns(relay, opened, { emails, rounds });
    return {
      rates,
      ratios: ratiosOf(rates, [
        ["sendwright-sqlite", "nodemailer"],
        ["sendwright-sqlite", "pg-boss"],
        ["sendwright-sqlite", "plain-socket"],
        ["sendwright-postgres", "nodemailer"],
      ]),
    };
  } finally {
    for (const sending of opened.values()) await sending.close();
    relay.close();
    await postgres.stop();
  }
}

/** The median round of each. The first one warms the compiler up and does not count. */
export async function takeTurns(
  relay: Relay,
  opened: ReadonlyMap<string, Sending>,
  { emails, rounds }: { readonly emails: number; readonly rounds: number },
): Promise<Rate[]> {
  const samples = new Map<string, number[]>([...opened.keys()].map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, sending] of opened) {
      const micros = await turn(relay, sending, round === 0 ? Math.ceil(emails / 10) : emails);
      if (round > 0) samples.get(name)?.push(micros);
    }
  }
  return [...samples].map(([name, micros]) => rateOf(name, micros));
}

/** Microseconds a mail. */
async function turn(relay: Relay, sending: Sending, mails: number): Promise<number> {
  const { delivered } = await relay.expect(mails);
  const start = performance.now();
  await Promise.all([sending.deliver(mails), delivered]);
  const micros = ((performance.now() - start) * 1000) / mails;
  // What one still writes down about its last mails is not to slow the next one.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return micros;
}
