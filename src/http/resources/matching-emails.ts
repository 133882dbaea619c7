import { z } from "zod";
import { utcDay } from "../../core/format.ts";
import { parse } from "../../core/parse.ts";
import { bulkRetryRequest } from "../../emails/bulk-retry.ts";
import { criteriaOf, emailCriteria } from "../../emails/criteria.ts";
import { exportEmails } from "../../emails/email-export.ts";
import type { Services } from "../../services.ts";
import { countMeeting } from "../../store/tables/email-criteria.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { bulkRetried, emailCount } from "../schema/emails.ts";

/** A larger number would take long to count, and tells an admin no more. */
const countCap = 10_000;

const count = route({
  for: "sender",
  method: "get",
  path: "/count",
  summary: "Count emails",
  description: `Those that the list with the same filter shows, up to ${countCap}. A key with the scope \`send\` counts those that it sent.`,
  request: { query: z.strictObject(emailCriteria) },
  responses: { 200: json(emailCount, "How many there are") },
});

const retry = route({
  for: "admin",
  method: "post",
  path: "/retry",
  summary: "Try many emails again",
  description:
    "Queues emails of one state again, the oldest first, each for the recipients that have not got it. It does a part of them: repeat the request with `after` set to `next` of the answer, until that is null. Emails without contents, such as sensitive ones, are left out and counted as `skipped`.",
  request: {
    body: jsonBody(bulkRetryRequest, {
      filter: { state: "failed", createdBefore: "2026-06-01T12:00:00Z" },
      limit: 200,
    }),
  },
  responses: { 200: json(bulkRetried, "What was done, and where to go on") },
});

const csv = route({
  for: "admin",
  method: "get",
  path: "/export.csv",
  summary: "Export emails as CSV",
  description:
    "Streams those that the list with the same filter shows, the newest first, one line for each. UTF-8 with a byte order mark, commas and CRLF (RFC 4180). Several values of a field are joined by `; `. A field that a spreadsheet would take for a formula begins with an apostrophe.",
  request: { query: z.strictObject(emailCriteria) },
  responses: {
    200: { description: "The emails", content: { "text/csv": { schema: z.string() } } },
  },
});

/** Routes about all emails that a filter matches. */
export function matchingEmailRoutes({ store, configSource, clock, bulkRetry }: Services) {
  return routes()
    .openapi(count, async (c) => {
      const { scope, actor } = c.get("caller");
      const own = scope === "admin" ? {} : { caller: actor.id };
      const criteria = { ...criteriaOf(c.req.valid("query")), ...own };
      return c.json(await countMeeting(store.reader, criteria, countCap), 200);
    })
    .openapi(csv, (c) => {
      const parts = exportEmails({ store, configSource }, criteriaOf(c.req.valid("query")));
      return new Response(streamOf(parts), {
        headers: {
          "content-type": "text/csv; charset=utf-8; header=present",
          "content-disposition": `attachment; filename="emails-${utcDay(clock.now())}.csv"`,
        },
      });
    })
    .openapi(retry, async (c) => {
      const request = parse(bulkRetryRequest, c.req.valid("json"));
      return c.json(await bulkRetry.retry(request, c.get("caller").actor), 200);
    });
}

/** Makes each part when the client has taken the one before, so that a slow client needs no memory. */
function streamOf(parts: AsyncGenerator<string, void, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}
