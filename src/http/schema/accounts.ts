import { z } from "zod";
import { minPasswordLength } from "../../accounts/password-policy.ts";
import { apiKeyScopes } from "../../store/tables/api-keys.ts";
import { id, pageOf, time, timeOrNull } from "./common.ts";

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
