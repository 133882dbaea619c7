import type { KyselyPlugin } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Postgres, startPostgres } from "../../../test/support/postgres.ts";
import { createLog } from "../../core/log.ts";
import { openServices, type Services } from "../../services.ts";
import { openSqliteStore, type Store } from "../../store/store.ts";
import { createFixedClock, type FixedClock } from "../../testing/index.ts";
import { LoadedTemplates } from "../engine/templates.ts";
import { TemplateCache } from "./cache.ts";

const secret = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const actor = { id: "user:1", name: "Ada" };
const template = (subject: string, version = 0) => ({
  description: "A greeting",
  schema: { type: "object", properties: { name: { type: "string" } } },
  example: { name: "Jo" },
  sources: { en: { subject, mjml: "<mj-text>Hello {{ name }}</mj-text>" } },
  version,
});
const subjectOf = ({ templates }: Services) => templates.find("greeting")?.template.sources.en?.subject;

async function later(ms: number, node: Services): Promise<string | undefined> {
  await clock.advance(ms);
  return subjectOf(node);
}

let postgres: Postgres;
let clock: FixedClock;
let url: string;
const nodes: Services[] = [];

async function node(): Promise<Services> {
  const opened = await openServices({ database: url, secret, log: createLog("silent"), clock });
  nodes.push(opened);
  return opened;
}

beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  clock = createFixedClock();
  url = await postgres.createDatabase();
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((one) => one.close()));
});

describe("templates of several nodes", () => {
  it("are followed by every node within seconds, and at once where they were written", async () => {
    const [one, other] = [await node(), await node()];
    await one.savedTemplates.save("greeting", template("First"), actor);
    expect(subjectOf(one)).toBe("First");
    await expect.poll(() => later(1000, other)).toBe("First");

    await other.savedTemplates.save("greeting", template("Second", 1), actor);
    await other.templateParts.save("help", { mjml: "<mj-text>Help</mj-text>", version: 0 }, actor);
    await expect.poll(() => later(1000, one)).toBe("Second");
    expect(Object.keys(one.templates.context.partials)).toEqual(["help"]);

    await one.savedTemplates.remove("greeting", actor);
    await expect.poll(() => later(1000, other)).toBeUndefined();
  });

  it("are there after a restart, also where announcements are lost", async () => {
    const one = await node();
    await one.savedTemplates.save("greeting", template("Kept"), actor);
    await one.close();
    nodes.length = 0;
    const again = await node();
    expect(subjectOf(again)).toBe("Kept");
    // By other hands, without a word to anybody.
    await again.store.db
      .updateTable("templates")
      .set({ content_json: JSON.stringify({ definition: null, sources: {} }), revision: 99 })
      .execute();
    await again.store.db
      .updateTable("settings")
      .set({ value_json: "99" })
      .where("key", "=", "templates_revision")
      .execute();
    await expect.poll(() => later(5000, again)).toBeUndefined();
  });

  it("edited on two nodes at once keep one of both", async () => {
    const [one, other] = [await node(), await node()];
    const answers = await Promise.allSettled([
      one.savedTemplates.save("greeting", template("Mine"), actor),
      other.savedTemplates.save("greeting", template("Yours"), actor),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const lost = answers.find((answer) => answer.status === "rejected");
    expect(lost?.reason).toMatchObject({ code: "template.version_conflict" });
  });
});

it("looks again within a second where something is announced while it looks", async () => {
  const real = await openSqliteStore(":memory:");
  let looks = 0;
  let held = Promise.resolve();
  const revisions: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      looks++;
      await held;
      return result;
    },
  };
  let announced = () => {};
  const store: Store = {
    ...real,
    shared: true,
    reader: real.db.withPlugin(revisions),
    onAnnounced(callback) {
      announced = callback;
    },
  };
  const cache = new TemplateCache({
    store,
    templates: new LoadedTemplates(),
    clock,
    log: createLog("silent"),
  });
  await cache.reload();
  await cache.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const before = looks;
  await clock.advance(5_000);
  await expect.poll(() => looks).toBe(before + 1);
  announced();
  resolve();
  // The rest of that look, where there is something new.
  await cache.reload();
  const after = looks;
  await clock.advance(1_000);
  await expect.poll(() => looks).toBe(after + 1);
  await cache.stop();
  await real.close();
});
