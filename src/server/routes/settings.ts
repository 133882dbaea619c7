import { z } from "zod";
import { brandInput, brandView, readBrand, saveBrand } from "../../config/brand-settings.ts";
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
  description:
    "How long emails are kept, in days from when they became final, and the brand that templates show: null where it is not said.",
  responses: { 200: json(settings, "The settings") },
});

const settingsInput = retentionSettings.safeExtend({
  returnFailedChanges: z.boolean("must be true or false").optional(),
  brand: brandInput.optional(),
});

const update = route({
  for: "admin",
  method: "put",
  path: "/",
  summary: "Replace the settings",
  description:
    "Takes what GET gave, edited. Both are whole numbers from 1 to 3650, and contents are kept no longer than emails. What is past its time is deleted within about an hour, and cannot be had again; emails that are not final are kept, however old they are. The brand is replaced as a whole, and stays as it is where it is left out; emails accepted from then on have it. With `returnFailedChanges` an SMTP config returns by itself to its earlier version, should a change of it fail before any email was taken through it; left out, it stays as it is.",
  request: {
    body: jsonBody(settingsInput, {
      contentRetentionDays: 30,
      emailRetentionDays: 90,
      returnFailedChanges: true,
      brand: { name: "Fjord Supply", url: "https://shop.example.com/", color: "#0f766e" },
    }),
  },
  responses: { 200: json(settings, "The settings as saved") },
});

export function settingsRoutes({ store, clock, templatesChanged }: Posthorn) {
  const view = async () => ({
    ...(await readRetention(store.db)),
    returnFailedChanges: await readReturnSetting(store.db),
    brand: brandView(await readBrand(store.db)),
  });
  return routes()
    .openapi(get, async (c) => c.json(await view(), 200))
    .openapi(update, async (c) => {
      const { returnFailedChanges, brand, ...retention } = parse(settingsInput, c.req.valid("json"));
      const { actor } = c.get("caller");
      await saveRetention({ store, clock }, retention, actor);
      if (returnFailedChanges !== undefined) {
        await saveReturnSetting({ store, clock }, returnFailedChanges, actor);
      }
      if (brand !== undefined) {
        await saveBrand({ store, clock }, brand, actor);
        await templatesChanged();
      }
      return c.json(await view(), 200);
    });
}
