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
    results: z.array(z.union([accepted, z.object({ problem })]).describe("Stored, or why not")),
  })
  .meta({ id: "BatchResults" });

export const recipient = z
  .object({
    address: z.string(),
    role: z.enum(recipientRoles),
    state: z.enum(recipientStates),
    code: z.int().nullable().describe("The relay's reply code (RFC 5321 §4.2)"),
    enhancedCode: z.string().nullable().describe("RFC 3463"),
    reply: z.string().nullable().describe("The text of the relay's reply"),
  })
  .meta({ id: "Recipient" });

/** Why a config takes an email: as `AttemptRoute` of the store. */
export const routeReasons = {
  by: z
    .enum(["named", "sender", "first", "stand-in"])
    .describe(
      "`named`: the request named it; `sender`: the sender is its own; `first`: no config owns the sender; `stand-in`: another config can't send it",
    ),
  for: z
    .string()
    .nullable()
    .describe("Name of the config that it stands in for. Null if it doesn't stand in"),
  because: z
    .enum(["paused", "limit", "refused"])
    .nullable()
    .describe("What keeps that config from sending the email. Null if it doesn't stand in"),
};

const attemptRoute = z
  .object({ ...routeReasons, sentence: z.string().describe("The same in words") })
  .meta({ id: "AttemptRoute" });

export const attempt = z
  .object({
    at: time,
    config: z.string().nullable().describe("The name that the SMTP config had then"),
    configId: z.string().nullable(),
    relay: z.string().nullable().describe("The host"),
    relayAddress: z.string().nullable().describe("Its IP address"),
    tls: z.string().nullable().describe("The version, such as `TLSv1.3`"),
    stage: z.enum(stages).nullable().describe("How far it got"),
    outcome: z.enum(attemptOutcomes),
    errorCode: z.string().nullable(),
    code: z.int().nullable(),
    enhancedCode: z.string().nullable(),
    reply: z.string().nullable(),
    durationMs: z.number(),
    possibleDuplicate: z.boolean(),
    captured: z.boolean().describe("The built-in sandbox got it instead of the recipients"),
    route: attemptRoute
      .nullable()
      .describe(
        "Why it went through this config. `for` is null for a key that may only send and has not seen that name. Null for tests and attempts of older versions",
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
        "The archive copy, which goes to `bcc` of the SMTP config. Null if this attempt had none, and for a key with the scope `send`",
      ),
    problem: z
      .object({ code: z.string(), title: z.string(), explanation: z.string(), remedy: z.string() })
      .nullable()
      .describe(
        "What the failure means and what to do, in the words of Test Connection. Null where it was sent, and where it failed before any relay was asked: `reply` then says why",
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
    from: z.union([mailbox, z.null()]).describe("Null: the sender of the SMTP config that delivers"),
    template: z.string().nullable(),
    tags: z.array(z.string()),
    priority: z.enum(priorities),
    sensitive: z.boolean().describe("Contents are encrypted, never shown, and purged once final"),
    possibleDuplicate: z.boolean().describe("A recipient may have got it more than once"),
    captured: z
      .boolean()
      .describe("The built-in sandbox got it instead of one recipient or more, even if its state is `sent`"),
    attemptCount: z.int(),
    createdAt: time,
    sentAt: timeOrNull("When a relay took the last recipient"),
    nextAttemptAt: timeOrNull("When it is tried next"),
    expiresAt: time.describe("Not tried after this"),
    finishedAt: timeOrNull("When its state became final"),
    recipients: z.array(recipient),
  })
  .meta({ id: "EmailSummary" });
export type EmailSummary = z.infer<typeof emailSummary>;

export const emailList = pageOf(emailSummary);

export const emailCount = z
  .object({ count: z.int(), capped: z.boolean().describe("There are more: it was not worth counting on") })
  .meta({ id: "EmailCount" });
export type EmailCount = z.infer<typeof emailCount>;

export const bulkRetried = z
  .object({
    retried: z.int(),
    skipped: z.int().describe("Left out: without contents, of another state by now, or a test email"),
    next: z.string().nullable().describe("The `after` of the next request; null when all are through"),
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
        name: z.string().nullable().describe("Null if the config was deleted"),
        fallback: z.boolean().describe("Whether other SMTP configs may send what this one can't"),
      })
      .nullable()
      .describe("The SMTP config that the request named; null if it named none"),
    resentFrom: z
      .string()
      .nullable()
      .describe("ID of the email that this one repeats; null if it repeats none"),
    resends: z
      .array(z.object({ id, state: z.enum(emailStates), createdAt: time }))
      .describe(
        "The emails that repeat this one, the newest first, 100 at most; for a key, those that it sent",
      ),
    attempts: z.array(attempt),
  })
  .meta({ id: "Email" });
export type Email = z.infer<typeof email>;

export const emailPreview = z
  .object({ html: z.string().nullable(), text: z.string().nullable() })
  .meta({ id: "EmailPreview" });
export type EmailPreview = z.infer<typeof emailPreview>;
