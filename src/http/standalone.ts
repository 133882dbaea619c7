import { z } from "zod";
import { createFirstAdminLink, hasAdmin } from "../accounts/admin-link.ts";
import { minPasswordLength } from "../accounts/password-policy.ts";
import { type Credentials, SignIn } from "../accounts/sign-in.ts";
import { parse } from "../core/parse.ts";
import { isLoopback } from "../net/host.ts";
import type { Services } from "../services.ts";
import { createApp } from "./app.ts";
import { type Listening, serve } from "./serve.ts";

const adminOfTheEnvironment = z.object({
  email: z.email("SENDWRIGHT_ADMIN_EMAIL must be an email address"),
  password: z
    .string()
    .min(minPasswordLength, `SENDWRIGHT_ADMIN_PASSWORD must have at least ${minPasswordLength} characters`),
});

export interface StandaloneOptions {
  readonly host: string;
  readonly port: number;
  /** How long a connection without a request stays open. Default: 65 s. */
  readonly keepAliveMs?: number;
  /** The only base of links. Default: where it listens. */
  readonly publicUrl?: string | undefined;
  /** An admin key of the operator's choice (SENDWRIGHT_API_KEY). */
  readonly apiKey?: string | undefined;
  /** Created at the start if there is no admin. */
  readonly firstAdmin?: Credentials | undefined;
  /** The folder of the built pages. */
  readonly pages?: string | undefined;
}

export interface Standalone extends Listening {
  /** Where people reach it. */
  readonly publicUrl: string;
  /** The one-time link for the first admin, to be shown and never logged; null if there is an admin. */
  readonly firstAdminLink: string | null;
}

/**
 * The pages, the API and a sign-in of their own, listening.
 * @throws SendwrightError `server.unavailable`, or `input.invalid` for a first admin who could not sign in.
 */
export async function startStandalone(services: Services, options: StandaloneOptions): Promise<Standalone> {
  const { store, clock, log } = services;
  const { publicUrl, firstAdmin } = options;
  let linkBase = publicUrl ?? null;
  const signIn = new SignIn({
    ...services,
    linkBase: () => linkBase,
    secret: services.secrets.sessionSecret(),
    publicUrl: publicUrl ?? null,
  });
  const app = createApp(services, {
    signedIn: (request) => signIn.signedIn(request),
    signIn,
    apiKey: options.apiKey,
    publicUrl,
    basePath: publicUrl === undefined ? "" : new URL(publicUrl).pathname,
    pages: options.pages,
  });
  if (firstAdmin !== undefined && !(await hasAdmin(store.db))) {
    const credentials = parse(adminOfTheEnvironment, firstAdmin);
    try {
      await signIn.createAdmin(credentials);
    } catch (error) {
      // Another node that starts at this moment may have been faster.
      if (!(await hasAdmin(store.db))) throw error;
    }
  }
  const listening = await serve(app, options);
  const baseUrl = publicUrl ?? listening.url;
  // Elsewhere only a request's Host header would tell where people reach it, and anybody can write one.
  if (isLoopback(options.host)) linkBase ??= listening.url;
  // It takes most of a second: not while the server starts, and not while an admin waits to sign in.
  const cancelPreload = clock.after(1_000, () => {
    signIn.preload().catch((error: unknown) => log.error({ err: error }, "sign-in preload failed"));
  });
  return {
    ...listening,
    async close(deadlineMs) {
      cancelPreload();
      await listening.close(deadlineMs);
      await signIn.drain();
    },
    publicUrl: baseUrl,
    firstAdminLink: await createFirstAdminLink(store.db, baseUrl),
  };
}
