import { z } from "zod";
import { readRetention, retentionSettings, saveRetention } from "../../config/retention-settings.ts";
import { readReturnSetting, saveReturnSetting } from "../../config/return-setting.ts";
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

const settingsInput = retentionSettings.safeExtend({
  returnFailedChanges: z.boolean("must be true or false").optional(),
});

const update = route({
  for: "admin",
  method: "put",
  path: "/",
  summary: "Replace the settings",
  description:
    "Takes what GET gave, edited. Both are whole numbers from 1 to 3650, and contents are kept no longer than emails. What is past its time is deleted within about an hour, and cannot be had again; emails that are not final are kept, however old they are. With `returnFailedChanges` an SMTP config returns by itself to its earlier version, should a change of it fail before any email was taken through it; left out, it stays as it is.",
  request: {
    body: jsonBody(settingsInput, {
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: true,
    }),
  },
  responses: { 200: json(settings, "The settings as saved") },
});

export function settingsRoutes({ store, clock }: Posthorn) {
  const view = async () => ({
    ...(await readRetention(store.db)),
    returnFailedChanges: await readReturnSetting(store.db),
  });
  return routes()
    .openapi(get, async (c) => c.json(await view(), 200))
    .openapi(update, async (c) => {
      const { returnFailedChanges, ...retention } = parse(settingsInput, c.req.valid("json"));
      const { actor } = c.get("caller");
      await saveRetention({ store, clock }, retention, actor);
      if (returnFailedChanges !== undefined) {
        await saveReturnSetting({ store, clock }, returnFailedChanges, actor);
      }
      return c.json(await view(), 200);
    });
}
