import { z } from "zod";
import { minPasswordLength } from "../../accounts/password-policy.ts";
import { type ErrorCode, errorTable } from "../../core/errors.ts";
import {
  alertKinds,
  attemptOutcomes,
  authMethods,
  emailStates,
  priorities,
  recipientRoles,
  recipientStates,
  stages,
  templateChanges,
  tlsModes,
  unknownPolicies,
} from "../../core/model.ts";
import { proposalSources } from "../../discovery/proposals.ts";
import { concernCodes, verdictCodes } from "../../monitoring/status.ts";
import { dnsChecks, findingStatuses } from "../../sender-dns/finding.ts";
import { oauthProviders } from "../../smtp-configs/oauth/client.ts";
import { apiKeyScopes } from "../../store/tables/api-keys.ts";
import { warningCodes } from "../../templates/engine/warnings.ts";

/**
 * What the API answers. A schema with an `id` has its own place in the OpenAPI document; the types are
 * those that the pages and `hono/client` see.
 */

const id = z.string().describe("UUIDv7: ids sort by the time of their making");
const time = z.iso.datetime().describe("RFC 3339, UTC");
/** A field of a nullable time, so that each says when it is null. */
const timeOrNull = (description: string) => z.iso.datetime().nullable().describe(description);

/** A page of a list: hand `next` back as `after` for the following one. */
function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("The `after` of the next page; null on the last"),
  });
}

const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

export const problem = z
  .object({
    type: z.string().describe("A URI of this kind of problem"),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes).describe("What programs compare"),
    detail: z.string().describe("What is wrong here, and the remedy"),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe("JSON Pointer (RFC 6901) into the body, or `/name` of a parameter"),
          detail: z.string(),
          line: z.int().nullable().optional().describe("In a template's source, from 1; null: not known"),
          column: z.int().nullable().optional(),
        }),
      )
      .optional()
      .describe("Every wrong field"),
  })
  .meta({ id: "Problem", description: "RFC 9457, as application/problem+json" });
export type Problem = z.infer<typeof problem>;

const mailbox = z.object({ name: z.string().nullable(), address: z.string() }).meta({ id: "Mailbox" });

const lastTest = z.object({
  at: time,
  ok: z.boolean(),
  stage: z.string().nullable().describe("The stage that failed"),
  title: z.string().nullable().describe("What was wrong"),
});

const oauthConnection = z.object({
  provider: z.enum(oauthProviders),
  tenant: z.string().nullable().describe("Of Microsoft: the directory whose accounts sign in"),
  clientId: z.string(),
  clientSecret: z.literal("********").nullable().describe("A mask where one is saved; it is never shown"),
  clientSecretExpiresAt: timeOrNull("As the admin has entered it: no provider tells"),
  authorizationEndpoint: z.string().nullable().describe("Of `custom`"),
  tokenEndpoint: z.string().nullable().describe("Of `custom`"),
  scope: z.string().nullable().describe("Of `custom`"),
  connectedAt: timeOrNull("Null until the first consent"),
  connectedBy: z.string().nullable(),
  expiresAt: timeOrNull("When the consent ends, where the provider tells"),
  accessExpiresAt: timeOrNull("When the access token ends: it is renewed before"),
  consentError: z.string().nullable().describe("Why the last consent came to nothing"),
});

