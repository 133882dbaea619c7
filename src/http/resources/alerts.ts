import type { Services } from "../../services.ts";
import { idParams, json, route, routes } from "../route.ts";
import { alert, alertList } from "../schema/monitoring.ts";
import { alertView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List the alerts",
  description:
    "What the checks of SMTP configs have found and is not over, the oldest first. There are few: `next` is always null.",
  responses: { 200: json(alertList, "The alerts") },
});

const acknowledge = route({
  for: "admin",
  method: "post",
  path: "/{id}/acknowledge",
  summary: "Acknowledge an alert",
  description:
    "Somebody knows of it: the banner goes. It comes back should the trouble become more urgent, and the alert ends when a check finds it over.",
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
