import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFreezer } from "../support/freezer.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { startFaultyRelay } from "./relay.ts";
import { openScene } from "./scene.ts";

const second = 1_000;

let postgres: Postgres;
beforeEach(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterEach(() => postgres.stop());

describe("close with a deadline", () => {
  it.each(["ended", "frozen"] as const)(
    "keeps it while an email waits for its last reply and PostgreSQL is %s",
    async (trouble) => {
      await using freezer = await startFreezer(await postgres.createDatabase());
      const scene = await openScene({ database: freezer.url });
      let waiting = 0;
      await using relay = await startFaultyRelay({
        async at({ place }) {
          if (place !== "the final dot") return undefined;
          waiting++;
          await new Promise(() => {});
          return undefined;
        },
      });
      await scene.config(relay);
      await scene.send();
      await scene.until("the email to wait for its reply", () => waiting === 1);
      if (trouble === "frozen") freezer.freeze();
      else await postgres.stopServer("immediate");

      let isClosed = false;
      const closing = scene.services.close(3 * second).finally(() => {
        isClosed = true;
      });
      await scene.clock.advance(3 * second - 1);
      expect(isClosed).toBe(false);
      // A second more is for the parts to end, and one for the connections to the database.
      await scene.clock.advance(1);
      await scene.clock.advance(second);
      await scene.clock.advance(second);
      await scene.until("the end", () => isClosed);
      await closing;
    },
  );
});
