import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveConfig } from "../service/calls.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { type Fleet, makeFleet } from "./fleet.ts";
import { long, seed } from "./form.ts";
import { allFinal, emailsOf, judge, nothingWrong, Posting } from "./posting.ts";
import { seededRandom } from "./random.ts";
import { startFaultyRelay } from "./relay.ts";
import { createTally } from "./tally.ts";

const secret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const kills = long ? 200 : 6;
const perKill = 50;
interface Ground {
  readonly name: string;
  readonly nodes: number;
  /** Sets the place up, and says where the database is. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** Nobody is alive: as if they had been dead for so long that their leases ran out. */
  letTimePass(fleet: Fleet): Promise<void>;
}

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterAll(() => postgres.stop());

let url = "";
const grounds: readonly Ground[] = [
  {
    name: "one process on SQLite",
    nodes: 1,
    environment: async () => ({ SENDWRIGHT_SECRET: secret }),
    async letTimePass() {},
  },
  {
    name: "two nodes on PostgreSQL",
    nodes: 2,
    async environment() {
      url = await postgres.createDatabase();
      return { SENDWRIGHT_SECRET: secret, SENDWRIGHT_DATABASE_URL: url };
    },
    async letTimePass(fleet) {
      await Promise.all(fleet.nodes.map((node) => node.kill()));
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("update emails set lease_until = 0 where state = 'sending'");
      await client.query("update nodes set seen_at = 0");
      await client.end();
      await Promise.all(fleet.nodes.map((node) => node.start()));
    },
  },
];

describe("kill -9 at any moment", () => {
  it.each(grounds)(
    `loses no email that was accepted, and marks each that may come twice: $name (seed ${seed})`,
    { timeout: long ? 1_800_000 : 300_000 },
    async ({ name, nodes, environment, letTimePass }) => {
      const random = seededRandom(seed);
      const tally = createTally();
      await using relay = await startFaultyRelay({
        takesFirst: true,
        at() {
          tally.add();
          return undefined;
        },
      });
      await using fleet = makeFleet(nodes, await environment());
      // The first one makes the tables.
      for (const node of fleet.nodes) await node.start();
      await saveConfig(await fleet.anyUp(), { host: "127.0.0.1", port: relay.port }, { maxConnections: 100 });

      const began = performance.now();
      using posting = new Posting({ to: fleet.anyUp, onAnswer: tally.add });
      const starting = new Map(fleet.nodes.map((node) => [node, Promise.resolve()]));
      for (let kill = 0; kill < kills; kill++) {
        // A life ends after some 40 emails: were 50 added to what it left each time, there would be thousands in
        // the end, and some post among them that meets nothing but processes that die.
        await posting.leaves(perKill);
        posting.begin(Array.from({ length: perKill }, (_, index) => `life ${kill}, email ${index}`));
        const victim = fleet.nodes[Math.floor(random() * nodes)];
        if (victim === undefined) throw new Error("there are nodes");
        // Some die while they start.
        if (random() > 0.1) await starting.get(victim);
        // An email is five events: the answer to its post, and four replies of the relay.
        await tally.more(1 + Math.floor(random() * 8 * perKill));
        await victim.kill();
        starting.set(victim, victim.start());
      }
      await Promise.all([posting.done(), ...starting.values()]);
      if (!long) await letTimePass(fleet);
      const service = await fleet.anyUp();
      await allFinal(service);

      const log = await emailsOf(service);
      const { verdict, figures } = judge(posting.accepted, log, relay.taken);
      const seconds = Math.round((performance.now() - began) / 1_000);
      process.stdout.write(`${name}: ${JSON.stringify({ kills, ...figures, seconds, seed })}\n`);
      expect(verdict).toEqual(nothingWrong);
      expect(figures.accepted).toBe(kills * perKill);
    },
  );
});
