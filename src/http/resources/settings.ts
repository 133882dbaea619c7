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
  summary: "Get settings",
  description:
    "Gets the settings for retention (in days after an email became final), the brand in templates, scheduled checks and alerts. `version` increases with every change.",
  responses: { 200: json(settings, "Settings") },
});

const update = route({
  for: "admin",
  method: "patch",
  path: "/",
  summary: "Update settings",
  description:
    "Updates the fields in the body, all of them or none. Omitted fields are unchanged. `version` is the version that you read. If someone else saved since, the response is 409 `config.version_conflict` and nothing changes. Retention is a whole number of days from 1 to 3650, and content is kept no longer than emails. Sendwright deletes expired emails and content within about an hour, for good. It keeps emails that are not final. `brand` is merged by field: omitted fields are unchanged, null removes a field, and `footerLinks` is replaced as a whole. The new brand applies to emails accepted from then on. With `returnFailedChanges`, Sendwright restores the previous version of an SMTP config if a change fails before the server accepted an email. `checkEveryHours` is from 1 to 720, or 0 for never. `alertEmails` is replaced as a whole; null means all admins. `failureAlertPercent` is from 1 to 100, or 0 for never. `failureAlertMinEmails` is from 1 to 1,000,000. `webhookUrl` is an https URL, or null to turn the webhook off. A new URL gets a `webhookSecret`, which only this response shows. Send null as `webhookSecret` for a new secret, or the mask to keep it.",
  // A brand with its links.
  limits: { bytes: 64 * 1024 },
  request: {
    body: jsonBody(settingsChange, {
      version: 3,
      contentRetentionDays: 30,
      brand: { name: "Fjord Supply", url: "https://shop.example.com/", color: "#0f766e" },
    }),
  },
  responses: { 200: json(settings, "Settings as saved") },
});

const testWebhook = route({
  for: "admin",
  method: "post",
  path: "/webhook/test",
  summary: "Send a test event to the webhook",
  description: "Sends a signed `webhook.test` event to the saved URL once and returns the result.",
  responses: { 200: json(webhookTest, "Result of the test") },
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
