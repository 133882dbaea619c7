import { z } from "zod";
import { rfc3339, rfc3339OrNull } from "../../core/format.ts";
import { configIssues, mailStatus } from "../../monitoring/status.ts";
import type { Services } from "../../services.ts";
import {
  countEmails,
  type EmailCounts,
  findLastSentAt,
  findOldestWaiting,
  type Span,
} from "../../store/tables/email-counts.ts";
import { readQueueDepth } from "../../store/tables/queue-depth.ts";
import { json, route, routes } from "../route.ts";
import { overview } from "../schema/monitoring.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const get = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "Get the overview",
  description:
    "Gets whether mail works, with the reason if it does not. Also counts emails by hour for the last 24 hours and by day for the last 30 days. Past days are recounted once a minute.",
  request: {
    query: z.strictObject({
      utcOffset: z.coerce
        .number()
        .int()
        .min(-16 * 60)
        .max(16 * 60)
        .default(0)
        .describe("Offset of your clock from UTC in minutes, which decides when hours and days begin"),
    }),
  },
  responses: { 200: json(overview, "Overview") },
});

export function overviewRoutes(services: Services) {
  const { store, secrets, configs, intake, clock, sandbox, alerts, worker } = services;
  let past: { readonly key: string; readonly days: Promise<EmailCounts[]> } | undefined;

  /** A month may hold millions of emails, and pages ask every few seconds. */
  async function countDays(spans: readonly Span[], now: number): Promise<EmailCounts[]> {
    const key = `${spans[0]?.from} ${Math.floor(now / minuteMs)}`;
    if (past?.key !== key) past = { key, days: countEmails(store.reader, spans.slice(0, -1)) };
    return [...(await past.days), ...(await countEmails(store.reader, spans.slice(-1)))];
  }

  return routes().openapi(get, async (c) => {
    const now = clock.now();
    const { utcOffset } = c.req.valid("query");
    const saved = await configs.list();
    const oldestWaiting = await findOldestWaiting(store.reader, now);
    const lastSentAt = await findLastSentAt(store.reader);
    const { oldestDueAt, ...depth } = await readQueueDepth(store.reader, now);
    const nodeFaults = worker.faults();
    const intakeStop = await intake.stop();
    const sandboxPort = sandbox?.port ?? null;
    const facts = {
      keyFits: secrets.fits,
      nodeFaults,
      intakeStop,
      configs: saved,
      lastSentAt,
      sandboxPort,
      isCaptured: services.guard.rule.kind === "capture",
      now,
    };
    const reply = {
      mail: mailStatus({ ...facts, oldestWaitingAt: oldestWaiting?.createdAt ?? null }),
      concerns: configIssues(saved, facts, await alerts.list()),
      waiting: depth.due + depth.scheduled + depth.sending,
      queue: { ...depth, oldestDueAt: rfc3339OrNull(oldestDueAt) },
      oldestWaiting:
        oldestWaiting === null ? null : { ...oldestWaiting, createdAt: rfc3339(oldestWaiting.createdAt) },
      lastSentAt: rfc3339OrNull(lastSentAt),
      hours: await countEmails(store.reader, spansUpTo(now, hourMs, 24, utcOffset)),
      days: await countDays(spansUpTo(now, dayMs, 30, utcOffset), now),
      sandboxPort,
    };
    return c.json(reply, 200);
  });
}

/** The last spans of a length, as a clock shows them: the last one is under way. */
function spansUpTo(now: number, lengthMs: number, count: number, utcOffset: number): Span[] {
  const shift = utcOffset * minuteMs;
  const last = Math.floor((now + shift) / lengthMs) * lengthMs - shift;
  return Array.from({ length: count }, (_, index) => {
    const from = last - (count - 1 - index) * lengthMs;
    return { from, to: from + lengthMs };
  });
}
