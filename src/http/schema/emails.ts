import { z } from "zod";
import {
  attemptOutcomes,
  emailStates,
  priorities,
  recipientRoles,
  recipientStates,
  stages,
  unknownPolicies,
} from "../../core/model.ts";
import { id, mailbox, pageOf, problem, time, timeOrNull } from "./common.ts";

export const accepted = z
  .object({ id, messageId: z.string(), state: z.enum(emailStates) })
  .meta({ id: "AcceptedEmail" });
export type AcceptedEmail = z.infer<typeof accepted>;

export const batchResults = z
  .object({
    results: z.array(z.union([accepted, z.object({ problem })]).describe("Queued email, or the problem")),
  })
  .meta({ id: "BatchResults" });

export const recipient = z
  .object({
    address: z.string(),
    role: z.enum(recipientRoles),
    state: z.enum(recipientStates),
    code: z.int().nullable().describe("Reply code of the SMTP server (RFC 5321 §4.2)"),
    enhancedCode: z.string().nullable().describe("Enhanced status code (RFC 3463)"),
    reply: z.string().nullable().describe("Text of the SMTP server's reply"),
  })
  .meta({ id: "Recipient" });

/** Why a config takes an email: as `AttemptRoute` of the store. */
export const routeReasons = {
  by: z
    .enum(["named", "sender", "first", "stand-in"])
    .describe(
      "Reason for this config. `named`: by the request. `sender`: it owns the sender. `first`: no config owns the sender. `stand-in`: another config cannot send it",
    ),
  for: z.string().nullable().describe("Name of the config it stands in for. Null if it does not stand in"),
  because: z
    .enum(["paused", "limit", "refused"])
    .nullable()
    .describe("Reason that config cannot send the email. Null if this one does not stand in"),
};

const attemptRoute = z
  .object({ ...routeReasons, sentence: z.string().describe("Reason as a sentence") })
  .meta({ id: "AttemptRoute" });

export const attempt = z
  .object({
    at: time,
    config: z.string().nullable().describe("Name of the SMTP config at that time"),
    configId: z.string().nullable(),
    relay: z.string().nullable().describe("Host name of the SMTP server"),
    relayAddress: z.string().nullable().describe("IP address of the SMTP server"),
    tls: z.string().nullable().describe("TLS version, such as `TLSv1.3`"),
    stage: z.enum(stages).nullable().describe("Last stage reached"),
    outcome: z.enum(attemptOutcomes),
    errorCode: z.string().nullable(),
    code: z.int().nullable(),
    enhancedCode: z.string().nullable(),
    reply: z.string().nullable(),
    durationMs: z.number(),
    possibleDuplicate: z.boolean(),
    captured: z
      .boolean()
      .describe("True if the sandbox captured the email, so the recipients did not get it"),
    route: attemptRoute
      .nullable()
      .describe(
        "Reason for this config. `for` is null for a key with scope `send` that has not used that name. Null for tests and attempts of older versions",
      ),
    copy: z
      .object({
        address: z.string(),
        outcome: z.enum(["sent", "temporary", "permanent", "unknown"]),
        code: z.int().nullable(),
        reply: z.string().nullable(),
      })
      .nullable()
      .describe(
        "Archive copy, sent to `bcc` of the SMTP config. Null if this attempt had none, and for a key with scope `send`",
      ),
    problem: z
      .object({ code: z.string(), title: z.string(), explanation: z.string(), remedy: z.string() })
      .nullable()
      .describe(
        "Explanation of the failure and its remedy. Null if the email was sent, or if the attempt failed before it reached an SMTP server; `reply` has the reason then",
      ),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof attempt>;

export const emailSummary = z
  .object({
    id,
    state: z.enum(emailStates),
    messageId: z.string(),
    subject: z.string(),
    from: z
      .union([mailbox, z.null()])
      .describe("Sender. Null for the sender of the SMTP config that delivers"),
    template: z.string().nullable(),
    tags: z.array(z.string()),
    priority: z.enum(priorities),
    sensitive: z
      .boolean()
      .describe("True if the content is encrypted, never shown, and deleted when the email is final"),
    possibleDuplicate: z.boolean().describe("True if a recipient may have received the email more than once"),
    captured: z
      .boolean()
      .describe(
        "True if the sandbox captured the email for one or more recipients, even if the state is `sent`",
      ),
    attemptCount: z.int(),
    createdAt: time,
    sentAt: timeOrNull("Time an SMTP server accepted the last recipient. Null if not sent"),
    nextAttemptAt: timeOrNull("Time of the next attempt. Null if none is planned"),
    expiresAt: time.describe("Time of expiry, after which there are no attempts"),
    finishedAt: timeOrNull("Time the state became final. Null if it is not final"),
    recipients: z.array(recipient),
  })
  .meta({ id: "EmailSummary" });
export type EmailSummary = z.infer<typeof emailSummary>;

export const emailList = pageOf(emailSummary);

export const emailCount = z
  .object({ count: z.int(), capped: z.boolean().describe("True if more emails match than `count`") })
  .meta({ id: "EmailCount" });
export type EmailCount = z.infer<typeof emailCount>;

export const bulkRetried = z
  .object({
    retried: z.int(),
    skipped: z
      .int()
      .describe("Number of skipped emails: without content, in another state by now, or test emails"),
    next: z
      .string()
      .nullable()
      .describe("Value of `after` for the next request. Null when all emails are done"),
  })
  .meta({ id: "BulkRetried" });
export type BulkRetried = z.infer<typeof bulkRetried>;

export const email = z
  .object({
    ...emailSummary.shape,
    replyTo: z.array(mailbox),
    onUnknown: z.enum(unknownPolicies),
    config: z
      .object({
        id: z.string(),
        name: z.string().nullable().describe("Name of the config. Null if the config was deleted"),
        fallback: z.boolean().describe("True if other SMTP configs may send the email when this one cannot"),
      })
      .nullable()
      .describe("SMTP config that the request named. Null if it named none"),
    resentFrom: z
      .string()
      .nullable()
      .describe("ID of the email that this one resends. Null if it is not a resend"),
    resends: z
      .array(z.object({ id, state: z.enum(emailStates), createdAt: time }))
      .describe(
        "Resends of this email, newest first, at most 100. A key with scope `send` sees its own only",
      ),
    attempts: z.array(attempt),
  })
  .meta({ id: "Email" });
export type Email = z.infer<typeof email>;

export const emailPreview = z
  .object({ html: z.string().nullable(), text: z.string().nullable() })
  .meta({ id: "EmailPreview" });
export type EmailPreview = z.infer<typeof emailPreview>;
