import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Problem } from "../../src/http/schema/common.ts";
import { postEmail, refusal, saveConfig } from "../service/calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "../service/service.ts";
import { openBeside } from "../support/beside.ts";
import { type AcceptedEmail, allFinal, emailsOf, judge, nothingWrong, Posting } from "./posting.ts";
import { type FaultyRelay, startFaultyRelay } from "./relay.ts";

const env = { SENDWRIGHT_SECRET: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=" };
const unavailable = { status: 503, code: "store.unavailable" };

let folder: ServiceFolder;
let relay: FaultyRelay;
/** Messages whose final dot is not answered yet. */
let waiting: number;
let answerDots: () => void;
beforeEach(async () => {
  folder = makeServiceFolder();
  waiting = 0;
  const dots = new Promise<void>((resolve) => {
    answerDots = resolve;
  });
  relay = await startFaultyRelay({
    takesFirst: true,
    async at({ place }) {
      if (place !== "the final dot") return undefined;
      waiting++;
      await dots;
      waiting--;
      return undefined;
    },
  });
});
afterEach(async () => {
  await folder.dispose();
  await relay[Symbol.asyncDispose]();
});

/** What another program does to the database, which is not bound by the service's limits. */
function byOtherHands<Result>(work: (database: ReturnType<typeof openBeside>) => Result): Result {
  const database = openBeside(folder.database);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const failure = "outcomes not stored; retrying";

/** Resolves when the delivery worker has failed once more to write. */
async function workerFails(service: Service): Promise<void> {
  const failures = () => service.stdout.split(failure).length;
  const before = failures();
  await service.line(() => (failures() > before ? true : undefined));
}

describe("while the disk is full", () => {
  const maxFileBytes = 1536 * 1024;
  let service: Service;
  let accepted: Map<string, AcceptedEmail>;

  /** Emails are accepted, some of them are at the relay by now, until nothing can be written any more. */
  beforeEach(async () => {
    service = await folder.start(env, { maxFileBytes });
    await saveConfig(service, { host: "127.0.0.1", port: relay.port }, { maxConnections: 2 });
    accepted = new Map();
    for (let count = 0; count < 1_000; count++) {
      const subject = `email ${count}`;
      const { status, body } = await service.call<AcceptedEmail & Problem>("POST", "/api/emails", {
        to: "jo@example.com",
        subject,
        text: "Hello Jo",
      });
      if (status === 202) {
        accepted.set(subject, body);
        // From the first ones on, the relay has something that it does not answer.
        if (count === 4) await expect.poll(() => waiting).toBe(2);
        continue;
      }
      expect({ status, code: body.code }).toEqual(unavailable);
      break;
    }
    expect(accepted.size).toBeGreaterThan(10);
    expect(accepted.size).toBeLessThan(1_000);
    // The last room is too small for an email, perhaps not for a result.
    byOtherHands((database) => {
      database.exec(`create table filler (bytes); insert into filler values (zeroblob(${maxFileBytes}))`);
    });
  });

  it("emails are refused with 503, and can be read; when there is room, all goes on and is sent once", async () => {
    for (let count = 0; count < 3; count++) {
      const email = { to: "jo@example.com", subject: "too many", text: "Hello" };
      expect(await refusal(service, "POST", "/api/emails", email)).toEqual(unavailable);
    }
    expect([...(await emailsOf(service)).keys()].sort()).toEqual([...accepted.keys()].sort());
    answerDots();
    await expect.poll(() => relay.taken.length).toBeGreaterThan(0);
    await workerFails(service);

    byOtherHands((database) => database.exec("drop table filler; pragma wal_checkpoint(truncate)"));
    using posting = new Posting({ to: async () => service });
    await posting.postAll(["after it 1", "after it 2"]);
    await allFinal(service);
    const all = new Map([...accepted, ...posting.accepted]);
    const { verdict, figures } = judge(all, await emailsOf(service), relay.taken);
    expect(verdict).toEqual(nothingWrong);
    expect(figures).toMatchObject({ duplicates: 0, marked: 0 });

    await service.end("SIGKILL");
    service = await folder.start(env);
    const again = judge(all, await emailsOf(service), relay.taken);
    expect(again).toEqual({ verdict, figures });
  });

  it("and the process is killed, nothing is lost, and what the relay has already may come twice, marked", async () => {
    answerDots();
    await expect.poll(() => relay.taken.length).toBeGreaterThan(0);
    await workerFails(service);
    await service.end("SIGKILL");
    service = await folder.start(env);
    await allFinal(service);
    const { verdict, figures } = judge(accepted, await emailsOf(service), relay.taken);
    expect(verdict).toEqual(nothingWrong);
    expect(figures.duplicates).toBeGreaterThan(0);
  });
});

describe("while less of the disk is free than the floor", () => {
  /** A filesystem that few others write to, so that its free space is what the test makes it. */
  const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const fillerBytes = 24_000_000;
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(place, "sendwright-disk-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it("emails get 503 disk.full; delivery goes on, settings are saved, and there is room again without a restart", async () => {
    const { bavail, bsize } = statfsSync(dataDir);
    const floor = bavail * bsize - fillerBytes / 2;
    const service = await folder.start({
      ...env,
      SENDWRIGHT_DATA_DIR: dataDir,
      SENDWRIGHT_MIN_FREE_DISK: `${Math.round(floor / 1_000)}KB`,
    });
    await saveConfig(service, { host: "127.0.0.1", port: relay.port });
    await postEmail(service, { subject: "before" });
    await expect.poll(() => waiting).toBe(1);

    const filler = join(dataDir, "filler");
    writeFileSync(filler, Buffer.alloc(fillerBytes, 1));
    const email = { to: "jo@example.com", subject: "too early", text: "Hello" };
    await expect
      .poll(async () => (await service.call<{ problems: string[] }>("GET", "/api/health")).body)
      .toMatchObject({
        ok: false,
        problems: ["Sendwright rejects new emails because the disk is nearly full."],
      });
    expect(await refusal(service, "POST", "/api/emails", email)).toEqual({ status: 503, code: "disk.full" });
    await saveConfig(service, { host: "127.0.0.1", port: relay.port }, { name: "Another" });
    answerDots();
    await expect.poll(async () => (await emailsOf(service)).get("before")?.state).toBe("sent");

    rmSync(filler);
    await expect.poll(async () => (await service.call("POST", "/api/emails", email)).status).toBe(202);
  });
});

describe("while another program has locked the database", () => {
  it("emails are refused with 503, and can be read; when the lock is gone, all goes on and is sent once", async () => {
    const service = await folder.start(env);
    await saveConfig(service, { host: "127.0.0.1", port: relay.port });
    const before = await postEmail(service, { subject: "before" });
    await expect.poll(() => waiting).toBe(1);

    const other = openBeside(folder.database);
    other.exec("begin exclusive");
    answerDots();
    const email = { to: "jo@example.com", subject: "too early", text: "Hello" };
    expect(await refusal(service, "POST", "/api/emails", email)).toEqual(unavailable);
    expect((await emailsOf(service)).get("before")).toMatchObject({ state: "sending" });
    await service.line((line) => line.includes(failure) || undefined);
    expect(relay.taken).toHaveLength(1);
    other.exec("rollback");
    other.close();

    using posting = new Posting({ to: async () => service });
    await posting.postAll(["after"]);
    await allFinal(service);
    const all = new Map([["before", before], ...posting.accepted]);
    const { verdict, figures } = judge(all, await emailsOf(service), relay.taken);
    expect(verdict).toEqual(nothingWrong);
    expect(figures).toMatchObject({ duplicates: 0, marked: 0 });
  });
});