export const smtpConfig = z
  .object({
    id,
    name: z.string(),
    position: z.int().describe("Lower is tried first"),
    enabled: z.boolean(),
    smtpServer: z.string(),
    smtpPort: z.int(),
    useTls: z.boolean().describe("True: an encrypted connection or none"),
    tlsMode: z.enum(tlsModes).describe("`auto` is implicit TLS on port 465 and STARTTLS elsewhere"),
    username: z.string().nullable().describe("Null: no sign-in"),
    password: z
      .literal("********")
      .nullable()
      .describe("A mask where one is saved; the password is never shown"),
    authMethod: z.enum(authMethods),
    allowCleartextAuth: z.boolean(),
    fromEmail: z.string(),
    fromName: z.string().nullable(),
    replyTo: z.string().nullable(),
    ehloName: z.string().nullable(),
    caPem: z.string().nullable(),
    maxConnections: z.int(),
    maxPerSecond: z.int().nullable().describe("Messages; null: unlimited"),
    version: z.int().describe("To be sent back with PUT"),
    problem: z
      .object({ code: z.enum(errorCodes), detail: z.string() })
      .nullable()
      .describe("Why nothing is sent with it until an admin mends it"),
    managedBy: z
      .enum(["environment"])
      .nullable()
      .describe("Who sets it, where it cannot be changed here: 409 `config.managed`"),
    returnTo: z
      .int()
      .nullable()
      .describe("It fails since its last change: the earlier version that may be restored"),
    oauth: oauthConnection
      .nullable()
      .describe("How it signs in with `authMethod` `oauth`; null where no client is saved"),
    lastTest: lastTest.nullable(),
    lastCheck: lastTest
      .extend({ certificateEndsAt: timeOrNull("Of the certificate that was shown") })
      .nullable()
      .describe("What the last scheduled check of these settings found; null before the first"),
    pausedUntil: timeOrNull("Not used until then"),
    pausedReason: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string(),
  })
  .meta({ id: "SmtpConfig" });
export type SmtpConfig = z.infer<typeof smtpConfig>;
export const smtpConfigList = pageOf(smtpConfig);

