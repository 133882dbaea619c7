import { z } from "zod";
import { textOrNull } from "./common.ts";

export const webhookTest = z
  .object({
    ok: z.boolean().describe("It answered with a status from 200 to 299"),
    status: z.int().nullable().describe("Null where there was no answer"),
    detail: z.string().describe("In words"),
    durationMs: z.number(),
  })
  .meta({ id: "WebhookTest" });
export type WebhookTest = z.infer<typeof webhookTest>;

export const settings = z
  .object({
    version: z.int().describe("Grows with every change; a change names the one that was read"),
    contentRetentionDays: z.int().describe("Days from when an email became final until its contents go"),
    emailRetentionDays: z
      .int()
      .describe("Days until the email goes, with its recipients and attempts; no fewer than for contents"),
    returnFailedChanges: z
      .boolean()
      .describe(
        "Whether a config returns to its earlier version when a change of it fails with its first emails",
      ),
    checkEveryHours: z.int().describe("SMTP configs are checked when their last check is older; 0: never"),
    alertEmails: z
      .array(z.string())
      .readonly()
      .nullable()
      .describe("Who gets an email about what checks find; null: all admins of the stand-alone server"),
    failureAlertPercent: z
      .int()
      .describe("Percent of an hour's emails that may fail before an alert is raised; 0 for never"),
    failureAlertMinEmails: z.int().describe("With fewer emails in an hour, that alert isn't raised"),
    webhookUrl: textOrNull.describe("Where events go; null: nowhere"),
    webhookSecret: z
      .string()
      .nullable()
      .describe("What events are signed with: shown once, when it is made, and a mask from then on"),
    brand: z
      .object({
        name: textOrNull.describe("Of the product, as its users know it"),
        url: textOrNull.describe("Where the name or logo in the header leads"),
        logoUrl: textOrNull.describe("A picture, shown 32 pixels high"),
        color: textOrNull.describe("Of buttons and links, such as `#2456d6`"),
        address: textOrNull.describe("The postal address in the footer"),
        footerLinks: z.array(z.object({ label: z.string(), url: z.string() })),
      })
      .describe("What templates show of the sender"),
  })
  .meta({ id: "Settings" });
export type Settings = z.infer<typeof settings>;
