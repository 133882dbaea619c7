import { type Clock, systemClock } from "../clock.ts";
import { PosthornError } from "../errors.ts";
import { writeAudit } from "../store/audit-log.ts";
import { takeAdminLink } from "./admin-link.ts";
import { createAttemptLimit } from "./attempt-limit.ts";
import type { Auth, AuthParts } from "./auth.ts";
import type { Caller, SignedIn } from "./caller.ts";

/** A sign-in or sign-out: what the browser is to remember or forget. */
export interface Signed {
  readonly caller: Caller;
  readonly cookies: readonly string[];
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface NewAdmin extends Credentials {
  /** Default: the email address. */
  readonly name?: string | undefined;
}

/** Admins of a stand-alone server: who they are, and how they get in. Nobody can sign up. */
export interface SignIn {
  /** Loads better-auth ahead of the first request that needs it. */
  preload(): Promise<void>;
  signedIn: SignedIn;
  /**
   * @param from where the attempt comes from, for the limit.
   * @throws PosthornError `auth.failed`, `auth.too_many_attempts`
   */
  signIn(credentials: Credentials, from: string): Promise<Signed>;
  /** @returns the cookies to set. */
  signOut(request: Request): Promise<readonly string[]>;
  /**
   * Ends all other sessions of the admin.
   * @throws PosthornError `auth.failed`, `auth.too_many_attempts`
   */
  changePassword(
    request: Request,
    change: { readonly currentPassword: string; readonly newPassword: string },
    from: string,
  ): Promise<readonly string[]>;
  /**
   * Makes an admin by a one-time link, or gives an existing one a new password if the link allows it.
   * @throws PosthornError `auth.link_invalid`
   */
  redeemLink(token: string, admin: NewAdmin): Promise<Signed>;
  /** An admin who is known already gets the password, and is signed out everywhere. */
  createAdmin(admin: NewAdmin): Promise<void>;
}

export interface SignInParts extends AuthParts {
  readonly clock?: Clock;
}

const maxFailures = 20;
const failureWindowMs = 5 * 60 * 1000;

export function createSignIn(parts: SignInParts): SignIn {
  const { store, log, clock = systemClock } = parts;
  const limit = createAttemptLimit(clock, maxFailures, failureWindowMs);

  let loading: Promise<Auth> | undefined;
  function auth(): Promise<Auth> {
    loading ??= import("./auth.ts").then(({ createAuth }) => createAuth(parts));
    return loading;
  }

  /** Runs what a wrong password makes fail. */
  async function guarded<T>(from: string, work: () => Promise<T>): Promise<T> {
    limit.begin(from);
    try {
      const result = await work();
      limit.forgive(from);
      return result;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new PosthornError("auth.failed", "The email address or the password is wrong.");
    }
  }

  async function signInWith({ email, password }: Credentials): Promise<Signed> {
    const { api } = await auth();
    const { headers, response } = await api.signInEmail({
      body: { email: normalEmail(email), password },
      returnHeaders: true,
    });
    return { caller: callerOf(response.user), cookies: headers.getSetCookie() };
  }

  async function createAdmin({ name, email: typed, password }: NewAdmin): Promise<void> {
    const email = normalEmail(typed);
    const { internalAdapter, password: hasher } = await (await auth()).$context;
    const hash = await hasher.hash(password);
    const known = await internalAdapter.findUserByEmail(email);
    const user =
      known?.user ??
      (await internalAdapter.createUser(
        { name: name ?? email, email, emailVerified: true },
        { method: "email-password" },
      ));
    if ((await internalAdapter.findCredentialAccount(user.id)) === null) {
      await internalAdapter.linkAccount({
        userId: user.id,
        providerId: "credential",
        accountId: user.id,
        password: hash,
      });
    } else {
      await internalAdapter.updatePassword(user.id, hash);
      await internalAdapter.deleteUserSessions(user.id);
    }
    const actor = { id: `user:${user.id}`, name: user.name };
    const action = known === null ? "admin.created" : "admin.password_reset";
    await writeAudit(store.db, { at: clock.now(), actor, action, target: user.id, detail: { email } });
  }

  return {
    async preload() {
      await (await auth()).$context;
    },

    async signedIn(request) {
      // Nothing to look up, and better-auth need not be there yet.
      if (!request.headers.has("cookie")) return null;
      const session = await (await auth()).api.getSession({ headers: request.headers });
      return session === null ? null : callerOf(session.user);
    },

    signIn: (credentials, from) => guarded(from, () => signInWith(credentials)),

    async signOut(request) {
      const { headers } = await (await auth()).api.signOut({ headers: request.headers, returnHeaders: true });
      return headers.getSetCookie();
    },

    changePassword: (request, change, from) =>
      guarded(from, async () => {
        const { api } = await auth();
        const { headers } = await api.changePassword({
          body: { ...change, revokeOtherSessions: true },
          headers: request.headers,
          returnHeaders: true,
        });
        return headers.getSetCookie();
      }),

    async redeemLink(token, admin) {
      await takeAdminLink(store, clock, token);
      await createAdmin(admin);
      log.info("an admin was made, or got a new password, by a one-time link");
      return signInWith(admin);
    },

    createAdmin,
  };
}

/** An account has one spelling, whoever types it. */
function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

function callerOf(user: { id: string; name: string; email: string }): Caller {
  return {
    actor: { id: `user:${user.id}`, name: user.name },
    scope: "admin",
    email: user.email,
    via: "session",
  };
}

/** better-auth's own error: a wrong password or address, rather than a failure of the machine. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === "APIError" &&
    "statusCode" in error &&
    typeof error.statusCode === "number" &&
    error.statusCode < 500
  );
}
