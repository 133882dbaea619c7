import { z } from "zod";
import { authMethods, tlsModes } from "../../core/model.ts";
import { oauthProviders } from "../../smtp-configs/oauth/client.ts";
import { errorCodes, id, pageOf, time, timeOrNull } from "./common.ts";

const lastTest = z.object({
  at: time,
  ok: z.boolean(),
  stage: z.string().nullable().describe("Stage that failed. Null if none failed"),
  title: z.string().nullable().describe("Title of the problem. Null if none"),
});

const oauthConnection = z.object({
  provider: z.enum(oauthProviders),
  tenant: z
    .string()
    .nullable()
    .describe("Microsoft directory (tenant) of the accounts. Null for other providers"),
  clientId: z.string(),
  clientSecret: z.literal("********").nullable().describe("Mask of the saved secret. Null if none is saved"),
  clientSecretExpiresAt: timeOrNull(
    "Expiry of the client secret, as the admin entered it. Null if not entered",
  ),
  authorizationEndpoint: z.string().nullable().describe("Authorization URL of a `custom` provider"),
  tokenEndpoint: z.string().nullable().describe("Token URL of a `custom` provider"),
  scope: z.string().nullable().describe("Scopes of a `custom` provider"),
  connectedAt: timeOrNull("Time of the connection. Null if never connected"),
  connectedBy: z.string().nullable(),
  expiresAt: timeOrNull("Expiry of the authorization. Null if unknown"),
  accessExpiresAt: timeOrNull("Expiry of the access token, which is renewed before"),
  consentError: z.string().nullable().describe("Reason the last connection failed. Null if it did not"),
});

const pause = {
  reason: z.string().nullable().describe("Reason the breaker opened"),
  needsAdmin: z.boolean().describe("True if an admin must fix the config before it can work"),
};
const breaker = z
  .discriminatedUnion("state", [
    z.object({ state: z.literal("closed") }).describe("Emails are sent through the config"),
    z
      .object({ state: z.literal("open"), until: time.describe("End of the pause"), ...pause })
      .describe("No emails are sent through the config"),
    z.object({ state: z.literal("half-open"), ...pause }).describe("One email tests the config"),
  ])
  .meta({ id: "CircuitBreaker" });

const limitUse = z.object({
  setting: z
    .enum(["maxPerMinute", "maxPerHour", "maxPerDay", "maxRecipientsPerDay"])
    .describe("Setting of the limit"),
  limit: z.int(),
  used: z.int().describe("Emails or recipients in the last window, including those being sent"),
  windowSeconds: z.int(),
  resetsAt: timeOrNull("Time the oldest of them stop counting. Null if none count"),
});

export const smtpConfig = z
  .object({
    id,
    name: z.string(),
    position: z.int().describe("Position in the order; lower is used first"),
    enabled: z.boolean(),
    smtpServer: z.string(),
    smtpPort: z.int(),
    useTls: z.boolean().describe("True to require an encrypted connection"),
    tlsMode: z
      .enum(tlsModes)
      .describe("TLS mode; `auto` is implicit TLS on port 465 and STARTTLS on all others"),
    username: z.string().nullable().describe("Username. Null to send without authentication"),
    password: z.literal("********").nullable().describe("Mask of the saved password. Null if none is saved"),
    authMethod: z.enum(authMethods),
    allowCleartextAuth: z.boolean(),
    fromEmail: z.string(),
    fromName: z.string().nullable(),
    replyTo: z.string().nullable(),
    ehloName: z.string().nullable(),
    caPem: z.string().nullable(),
    maxConnections: z.int(),
    maxPerSecond: z.int().nullable().describe("Maximum emails per second. Null if unlimited"),
    maxPerMinute: z.int().nullable().describe("Maximum emails in any 60 seconds. Null if unlimited"),
    maxPerHour: z.int().nullable().describe("Maximum emails in any 60 minutes. Null if unlimited"),
    maxPerDay: z.int().nullable().describe("Maximum emails in any 24 hours. Null if unlimited"),
    maxRecipientsPerDay: z.int().nullable().describe("Maximum recipients in any 24 hours. Null if unlimited"),
    senders: z
      .array(z.string())
      .readonly()
      .describe("Allowed senders besides `fromEmail`: addresses, and `@domain` for a whole domain"),
    bcc: z
      .string()
      .nullable()
      .describe("Address that gets a copy of each email sent through this config. Null if none"),
    version: z.int().describe("Version of the config, to send with PUT"),
    problem: z
      .object({ code: z.enum(errorCodes), detail: z.string() })
      .nullable()
      .describe("Problem that stops sending until an admin fixes it. Null if none"),
    managedBy: z
      .enum(["environment"])
      .nullable()
      .describe("Origin of a read-only config; changes get 409 `config.managed`. Null if you can change it"),
    returnTo: z
      .int()
      .nullable()
      .describe("Version to restore, if the config fails since its last change. Null if none"),
    oauth: oauthConnection
      .nullable()
      .describe("OAuth connection for `authMethod` `oauth`. Null if no client is saved"),
    usage: z
      .array(limitUse)
      .describe("Use of each limit except `maxPerSecond`, which only slows emails down"),
    lastTest: lastTest.nullable(),
    lastCheck: lastTest
      .extend({ certificateEndsAt: timeOrNull("Expiry of the server's certificate. Null if unknown") })
      .nullable()
      .describe("Result of the last check of these settings. Null before the first one"),
    pausedUntil: timeOrNull(
      "End of the pause, after which one email tests the config. Null if it is not paused",
    ),
    pausedReason: z.string().nullable().describe("Reason for the pause. Null if the config is not paused"),
    breaker: breaker.describe("State of the circuit breaker, which pauses the config"),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string(),
  })
  .meta({ id: "SmtpConfig" });