export const alert = z
  .object({
    id,
    configId: z.string(),
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

export const webhookTest = z
  .object({
    ok: z.boolean().describe("It answered with a status from 200 to 299"),
    status: z.int().nullable().describe("Null where there was no answer"),
    detail: z.string().describe("In words"),
    durationMs: z.number(),
  })
  .meta({ id: "WebhookTest" });
export type WebhookTest = z.infer<typeof webhookTest>;

const {
  position: _position,
  enabled: _enabled,
  returnTo: _returnTo,
  managedBy: _managedBy,
  oauth: _oauth,
  lastCheck: _lastCheck,
  ...draftShape
} = smtpConfig.shape;
export const smtpConfigDraft = z.object(draftShape).meta({ id: "SmtpConfigDraft" });
export type SmtpConfigDraft = z.infer<typeof smtpConfigDraft>;
export const smtpConfigDraftReply = z.object({ draft: smtpConfigDraft.nullable() });

export const smtpConfigVersion = z
  .object({
    version: z.int(),
    isCurrent: z.boolean(),
    savedAt: time,
    savedBy: z.string(),
    changes: z
      .array(
        z.object({
          setting: z.string().describe("By its name in the config"),
          before: z.string().nullable().describe("Null where there was none or it is not shown"),
          after: z.string().nullable(),
        }),
      )
      .readonly()
      .describe("Since the version before it; none for the oldest that is kept"),
    lastTest: lastTest.nullable().describe("Null where it was not tested"),
    isUsable: z.boolean().describe("Whether it can be restored: its password can be read and trusted"),
  })
  .meta({ id: "SmtpConfigVersion" });
export type SmtpConfigVersion = z.infer<typeof smtpConfigVersion>;
export const smtpConfigVersionList = pageOf(smtpConfigVersion);

export const provider = z
  .object({
    id: z.string(),
    name: z.string(),
    isCommon: z.boolean().describe("Offered before the others"),
    smtpServer: z.string().describe("Where there are regions, that of the first"),
    smtpPort: z.int(),
    useTls: z.boolean(),
    tlsMode: z.enum(tlsModes),
    regions: z
      .array(z.object({ id: z.string(), name: z.string(), smtpServer: z.string() }))
      .describe("Servers to choose from; empty where there is but one"),
    username: z.string().nullable().describe("The same for everybody; null where it is one's own"),
    fromEmail: z.string().nullable().describe("A sender that will do; null where it is one's own"),
    usernameHint: z.string().describe("What to enter"),
    passwordHint: z.string().describe("What to enter"),
    fromHint: z.string().describe("What the sender must be"),
    helpUrl: z.string().nullable().describe("The provider's own page about it"),
  })
  .meta({ id: "Provider" });
export type Provider = z.infer<typeof provider>;
export const providerList = pageOf(provider);

export const discovery = z
  .object({
    candidates: z
      .array(
        z.object({
          source: z
            .enum(proposalSources)
            .describe(
              "The catalogue of providers; SRV records of the domain (RFC 6186); its MX; names that are usual",
            ),
          provider: z.string().nullable().describe("Whose server it is, as `id` of `/api/providers`"),
          smtpServer: z.string(),
          smtpPort: z.int(),
          useTls: z.boolean(),
          tlsMode: z.enum(tlsModes),
          username: z.string().nullable().describe("Null where it is not made of the address"),
          usernameHint: z.string().describe("What to enter"),
          passwordHint: z.string().describe("What to enter"),
          helpUrl: z.string().nullable().describe("The provider's own page about it"),
          verified: z
            .boolean()
            .describe("It answered, over TLS with a certificate in order. Nobody signed in"),
          detail: z.string().describe("What was seen, or why it cannot be used from here"),
        }),
      )
      .readonly()
      .describe("The best first"),
    provider: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .describe("Who has the mailboxes of the domain, also if it offers no SMTP; null: not known"),
    notes: z.array(z.string()).readonly().describe("What else was learnt, a sentence each"),
  })
  .meta({ id: "Discovery" });
export type Discovery = z.infer<typeof discovery>;

export const dnsReport = z
  .object({
    domain: z.string().describe("Of the from email, in A-labels"),
    checkedAt: time,
    findings: z.array(
      z.object({
        check: z.enum(dnsChecks),
        status: z.enum(findingStatuses).describe("`unknown`: it cannot be told from here"),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string().describe("Empty where there is nothing to do"),
        seen: z.array(z.string()).readonly().describe("The records that this is about"),
        record: z
          .object({ type: z.literal("TXT"), name: z.string(), value: z.string() })
          .optional()
          .describe("To be published"),
      }),
    ),
  })
  .meta({ id: "DnsReport" });
export type DnsReport = z.infer<typeof dnsReport>;
export type DnsFinding = DnsReport["findings"][number];

export const testStage = z
  .object({
    stage: z.enum(stages),
    status: z.enum(["passed", "failed", "warning", "skipped"]),
    durationMs: z.number(),
    evidence: z
      .record(z.string(), z.unknown())
      .describe("What was seen, such as the addresses or the TLS version"),
    transcript: z
      .array(z.object({ from: z.enum(["client", "relay"]), text: z.string() }))
      .readonly()
      .describe("What was said, line by line, redacted"),
    problem: z
      .object({
        code: z.string(),
        title: z.string(),
        explanation: z.string(),
        remedy: z.string(),
        fix: z
          .record(z.string(), z.unknown())
          .optional()
          .describe("Fields of the config that would mend it, to be put into the form"),
      })
      .optional(),
  })
  .meta({ id: "TestStage" });
export type TestStage = z.infer<typeof testStage>;

const correction = z
  .object({
    smtpServer: z.string(),
    smtpPort: z.int(),
    useTls: z.boolean(),
    tlsMode: z.enum(tlsModes),
    works: z
      .boolean()
      .describe("It was open up to the sign-in, and offers one if the config has a username; none was tried"),
    title: z.string().describe("Such as `587 with STARTTLS works`"),
    detail: z.string(),
    durationMs: z.number(),
    fix: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("Fields of the config that lead there, to be put into the form; null where it does not work"),
  })
  .meta({ id: "Correction" });
export type Correction = z.infer<typeof correction>;

export const testReport = z
  .object({
    ok: z.boolean(),
    durationMs: z.number(),
    stages: z.array(testStage),
    corrections: z
      .array(correction)
      .describe(
        "Other ways to the server that were tried because the test failed before its sign-in; those that work come first",
      ),
  })
  .meta({ id: "TestReport" });
export type TestReport = z.infer<typeof testReport>;

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
export type Recipient = z.infer<typeof recipient>;

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
    attempts: z.array(attempt),
  })
  .meta({ id: "Email" });
export type Email = z.infer<typeof email>;

export const emailPreview = z
  .object({ html: z.string().nullable(), text: z.string().nullable() })
  .meta({ id: "EmailPreview" });
