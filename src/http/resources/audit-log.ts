import type { Services } from "../../services.ts";
import { listAudit } from "../../store/tables/audit-log.ts";
import { json, pageQuery, route, routes } from "../route.ts";
import { auditLog } from "../schema/monitoring.ts";
import { auditEntryView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List audit log entries",
  description: "Lists who changed what, newest first. Values are redacted.",
  request: { query: pageQuery },
  responses: { 200: json(auditLog, "Page of the audit log") },
});

export function auditLogRoutes({ store }: Services) {
  return routes().openapi(list, async (c) => {
    const { after = null, limit } = c.req.valid("query");
    // One more than asked for shows whether there is a next page.
    const entries = await listAudit(store.db, { after, limit: limit + 1 });
    const items = entries.slice(0, limit).map(auditEntryView);
    return c.json({ items, next: entries.length > limit ? (items.at(-1)?.id ?? null) : null }, 200);
  });
}
