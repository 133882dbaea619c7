import type { Services } from "../../services.ts";
import { idParams, json, route, routes } from "../route.ts";
import { alert, alertList } from "../schema/monitoring.ts";
import { alertView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List alerts",
  description: "Lists open alerts, oldest first. `next` is always null.",
  responses: { 200: json(alertList, "Open alerts") },
});

const acknowledge = route({
  for: "admin",
  method: "post",
  path: "/{id}/acknowledge",
  summary: "Acknowledge an alert",
  description:
    "Hides the banner. It comes back if the alert becomes more urgent. The alert is resolved when a check no longer finds the problem.",
  request: { params: idParams },
  responses: { 200: json(alert, "The alert") },
});

export function alertRoutes({ alerts }: Services) {
  return routes()
    .openapi(list, async (c) => c.json({ items: (await alerts.list()).map(alertView), next: null }, 200))
    .openapi(acknowledge, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(alertView(await alerts.acknowledge(id, c.get("caller").actor)), 200);
    });
}
