import { z } from "zod";
import { textOrNull } from "./common.ts";

export const webhookTest = z
  .object({
    ok: z.boolean().describe("True if the webhook responded with a status from 200 to 299"),
    status: z.int().nullable().describe("HTTP status. Null if there was no response"),
    detail: z.string().describe("Result as a sentence"),
    durationMs: z.number(),
  })
  .meta({ id: "WebhookTest" });
export type WebhookTest = z.infer<typeof webhookTest>;

export const settings = z
  .object({
    version: z.int().describe("Version of the settings, which increases with every change"),
    contentRetentionDays: z.int().describe("Days after an email became final until its content is deleted"),
    emailRetentionDays: z
      .int()
      .describe("Days after an email became final until it is deleted with its recipients and attempts"),
    returnFailedChanges: z
      .boolean()
      .describe(
        "True to restore the previous version of an SMTP config if a change fails with its first emails",
      ),
    checkEveryHours: z.int().describe("Hours between checks of an SMTP config; 0 for never"),
    alertEmails: z
      .array(z.string())
      .readonly()
      .nullable()
      .describe("Recipients of alert emails. Null for all admins of the stand-alone server"),
    failureAlertPercent: z
      .int()
      .describe("Percentage of failed emails in an hour that raises an alert; 0 for never"),
    failureAlertMinEmails: z.int().describe("Minimum emails in an hour for that alert"),
    webhookUrl: textOrNull.describe("URL that receives events. Null if the webhook is off"),
    webhookSecret: z
      .string()
      .nullable()
      .describe(
        "Secret that signs events: shown once when created, then as a mask. Null if the webhook is off",
      ),
    brand: z
      .object({
        name: textOrNull.describe("Name of the product in emails"),
        url: textOrNull.describe("Link of the name or logo in the header"),
        logoUrl: textOrNull.describe("URL of the logo, shown 32 pixels high"),
        color: textOrNull.describe("Color of buttons and links, such as `#2456d6`"),
        address: textOrNull.describe("Postal address in the footer"),
        footerLinks: z.array(z.object({ label: z.string(), url: z.string() })),
      })
      .describe("Brand in templates"),
  })
  .meta({ id: "Settings" });
export type Settings = z.infer<typeof settings>;
