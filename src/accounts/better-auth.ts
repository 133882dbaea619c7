import { type BetterAuthOptions, betterAuth } from "better-auth";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import { minPasswordLength } from "./password-policy.ts";

export interface AuthDependencies {
  readonly store: Store;
  /** Signs the session cookies. */
  readonly secret: string;
  /** Where browsers see Sendwright; cookies are `Secure` if it is https. Null: only on this machine. */
  readonly publicUrl: string | null;
  readonly log: Log;
}

const day = 24 * 60 * 60;

/**
 * better-auth on Sendwright's tables, as a set of functions: its own HTTP routes are not mounted, so that
 * there is one place for origins, limits and problems. Importing this file takes most of a second; see
 * sign-in.ts.
 */
export function createAuth({ store, secret, publicUrl, log }: AuthDependencies) {
  return betterAuth({
    appName: "Sendwright",
    baseURL: publicUrl ?? "http://localhost",
    secret,
    database: { db: store.db, type: "sqlite" },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength },
    session: {
      modelName: "sessions",
      expiresIn: 30 * day,
      // A cookie is set at sign-in and stays as it is: its end is the session's.
      disableSessionRefresh: true,
      fields: {
        expiresAt: "expires_at",
        createdAt: "created_at",
        updatedAt: "updated_at",
        ipAddress: "ip_address",
        userAgent: "user_agent",
        userId: "user_id",
      },
    },
    user: {
      modelName: "users",
      fields: { emailVerified: "email_verified", createdAt: "created_at", updatedAt: "updated_at" },
    },
    account: {
      modelName: "accounts",
      fields: {
        accountId: "account_id",
        providerId: "provider_id",
        userId: "user_id",
        accessToken: "access_token",
        refreshToken: "refresh_token",
        idToken: "id_token",
        accessTokenExpiresAt: "access_token_expires_at",
        refreshTokenExpiresAt: "refresh_token_expires_at",
        createdAt: "created_at",
        updatedAt: "updated_at",
      },
    },
    verification: {
      modelName: "verifications",
      fields: { expiresAt: "expires_at", createdAt: "created_at", updatedAt: "updated_at" },
    },
    advanced: {
      cookiePrefix: "sendwright",
      useSecureCookies: publicUrl?.startsWith("https:") === true,
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax" },
      ipAddress: { disableIpTracking: true },
    },
    logger: { log: (level, message) => log[level]({ part: "better-auth" }, message) },
    telemetry: { enabled: false },
  } satisfies BetterAuthOptions);
}

export type Auth = ReturnType<typeof createAuth>;
