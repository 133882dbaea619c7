import { type Results, ratiosOf } from "./measure.ts";
import { startDelay, startRelay } from "./relay/relay.ts";
import { openNodemailer } from "./send/nodemailer.ts";
import { openOnSqlite } from "./send/sendwright.ts";
import { takeTurns } from "./send.ts";

const oneWayMs = 25;
const place = ` at ${2 * oneWayMs} ms`;

/** The same mails over one connection to a relay that is far away: what counts is the number of round trips. */
export async function latencySuite(emails = 60): Promise<Results> {
  const relay = await startRelay();
  const far = await startDelay(relay.port, oneWayMs);
  const options = { port: far.port, connections: 1, language: "de" } as const;
  const opened = new Map([
    ["sendwright-sqlite", await openOnSqlite(options)],
    ["nodemailer", openNodemailer(options)],
  ]);
  try {
    const rates = await takeTurns(relay, opened, { emails, rounds: 1 });
    const ratios = ratiosOf(rates, [["sendwright-sqlite", "nodemailer"]]);
    return {
      rates: rates.map((rate) => ({ ...rate, name: rate.name + place })),
      ratios: Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name + place, ratio])),
    };
  } finally {
    for (const sending of opened.values()) await sending.close();
    far.close();
    relay.close();
  }
}
