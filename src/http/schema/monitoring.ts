import { z } from "zod";
import { alertKinds, emailStates } from "../../core/model.ts";
import { configIssueCodes, mailStatusCodes } from "../../monitoring/status.ts";
import { id, pageOf, time, timeOrNull } from "./common.ts";

export const alert = z
  .object({
    id,
    configId: z
      .string()
      .nullable()
      .describe("ID of the SMTP config. Null for `emails_failing`, which covers all SMTP configs"),
    configName: z.string(),
    kind: z.enum(alertKinds),
    title: z.string(),
    explanation: z.string(),
    remedy: z.string().describe("Remedy; empty if no action is needed"),
    raisedAt: time,
    acknowledgedAt: timeOrNull("Time of acknowledgment. Null if not acknowledged"),
    acknowledgedBy: z.string().nullable(),
  })
  .meta({ id: "Alert" });
export type Alert = z.infer<typeof alert>;

export const alertList = pageOf(alert);

export const auditEntry = z
  .object({
    id,
    at: time,
    actor: z.object({ id: z.string(), name: z.string() }),
    action: z.string().describe("Resource and action, such as `smtp_config.updated`"),
    target: z.string().nullable().describe("ID of the resource"),
    detail: z.record(z.string(), z.unknown()).describe("Details, redacted"),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditLog = pageOf(auditEntry);

export const health = z
  .object({
    ok: z.boolean().describe("True if emails can be accepted and delivered"),
    key: z
      .enum(["fits", "mismatch"])
      .describe("State of the secret; `mismatch` if it does not match the database"),
    problems: z.array(z.string()).optional().describe("Problems that stop delivery, for admins only"),
    emails: z
      .partialRecord(z.enum(emailStates), z.int())
      .optional()
      .describe("Number of emails in each state, for admins only"),
    recipients: z
      .object({
        rule: z.enum(["all", "only", "redirect", "capture"]),
        to: z.array(z.string()).describe("Addresses of the rule, and domains such as `@acme.test`"),
      })
      .optional()
      .describe("Allowed recipients (`SENDWRIGHT_RECIPIENTS`), for admins only"),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof health>;

const emailCounts = z
  .object({
    from: z.int().describe("Start of the period, in milliseconds since the epoch, UTC"),
    to: z.int().describe("End of the period, where the next one starts"),
    sent: z.int().describe("Emails that became `sent` in this period"),
    failed: z.int().describe("Emails that became `failed`, `partial`, `expired` or `unknown` in this period"),
    waiting: z.int().describe("Emails that were accepted in this period and are not final yet"),
  })
  .meta({ id: "EmailCounts" });

export const overview = z
  .object({
    mail: z.object({
      level: z
        .enum(["good", "warn", "bad", "none"])
        .describe(
          "Level of the status: `bad` if nothing is sent, `warn` if there are problems, `none` without SMTP configs",
        ),
      code: z.enum(mailStatusCodes),
      sentence: z.string().describe("Status of mail as a sentence, with the reason"),
    }),
    concerns: z
      .array(
        z.object({
          configId: z.string(),
          name: z.string(),
          code: z.enum(configIssueCodes),
          reason: z.string(),
        }),
      )
      .describe("SMTP configs that need attention"),
    waiting: z.int().describe("Emails of any age that are not final yet"),
    queue: z
      .object({
        due: z.int().describe("Emails that can be sent now"),
        scheduled: z.int().describe("Emails scheduled for later or queued for a retry"),
        sending: z.int().describe("Emails that are being sent"),
        oldestDueAt: timeOrNull("Time since which the oldest due email is due. Null if none is due"),
      })
      .describe("Breakdown of `waiting`"),
    oldestWaiting: z
      .object({ id, subject: z.string(), createdAt: time })
      .nullable()
      .describe("Oldest email that is not final, without scheduled ones. Null if none"),
    lastSentAt: timeOrNull("Time an email last became `sent`. Null if never"),
    hours: z.array(emailCounts).describe("Counts for 24 hours; the last one is in progress"),
    days: z.array(emailCounts).describe("Counts for 30 days; the last one is in progress"),
    sandboxPort: z.int().nullable().describe("Port of the sandbox on 127.0.0.1. Null if it is off"),
  })
  .meta({ id: "Overview" });
export type Overview = z.infer<typeof overview>;

export const readiness = z.object({ ok: z.literal(true) }).meta({ id: "Readiness" });
