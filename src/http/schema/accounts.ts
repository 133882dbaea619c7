import { z } from "zod";
import { minPasswordLength } from "../../accounts/password-policy.ts";
import { apiKeyScopes } from "../../store/tables/api-keys.ts";
import { id, pageOf, time, timeOrNull } from "./common.ts";

export const apiKey = z
  .object({
    id,
    name: z.string(),
    scope: z
      .enum(apiKeyScopes)
      .describe("Permissions of the key: `send` can send emails and read its own, `admin` can do everything"),
    prefix: z.string().describe("First characters of the key, to recognize it"),
    createdAt: time,
    createdBy: z.string(),
    lastUsedAt: timeOrNull("Time of the last use, to the minute. Null if never used"),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;

export const apiKeyList = pageOf(apiKey);

export const newApiKey = z
  .object({ ...apiKey.shape, key: z.string().describe("API key, returned only when it is created") })
  .meta({ id: "NewApiKey" });
export type NewApiKey = z.infer<typeof newApiKey>;

export const apiKeyRequest = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scope: z.enum(apiKeyScopes).default("send"),
});

export const me = z
  .object({
    id: z.string().describe("ID of the caller: `user:…` or `key:…`"),
    name: z.string(),
    email: z.string().nullable(),
    scope: z.enum(apiKeyScopes),
    via: z
      .enum(["session", "api-key", "host"])
      .describe("Way of identification; `host` is the application that embeds Sendwright"),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof me>;

const session = z
  .object({
    id: z.string(),
    userAgent: z.string().describe("User-Agent of the browser; empty if it sent none"),
    browser: z.string().nullable().describe("Name of the browser, such as `Firefox`. Null if unknown"),
    system: z.string().nullable().describe("Operating system, such as `Linux`. Null if unknown"),
    signedInAt: time,
    seenAt: time.describe("Time of the last use, accurate to a few minutes"),
    isCurrent: z.boolean().describe("True for the session of this request"),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof session>;

export const sessionList = pageOf(session);

export const newPassword = z
  .string()
  .min(minPasswordLength, `must have at least ${minPasswordLength} characters`)
  .max(128);

export const firstAdminRequest = z.strictObject({
  token: z.string().describe("Token from the fragment of the link"),
  name: z.string().trim().min(1).max(100).optional(),
  email: z.email(),
  password: newPassword,
});
export type FirstAdminRequest = z.infer<typeof firstAdminRequest>;

export const forgottenPassword = z.strictObject({ email: z.email().max(320) });

export const passwordReset = z.strictObject({
  token: z.string().max(200).describe("Token from the fragment of the link"),
  password: newPassword,
});