export type EmailPreview = z.infer<typeof emailPreview>;

export const templateInfo = z
  .object({
    name: z.string(),
    description: z.string(),
    sensitive: z.boolean(),
    expiresAfterMs: z.int().nullable().describe("How long it is worth sending; null: the usual time"),
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema of its data"),
    example: z.record(z.string(), z.unknown()),
    locales: z.array(z.string()).describe("The languages that it speaks, as BCP 47 tags"),
    isBuiltIn: z.boolean().describe("Comes with Sendwright: only its sources can be changed"),
    isEdited: z.boolean().describe("False for a built-in one as it came"),
    version: z.int().describe("To be sent back with PUT; 0 for a built-in one that was never changed"),
  })
  .meta({ id: "Template" });
export type TemplateInfo = z.infer<typeof templateInfo>;
export const templateList = pageOf(templateInfo);

const templateSources = z
  .record(
    z.string(),
    z
      .object({
        subject: z.string(),
        preheader: z.string().nullable(),
        mjml: z.string().describe("What the layout is put around, or a whole `<mjml>` document"),
        text: z.string().nullable().describe("Null: made from the HTML"),
      })
      .meta({ id: "TemplateSource" }),
  )
  .describe("By language");

const edited = {
  updatedAt: timeOrNull("Null where it was never changed"),
  updatedBy: z.string().nullable(),
};

export const templateDetail = z
  .object({ ...templateInfo.shape, sources: templateSources, ...edited })
  .meta({ id: "TemplateDetail" });
export type TemplateDetail = z.infer<typeof templateDetail>;

export const templateVersion = z
  .object({
    version: z.int(),
    at: timeOrNull("Null for version 0, the built-in one"),
    by: z.string().nullable(),
    note: z.string().nullable(),
    change: z.enum(templateChanges).describe("`reset`: the built-in one is used again"),
  })
  .meta({ id: "TemplateVersion" });
export type TemplateVersion = z.infer<typeof templateVersion>;
export const templateVersionList = pageOf(templateVersion);

export const templateVersionDetail = z
  .object({ ...templateInfo.shape, sources: templateSources, ...templateVersion.shape })
  .meta({ id: "TemplateVersionDetail" });
export type TemplateVersionDetail = z.infer<typeof templateVersionDetail>;

export const templatePreview = z
  .object({
    subject: z.string(),
    preheader: z.string().nullable().describe("What mail programs show beside the subject"),
    html: z.string(),
    text: z.string(),
    sizeBytes: z.int().describe("Of the HTML"),
    warnings: z
      .array(
        z.object({
          code: z.enum(warningCodes),
          detail: z.string(),
          line: z.int().nullable().describe("In the MJML, from 1; null where it comes from elsewhere"),
          column: z.int().nullable(),
        }),
      )
      .describe("What readers may mind"),
  })
  .meta({ id: "TemplatePreview" });
export type TemplatePreview = z.infer<typeof templatePreview>;

export const templateTest = z.object({ ...accepted.shape, to: z.string() }).meta({ id: "TemplateTest" });
export type TemplateTest = z.infer<typeof templateTest>;

const partContent = { mjml: z.string(), text: z.string().nullable() };

export const templatePart = z
  .object({
    name: z.string().describe('`layout`, or what `{% render "name" %}` calls'),
    ...partContent,
    isBuiltIn: z.boolean(),
    isEdited: z.boolean().describe("False for the layout as it came"),
    version: z.int().describe("To be sent back with PUT; 0 for the layout that was never changed"),
    usedBy: z.array(z.string()).describe("The templates that have it in them"),
    ...edited,
  })
  .meta({ id: "TemplatePart" });
export type TemplatePart = z.infer<typeof templatePart>;
export const templatePartList = pageOf(templatePart);

export const templatePartVersion = z
  .object({ name: z.string(), ...partContent, ...templateVersion.shape })
  .meta({ id: "TemplatePartVersion" });

/** Of a version, in a path. */
export const versionNumber = z.coerce
  .number({ error: "must be the number of a version" })
  .int({ error: "must be the number of a version" })
  .min(0);

