import { sql } from "kysely";
import { z } from "zod";
import { SendwrightError } from "../../core/errors.ts";
import { namesOf } from "../../guard/rule.ts";
import type { Services } from "../../services.ts";
import { isLocal } from "../middleware/remote-address.ts";
import { authorize, json, route, routes } from "../route.ts";
import { health, readiness } from "../schema/monitoring.ts";

const getHealth = route({
  for: "anyone",
  method: "get",
  path: "/api/health",
  summary: "Health",
  description:
    "200 while the database answers; `ok` says whether mail can be delivered, and admins are told what is in the way.",
  responses: { 200: json(health, "How the service is") },
});

const getReady = route({
  for: "anyone",
  method: "get",
  path: "/api/ready",
  summary: "Readiness",
  description: "200 if emails are accepted now, otherwise a problem with the status 503.",
  responses: { 200: json(readiness, "Ready") },
});

const getMetrics = route({
  for: "anyone",
  method: "get",
  path: "/metrics",
  summary: "Metrics",
  description:
    "In the Prometheus text format. Needs an admin's key, unless asked for on the machine itself and not through a proxy.",
  responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
});

export function systemRoutes(services: Services) {
  return routes()
    .openapi(getHealth, async (c) => {
      const { ok, key, problems, emails } = await services.health();
      const caller = await c.get("identify")();
      const isAdmin = caller !== null && !(caller instanceof Response) && caller.scope === "admin";
      if (!isAdmin) return c.json({ ok, key }, 200);
      const { rule } = services.guard;
      const recipients = { rule: rule.kind, to: [...namesOf(rule)] };
      return c.json({ ok, key, problems: [...problems], emails, recipients }, 200);
    })
    .openapi(getReady, async (c) => {
      // Not of the connection that writes: a large email that is being stored is no outage.
      await sql`select 1`.execute(services.store.reader);
      if (services.secrets.fits) return c.json({ ok: true as const }, 200);
      throw new SendwrightError(
        "secret.mismatch",
        "The secret is not the one of this database. Start Sendwright with the secret it was made with.",
      );
    })
    .openapi(getMetrics, async (c) => {
      if (!isLocal(c)) await authorize(c, "admin");
      const { registry } = services.metrics;
      return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
    });
}
