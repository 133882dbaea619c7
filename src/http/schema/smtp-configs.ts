import { z } from "zod";
import { authMethods, tlsModes } from "../../core/model.ts";
import { oauthProviders } from "../../smtp-configs/oauth/client.ts";
import { errorCodes, id, pageOf, time, timeOrNull } from "./common.ts";

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

const pause = {
  reason: z.string().nullable().describe("Why the breaker opened"),
  needsAdmin: z.boolean().describe("Whether an admin has to change something before the config works"),
};
const breaker = z
  .discriminatedUnion("state", [
    z.object({ state: z.literal("closed") }).describe("Emails go through"),
    z
      .object({ state: z.literal("open"), until: time.describe("End of the pause"), ...pause })
      .describe("No email goes through"),
    z
      .object({ state: z.literal("half-open"), ...pause })
      .describe("One email tries whether the config works"),
  ])
  .meta({ id: "CircuitBreaker" });

const limitUse = z.object({
  setting: z
    .enum(["maxPerMinute", "maxPerHour", "maxPerDay", "maxRecipientsPerDay"])
    .describe("Setting that is the limit"),
  limit: z.int(),
  used: z.int().describe("Emails or recipients in the window that ends now, those being sent included"),
  windowSeconds: z.int(),
  resetsAt: timeOrNull("When the oldest of them no longer count. Null if none count"),
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
    maxPerMinute: z.int().nullable().describe("Emails in any 60 seconds; null: unlimited"),
    maxPerHour: z.int().nullable().describe("Emails in any 60 minutes; null: unlimited"),
    maxPerDay: z.int().nullable().describe("Emails in any 24 hours; null: unlimited"),
    maxRecipientsPerDay: z.int().nullable().describe("Recipients in any 24 hours; null: unlimited"),
    senders: z
      .array(z.string())
      .readonly()
      .describe("Senders it may use besides `fromEmail`: addresses, and `@domain` for a whole domain"),
    bcc: z.string().nullable().describe("Gets a copy of each email that is sent through this config"),
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
    usage: z
      .array(limitUse)
      .describe("Use of each limit that is set; one per second is not counted, because emails wait for it"),
    lastTest: lastTest.nullable(),
    lastCheck: lastTest
      .extend({ certificateEndsAt: timeOrNull("Of the certificate that was shown") })
      .nullable()
      .describe("What the last scheduled check of these settings found; null before the first"),
    pausedUntil: timeOrNull(
      "End of the pause, after which one email tries the config. Null if the config isn't paused",
    ),
    pausedReason: z.string().nullable().describe("Why the config is paused. Null if it isn't"),
    breaker: breaker.describe("State of the circuit breaker: whether emails go through the config"),
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
    limits: z
      .object({
        maxPerSecond: z.int().nullable(),
        maxPerMinute: z.int().nullable(),
        maxPerHour: z.int().nullable(),
        maxPerDay: z.int().nullable(),
        maxRecipientsPerDay: z.int().nullable(),
        hint: z.string().nullable().describe("What depends on the plan, in words"),
        holdsForOwnDomains: z
          .boolean()
          .describe("Whether the values also hold for mailboxes of a person's own domain"),
        source: z.string().describe("The provider's page that says so"),
        readOn: z.iso.date().describe("When it said so"),
      })
      .nullable()
      .describe("What the provider lets an account send. Null if nothing is known"),
  })
  .meta({ id: "Provider" });
export type Provider = z.infer<typeof provider>;

export const providerList = pageOf(provider);
