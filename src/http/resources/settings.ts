import { passwordMask } from "../../core/model.ts";
import { parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import { changeSettings, readSettings, type Settings, settingsChange } from "../../settings.ts";
import { brandView } from "../../templates/library/brand.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { settings, webhookTest } from "../schema/settings.ts";

const get = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "Get the settings",
  description:
    "Gets how long emails are kept, in days from when they became final, the brand that templates show (null for a field without a value), and how SMTP configs are watched. `version` grows with every change.",
  responses: { 200: json(settings, "The settings") },
});

const update = route({
  for: "admin",
  method: "patch",
  path: "/",
  summary: "Change the settings",
  description:
    "Changes the fields that are in the body, all of them or none; whatever is left out stays as it is. `version` is that of the settings that were read: if somebody saved since, the reply is 409 `config.version_conflict` and nothing is changed. Days are whole numbers from 1 to 3650, and contents are kept no longer than emails. What is past its time is deleted within about an hour, and cannot be had again; emails that are not final are kept, however old they are. `brand` is merged field by field: a field that is left out stays, null takes it away, and `footerLinks` is replaced as a whole; emails accepted from then on have the new brand. With `returnFailedChanges` an SMTP config returns by itself to its earlier version, should a change of it fail before any email was taken through it. `checkEveryHours` is from 1 to 720, or 0 for never. `alertEmails` is replaced as a whole; null stands for all admins. `failureAlertPercent` is from 1 to 100, or 0 for never, and `failureAlertMinEmails` from 1 to 1,000,000. `webhookUrl` is https, or null for none. An address that is new gets a `webhookSecret`, which this reply shows, once; null as `webhookSecret` makes another one, the mask keeps it.",
  // A brand with its links.
  limits: { bytes: 64 * 1024 },
  request: {
    body: jsonBody(settingsChange, {
      version: 3,
      contentRetentionDays: 30,
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

export function settingsRoutes(services: Services) {
  const { store, webhook } = services;
  return routes()
    .openapi(get, async (c) => c.json(view(await readSettings(store.db), null), 200))
    .openapi(update, async (c) => {
      const change = parse(settingsChange, c.req.valid("json"));
      const saved = await changeSettings(services, change, c.get("caller").actor);
      return c.json(view(saved.settings, saved.webhookSecret), 200);
    })
    .openapi(testWebhook, async (c) => c.json(await webhook.test(c.get("caller").actor), 200));
}

/** @param secret that was made just now */
function view({ brand, ...rest }: Settings, secret: string | null) {
  const webhookSecret = rest.webhookUrl === null ? null : (secret ?? passwordMask);
  return { ...rest, webhookSecret, brand: brandView(brand) };
}