export const restoreRequest = z.strictObject({
  version: z.int().min(0).describe("The newest one so far, as it was read"),
});

export const apiKey = z
  .object({
    id,
    name: z.string(),
    scope: z.enum(apiKeyScopes).describe("`send` posts emails and reads its own; `admin` may do everything"),
    prefix: z.string().describe("The first characters, by which its owner knows it"),
    createdAt: time,
    createdBy: z.string(),
    lastUsedAt: timeOrNull("To the minute"),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyList = pageOf(apiKey);

export const newApiKey = z
  .object({ ...apiKey.shape, key: z.string().describe("Shown this once") })
  .meta({ id: "NewApiKey" });
export type NewApiKey = z.infer<typeof newApiKey>;

export const apiKeyRequest = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scope: z.enum(apiKeyScopes).default("send"),
});

const textOrNull = z.string().nullable();

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

export const sandboxEmailSummary = z
  .object({
    id: z.string(),
    receivedAt: time,
    from: z.string().describe("MAIL FROM; empty for the null reverse-path"),
    to: z.array(z.string()).describe("RCPT TO: also those in Bcc"),
    subject: z.string(),
    sizeBytes: z.int(),
  })
  .meta({ id: "SandboxEmailSummary" });
export type SandboxEmailSummary = z.infer<typeof sandboxEmailSummary>;
export const sandboxEmailList = pageOf(sandboxEmailSummary);

export const sandboxEmail = z
  .object({
    ...sandboxEmailSummary.shape,
    html: z.string().nullable(),
    text: z.string().nullable(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })),
    attachments: z.array(
      z.object({
        filename: z.string().nullable(),
        contentType: z.string(),
        contentId: z.string().nullable(),
        inline: z.boolean(),
        sizeBytes: z.int(),
      }),
    ),
  })
  .meta({ id: "SandboxEmail" });
export type SandboxEmail = z.infer<typeof sandboxEmail>;

export const me = z
  .object({
    id: z.string().describe("`user:…` or `key:…`"),
    name: z.string(),
    email: z.string().nullable(),
    scope: z.enum(apiKeyScopes),
    via: z
      .enum(["session", "api-key", "host"])
      .describe("`host`: the application that Sendwright is built into"),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof me>;

const session = z
  .object({
    id: z.string(),
    userAgent: z.string().describe("What the browser said it is; empty where it did not"),
    browser: z.string().nullable().describe("The browser by that, such as `Firefox`"),
    system: z.string().nullable().describe("The system by that, such as `Linux`"),
    signedInAt: time,
    seenAt: time.describe("When it was last used, to a few minutes"),
    isCurrent: z.boolean().describe("The one that the request is made with"),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof session>;
export const sessionList = pageOf(session);

export const newPassword = z
  .string()
  .min(minPasswordLength, `must have at least ${minPasswordLength} characters`)
  .max(128);

export const firstAdminRequest = z.strictObject({
  token: z.string().describe("From the link's fragment"),
  name: z.string().trim().min(1).max(100).optional(),
  email: z.email(),
  password: newPassword,
});
export type FirstAdminRequest = z.infer<typeof firstAdminRequest>;

export const forgottenPassword = z.strictObject({ email: z.email().max(320) });

export const passwordReset = z.strictObject({
  token: z.string().max(200).describe("From the link's fragment"),
  password: newPassword,
});

export const health = z
  .object({
    ok: z.boolean().describe("Whether emails can be accepted and delivered"),
    key: z.enum(["fits", "mismatch"]).describe("`mismatch`: the secret is not that of this database"),
    problems: z.array(z.string()).optional().describe("For admins: what keeps mail from being delivered"),
    emails: z
      .partialRecord(z.enum(emailStates), z.int())
      .optional()
      .describe("For admins: how many are in each state"),
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
      code: z.enum(verdictCodes),
      sentence: z.string().describe("Whether mail works, with the reason"),
    }),
    concerns: z
      .array(
        z.object({
          configId: z.string(),
          name: z.string(),
          code: z.enum(concernCodes),
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