export type SmtpConfig = z.infer<typeof smtpConfig>;

export const smtpConfigList = pageOf(smtpConfig);

const {
  position: _position,
  enabled: _enabled,
  returnTo: _returnTo,
  managedBy: _managedBy,
  oauth: _oauth,
  lastCheck: _lastCheck,
  usage: _usage,
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
          setting: z.string().describe("Name of the setting"),
          before: z.string().nullable().describe("Value before. Null if there was none or it is not shown"),
          after: z.string().nullable(),
        }),
      )
      .readonly()
      .describe("Changes since the previous version; empty for the oldest one"),
    lastTest: lastTest.nullable().describe("Result of the last test. Null if untested"),
    isUsable: z
      .boolean()
      .describe("True if the version can be restored, because its password is readable and trusted"),
  })
  .meta({ id: "SmtpConfigVersion" });
export type SmtpConfigVersion = z.infer<typeof smtpConfigVersion>;

export const smtpConfigVersionList = pageOf(smtpConfigVersion);

export const provider = z
  .object({
    id: z.string(),
    name: z.string(),
    isCommon: z.boolean().describe("True for common providers, which are listed first"),
    smtpServer: z.string().describe("Host name of the SMTP server, in the first region if there are several"),
    smtpPort: z.int(),
    useTls: z.boolean(),
    tlsMode: z.enum(tlsModes),
    regions: z
      .array(z.object({ id: z.string(), name: z.string(), smtpServer: z.string() }))
      .describe("Regions with their servers; empty if there is only one server"),
    username: z.string().nullable().describe("Username, if it is the same for all accounts. Null if not"),
    fromEmail: z.string().nullable().describe("Sender, if any is allowed. Null if it must be yours"),
    usernameHint: z.string().describe("Hint for the username"),
    passwordHint: z.string().describe("Hint for the password"),
    fromHint: z.string().describe("Hint for the sender"),
    helpUrl: z.string().nullable().describe("URL of the provider's documentation. Null if none"),
    limits: z
      .object({
        maxPerSecond: z.int().nullable(),
        maxPerMinute: z.int().nullable(),
        maxPerHour: z.int().nullable(),
        maxPerDay: z.int().nullable(),
        maxRecipientsPerDay: z.int().nullable(),
        hint: z.string().nullable().describe("Limits that depend on the plan. Null if none"),
        holdsForOwnDomains: z
          .boolean()
          .describe("True if the limits also apply to mailboxes on custom domains"),
        source: z.string().describe("URL of the provider's page with these limits"),
        readOn: z.iso.date().describe("Date the page was read"),
      })
      .nullable()
      .describe("Sending limits of an account. Null if unknown"),
  })
  .meta({ id: "Provider" });
export type Provider = z.infer<typeof provider>;

export const providerList = pageOf(provider);
