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
  summary: "Get health",
  description:
    "Returns 200 while the database responds. `ok` is true if mail can be delivered. Admins also get the problems.",
  responses: { 200: json(health, "Health") },
});

const getReady = route({
  for: "anyone",
  method: "get",
  path: "/api/ready",
  summary: "Get readiness",
  description: "Returns 200 if Sendwright accepts emails now, and 503 if not.",
  responses: { 200: json(readiness, "Ready") },
});

const getMetrics = route({
  for: "anyone",
  method: "get",
  path: "/metrics",
  summary: "Metrics",
  description:
    "Gets metrics in the Prometheus text format. Requires a key with scope `admin`, except on the same machine without a proxy.",
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
        "The secret doesn't match this database. Start Sendwright with the secret of this database.",
      );
    })
    .openapi(getMetrics, async (c) => {
      if (!isLocal(c)) await authorize(c, "admin");
      const { registry } = services.metrics;
      return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
    });
}
