import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type TestApp } from "../../../test/support/open-app.ts";
import { storeEmail } from "../../../test/support/stored-email.ts";
import { startTestRelay } from "../../testing/test-relay.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const get = (query = "") => app.call("GET", `/api/emails/export.csv${query}`);
/** The lines with their fields; these tests have no line break in a field. */
const rows = async (query = "") =>
  Buffer.from(await (await get(query)).arrayBuffer())
    .toString()
    .replace(/^\ufeff/, "")
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
const column = async (name: string, query = "") => {
  const [names, ...lines] = await rows(query);
  return lines.map((line) => line[names?.indexOf(name) ?? -1]);
};

/** The time in the IDs below. */
const first = 0x019b_0000_0000;

/** Emails in the log, a millisecond apart, without contents. */
async function fill(count: number): Promise<void> {
  const { db } = app.services.store;
  const numbers = sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})`;
  await sql`${numbers}
    insert into emails (id, state, priority, reply_to_json, subject, tags_json, message_id, caller, sensitive,
      needs_smtputf8, on_unknown, possible_duplicate, attempts, expires_at, lease, created_at, finished_at)
    select printf('019b0000-0000-7000-8000-%012x', n), 'sent', 1, '[]', 'Your order ' || n, '["order"]',
      '<' || n || '@example.com>', 'library', 0, 0, 'resend', 0, 1, 0, 1, ${first} + n, ${first} + n
    from numbers`.execute(db);
  await sql`${numbers}
    insert into recipients (email_id, position, address, role, state)
    select printf('019b0000-0000-7000-8000-%012x', n), 0, n || '@example.com', 'to', 'sent' from numbers`.execute(
    db,
  );
}

describe("GET /api/emails/export.csv", () => {
  it("is a file of UTF-8 with a line for each email and all of its columns", async () => {
    await using relay = await startTestRelay({
      onRcpt: (to) => (to === "no@example.com" ? "550 5.1.1 No" : undefined),
    });
    await app.call("POST", "/api/smtp-configs", {
      name: "Main",
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
    });
    await app.call("POST", "/api/emails", {
      to: ["jo@example.com", "no@example.com"],
      cc: "max@example.com",
      from: { name: "=Shop, Ltd", address: "shop@example.com" },
      subject: 'Ünï "quoted"',
      text: "Hello",
      tags: ["a", "-b"],
    });
    await expect.poll(() => column("state")).toEqual(["partial"]);
    const response = await get();
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="emails-2026-01-01.csv"');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 3).toString("hex")).toBe("efbbbf");
    const ids = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g;
    expect(bytes.toString().slice(1).replaceAll(ids, "ID")).toBe(
      [
        "id,createdAt,state,subject,from,to,cc,bcc,notSentTo,reply,config,template,tags,caller,priority,attemptCount,sentAt,finishedAt,messageId,resentFrom,possibleDuplicate",
        'ID,2026-01-01T00:00:00.000Z,partial,"Ünï ""quoted""","\'=Shop, Ltd <shop@example.com>",jo@example.com; no@example.com,max@example.com,,no@example.com,550 5.1.1 No,Main,,a; -b,user:1,normal,1,2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,<ID@example.com>,,false',
        "",
      ].join("\r\n"),
    );
  });

  it("has the same emails as the list with the same filter, over many pages", async () => {
    await fill(1_203);
    await storeEmail(app.services.store.db, { acceptedAt: app.clock.now(), state: "failed" });
    expect(await column("id")).toHaveLength(1_204);
    expect(await column("state", "?state=failed")).toEqual(["failed"]);
    expect(await column("subject", `?tag=order&createdTo=${new Date(first + 2).toISOString()}`)).toEqual([
      "Your order 2",
      "Your order 1",
    ]);
    expect(await rows("?q=nothing")).toHaveLength(1);
    expect((await get("?state=lost")).status).toBe(400);
  });

  it("is for admins alone", async () => {
    const headers = await app.bearer("send");
    expect((await app.request("/api/emails/export.csv", { headers })).status).toBe(403);
  });

  it("reads no further than its client, and stops when that is gone", async () => {
    await fill(5_000);
    const reader = (await get()).body?.getReader();
    const sizes: number[] = [];
    for (let part = 0; part < 3; part++) sizes.push((await reader?.read())?.value?.length ?? 0);
    expect(Math.max(...sizes)).toBeLessThan(500 * 400);
    await reader?.cancel();
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  it("needs no more memory for 100,000 emails than for a part of them", async () => {
    await fill(100_000);
    setFlagsFromString("--expose-gc");
    const gc: () => void = runInNewContext("gc");
    const inUse = () => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    const reader = (await get()).body?.getReader();
    let bytes = 0;
    let lines = 0;
    const seen: number[] = [];
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) break;
      bytes += part.value.length;
      lines += Buffer.from(part.value).toString().split("\r\n").length - 1;
      if ([10_001, 50_001, 90_001].includes(lines)) seen.push(inUse());
    }
    expect([lines, seen.length]).toEqual([100_001, 3]);
    // All of it would be at hand more than once over.
    expect(bytes).toBeGreaterThan(15_000_000);
    expect((seen[2] ?? 0) / (seen[0] ?? 1)).toBeLessThan(1.2);
  }, 60_000);
});
