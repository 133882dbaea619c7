import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPostgresStore } from "../../src/store/store.ts";
import { refusal, saveConfig } from "../service/calls.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { type Fleet, makeFleet } from "./fleet.ts";
import { long, seed } from "./form.ts";
import { allFinal, emailsOf, judge, nothingWrong, Posting } from "./posting.ts";
import { seededRandom } from "./random.ts";
import { startFaultyRelay } from "./relay.ts";
import { turns } from "./scene.ts";
import { createTally } from "./tally.ts";

const secret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/** "Within a few seconds": a connection is waited for five, and this machine may be busy. */
const fewSecondsMs = 8_000;

let postgres: Postgres;
let url: string;
let fleet: Fleet;
beforeEach(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  fleet = makeFleet(2, { SENDWRIGHT_SECRET: secret, SENDWRIGHT_DATABASE_URL: url });
  // The first one makes the tables.
  for (const node of fleet.nodes) await node.start();
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await postgres.stop();
});

const services = () => fleet.nodes.flatMap(({ service }) => service ?? []);
const subjects = (what: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${what} ${index}`);

describe("while PostgreSQL is away", () => {
  it("a transaction fails that it cut off between two statements, and not the process", async () => {
    const store = await openPostgresStore(url);
    const cutOff = store.transaction(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await postgres.stopServer("immediate");
      await turns();
      await sql`select 1`.execute(transaction);
    });
    await expect(cutOff).rejects.toMatchObject({ code: "store.unavailable" });
    await postgres.startAgain();
    expect(await store.transaction(async () => "done")).toBe("done");
    await store.close();
  });

  it("posts are refused with 503; what was sent meanwhile is settled afterwards, and all goes on by itself", async () => {
    let waiting = 0;
    let answerDots = () => {};
    const dots = new Promise<void>((resolve) => {
      answerDots = resolve;
    });
    await using relay = await startFaultyRelay({
      takesFirst: true,
      async at({ place }) {
        if (place !== "the final dot") return undefined;
        waiting++;
        await dots;
        return undefined;
      },
    });
    await saveConfig(await fleet.anyUp(), { host: "127.0.0.1", port: relay.port }, { maxConnections: 100 });
    using posting = new Posting({ to: fleet.anyUp });
    await posting.postAll(subjects("before", 6));
    await expect.poll(() => waiting).toBe(6);

    await postgres.stopServer("immediate");
    for (const service of services()) {
      const began = performance.now();
      const email = { to: "jo@example.com", subject: "refused", text: "Hello" };
      expect(await refusal(service, "POST", "/api/emails", email)).toEqual({
        status: 503,
        code: "store.unavailable",
      });
      expect(performance.now() - began).toBeLessThan(fewSecondsMs);
      expect(await refusal(service, "GET", "/api/ready")).toMatchObject({ status: 503 });
    }
    posting.begin(subjects("during", 20));
    answerDots();
    await expect.poll(() => relay.taken.length).toBe(6);
    for (const service of services()) {
      await service.line((line) => line.includes("claim failed; retrying") || undefined);
    }

    await postgres.startAgain();
    await posting.done();
    for (const service of services()) {
      expect(await service.call("GET", "/api/ready")).toMatchObject({ status: 200 });
      await allFinal(service);
    }
    const [service] = services();
    if (service === undefined) throw new Error("the nodes are there");
    const { verdict, figures } = judge(posting.accepted, await emailsOf(service), relay.taken);
    expect(verdict).toEqual(nothingWrong);
    expect(figures).toEqual({ accepted: 26, delivered: 26, duplicates: 0, marked: 0 });
  });

  // An email whose claim was cut off waits until the lease has run out that nobody holds.
  if (!long) return;
  it(`again and again, nothing is lost, and what may come twice is marked (seed ${seed})`, {
    timeout: 900_000,
  }, async () => {
    const outages = 20;
    const perOutage = 100;
    const random = seededRandom(seed);
    const tally = createTally();
    await using relay = await startFaultyRelay({
      takesFirst: true,
      at() {
        tally.add();
        return undefined;
      },
    });
    await saveConfig(await fleet.anyUp(), { host: "127.0.0.1", port: relay.port }, { maxConnections: 20 });
    const answers = { 202: 0, 503: 0 };
    using posting = new Posting({
      to: fleet.anyUp,
      onAnswer(status) {
        tally.add();
        answers[status as 202]++;
      },
    });
    const began = performance.now();
    for (let outage = 0; outage < outages; outage++) {
      posting.begin(subjects(`outage ${outage}, email`, perOutage));
      await tally.more(1 + Math.floor(random() * 8 * perOutage));
      await postgres.stopServer(random() < 0.5 ? "immediate" : "fast");
      await tally.more(Math.floor(random() * 50));
      await postgres.startAgain();
    }
    await posting.done();
    const service = await fleet.anyUp();
    await allFinal(service);
    const { verdict, figures } = judge(posting.accepted, await emailsOf(service), relay.taken);
    const seconds = Math.round((performance.now() - began) / 1_000);
    process.stdout.write(
      `PostgreSQL away: ${JSON.stringify({ outages, ...answers, ...figures, seconds, seed })}\n`,
    );
    expect(verdict).toEqual(nothingWrong);
  });
});
