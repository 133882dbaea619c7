import { z } from "zod";
import { brandInput, brandView, readBrand, saveBrand } from "../../config/brand-settings.ts";
import { readRetention, retentionSettings, saveRetention } from "../../config/retention-settings.ts";
import { readReturnSetting, saveReturnSetting } from "../../config/return-setting.ts";
import { passwordMask } from "../../config/smtp-config.ts";
import { readWatch, saveWatch, watchFields } from "../../config/watch-settings.ts";
import { readStoredWebhook, saveWebhook, webhookFields } from "../../config/webhook-settings.ts";
import { parse } from "../../parse.ts";
import type { Posthorn } from "../../posthorn.ts";
import type { Db } from "../../store/schema.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { settings, webhookTest } from "../schemas.ts";

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
  checkEveryHours: watchFields.checkEveryHours.optional(),
  alertEmails: watchFields.alertEmails.optional(),
  webhookUrl: webhookFields.webhookUrl.optional(),
  webhookSecret: webhookFields.webhookSecret.optional(),
});

const update = route({
  for: "admin",
  method: "put",
  path: "/",
  summary: "Replace the settings",
  description:
    "Takes what GET gave, edited. Both are whole numbers from 1 to 3650, and contents are kept no longer than emails. What is past its time is deleted within about an hour, and cannot be had again; emails that are not final are kept, however old they are. The brand is replaced as a whole, and stays as it is where it is left out; emails accepted from then on have it. With `returnFailedChanges` an SMTP config returns by itself to its earlier version, should a change of it fail before any email was taken through it; left out, it stays as it is. How SMTP configs are watched, too, stays as it is where it is left out: `checkEveryHours` from 1 to 720, or 0 for never; `alertEmails`, null for all admins; `webhookUrl`, https, null for none. An address that is new gets a `webhookSecret`, which this reply shows, once; null as `webhookSecret` makes another one, the mask keeps it.",
  // A brand with its links.
  limits: { bytes: 64 * 1024 },
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

const testWebhook = route({
  for: "admin",
  method: "post",
  path: "/webhook/test",
  summary: "Send a test event to the webhook",
  description:
    "An event `webhook.test`, signed like every other, to the address that is saved. It is sent once, and the reply says what became of it.",
  responses: { 200: json(webhookTest, "What the webhook answered") },
});

export function settingsRoutes({ store, secrets, clock, templatesChanged, webhook }: Posthorn) {
  /** @param secret that was made just now */
  const view = async (secret: string | null = null) => ({
    ...(await readRetention(store.db)),
    returnFailedChanges: await readReturnSetting(store.db),
    ...(await readWatch(store.db)),
    ...(await webhookView(store.db, secret)),
    brand: brandView(await readBrand(store.db)),
  });
  return routes()
    .openapi(get, async (c) => c.json(await view(), 200))
    .openapi(update, async (c) => {
      const input = parse(settingsInput, c.req.valid("json"));
      const { returnFailedChanges, brand, checkEveryHours, alertEmails, ...others } = input;
      const { webhookUrl, webhookSecret, ...retention } = others;
      const { actor } = c.get("caller");
      await saveRetention({ store, clock }, retention, actor);
      if (returnFailedChanges !== undefined) {
        await saveReturnSetting({ store, clock }, returnFailedChanges, actor);
      }
      if (brand !== undefined) {
        await saveBrand({ store, clock }, brand, actor);
        await templatesChanged();
      }
      await saveWatch({ store, clock }, { checkEveryHours, alertEmails }, actor);
      const given = { url: webhookUrl, secret: webhookSecret };
      return c.json(await view(await saveWebhook({ store, clock, secrets }, given, actor)), 200);
    })
    .openapi(testWebhook, async (c) => c.json(await webhook.test(c.get("caller").actor), 200));
}

async function webhookView(db: Db, made: string | null) {
  const saved = await readStoredWebhook(db);
  if (saved === null) return { webhookUrl: null, webhookSecret: null };
  return { webhookUrl: saved.url, webhookSecret: made ?? passwordMask };
}
