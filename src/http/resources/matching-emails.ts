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
  description: `Counts the emails that match the filter, up to ${countCap}. A key with scope \`send\` counts its own emails only.`,
  request: { query: z.strictObject(emailCriteria) },
  responses: { 200: json(emailCount, "Number of emails") },
});

const retry = route({
  for: "admin",
  method: "post",
  path: "/retry",
  summary: "Retry emails in bulk",
  description:
    "Queues emails in one state again, oldest first, each for the recipients that have not received it. One request retries a part of them: repeat it with `after` set to `next` of the response until `next` is null. Emails without content, such as sensitive ones, are skipped and counted as `skipped`.",
  request: {
    body: jsonBody(bulkRetryRequest, {
      filter: { state: "failed", createdBefore: "2026-06-01T12:00:00Z" },
      limit: 200,
    }),
  },
  responses: { 200: json(bulkRetried, "Numbers of retried and skipped emails, and `next`") },
});

const csv = route({
  for: "admin",
  method: "get",
  path: "/export.csv",
  summary: "Export emails as CSV",
  description:
    "Streams the emails that match the filter, newest first, one per line. The format is UTF-8 with a byte order mark, commas and CRLF (RFC 4180). Several values in a field are joined by `; `. A field that a spreadsheet would read as a formula starts with an apostrophe.",
  request: { query: z.strictObject(emailCriteria) },
  responses: {
    200: { description: "Emails as CSV", content: { "text/csv": { schema: z.string() } } },
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
