import { readRetention, retentionSettings, saveRetention } from "../../config/retention-settings.ts";
import { parse } from "../../parse.ts";
import type { Posthorn } from "../../posthorn.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { settings } from "../schemas.ts";

const get = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "Get the settings",
  description: "How long emails are kept, in days from when they became final.",
  responses: { 200: json(settings, "The settings") },
});

const update = route({
  for: "admin",
  method: "put",
  path: "/",
  summary: "Replace the settings",
  description:
    "Takes what GET gave, edited. Both are whole numbers from 1 to 3650, and contents are kept no longer than emails. What is past its time is deleted within about an hour, and cannot be had again; emails that are not final are kept, however old they are.",
  request: { body: jsonBody(retentionSettings, { contentRetentionDays: 30, emailRetentionDays: 90 }) },
  responses: { 200: json(settings, "The settings as saved") },
});

export function settingsRoutes({ store, clock }: Posthorn) {
  return routes()
    .openapi(get, async (c) => c.json(await readRetention(store.db), 200))
    .openapi(update, async (c) => {
      const input = parse(retentionSettings, c.req.valid("json"));
      await saveRetention({ store, clock }, input, c.get("caller").actor);
      return c.json(input, 200);
    });
}
