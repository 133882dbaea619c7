import { z } from "zod";
import { alertKinds, emailStates } from "../../core/model.ts";
import { configIssueCodes, mailStatusCodes } from "../../monitoring/status.ts";
import { id, pageOf, time, timeOrNull } from "./common.ts";

export const alert = z
  .object({
    id,
    configId: z.string().nullable().describe("Null for `emails_failing`, which is about all SMTP configs"),
    configName: z.string(),
    kind: z.enum(alertKinds),
    title: z.string(),
    explanation: z.string(),
    remedy: z.string().describe("Empty where there is nothing to do"),
    raisedAt: time,
    acknowledgedAt: timeOrNull("Since when somebody knows of it"),
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
    action: z.string().describe("Thing and deed, such as `smtp_config.updated`"),
    target: z.string().nullable().describe("The id of the thing"),
    detail: z.record(z.string(), z.unknown()).describe("Redacted"),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditLog = pageOf(auditEntry);

export const health = z
  .object({
    ok: z.boolean().describe("Whether emails can be accepted and delivered"),
    key: z.enum(["fits", "mismatch"]).describe("`mismatch`: the secret is not that of this database"),
    problems: z.array(z.string()).optional().describe("For admins: what keeps mail from being delivered"),
    emails: z
      .partialRecord(z.enum(emailStates), z.int())
      .optional()
      .describe("For admins: how many are in each state"),
    recipients: z
      .object({
        rule: z.enum(["all", "only", "redirect", "capture"]),
        to: z.array(z.string()).describe("Addresses, and domains such as `@acme.test`, that the rule names"),
      })
      .optional()
      .describe("For admins: who may get mail, as `SENDWRIGHT_RECIPIENTS` says"),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof health>;

const emailCounts = z
  .object({
    from: z.int().describe("Milliseconds since the epoch, UTC"),
    to: z.int().describe("Where the next span begins"),
    sent: z.int().describe("Became `sent` in this span"),
    failed: z.int().describe("Became `failed`, `partial`, `expired` or `unknown` in this span"),
    waiting: z.int().describe("Were accepted in this span and are not final yet"),
  })
  .meta({ id: "EmailCounts" });

export const overview = z
  .object({
    mail: z.object({
      level: z
        .enum(["good", "warn", "bad", "none"])
        .describe("`bad`: nothing is sent; `warn`: not all is well; `none`: there is no SMTP config"),
      code: z.enum(mailStatusCodes),
      sentence: z.string().describe("Whether mail works, with the reason"),
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
      .describe("The SMTP configs that an admin should look at"),
    waiting: z.int().describe("Emails that are not final yet, of any age"),
    queue: z
      .object({
        due: z.int().describe("Could be sent now"),
        scheduled: z.int().describe("For later: by the sender's wish, or waiting for the next try"),
        sending: z.int().describe("Are being handed to a relay"),
        oldestDueAt: timeOrNull("Since when the one that is due longest is due"),
      })
      .describe("What `waiting` is made of"),
    oldestWaiting: z
      .object({ id, subject: z.string(), createdAt: time })
      .nullable()
      .describe("Without those that are to be sent later"),
    lastSentAt: timeOrNull("When an email last became `sent`"),
    hours: z.array(emailCounts).describe("24, the last one under way"),
    days: z.array(emailCounts).describe("30, the last one under way"),
    sandboxPort: z.int().nullable().describe("Of the built-in relay on 127.0.0.1; null: it is off"),
  })
  .meta({ id: "Overview" });
export type Overview = z.infer<typeof overview>;

export const readiness = z.object({ ok: z.literal(true) }).meta({ id: "Readiness" });
