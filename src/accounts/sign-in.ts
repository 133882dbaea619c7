import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Outbox } from "../emails/emails.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { Templates } from "../templates/engine/templates.ts";
import { createAccountEmails } from "./account-emails.ts";
import { type Account, normalEmail, setPassword, type Visitor } from "./accounts.ts";
import { takeAdminLink } from "./admin-link.ts";
import { createAttemptLimit } from "./attempt-limit.ts";
import { createAfterwards } from "./background-tasks.ts";
import type { Auth, AuthParts } from "./better-auth.ts";
import type { Caller, SignedIn } from "./caller.ts";
import { dropPasswordLink } from "./password-link.ts";
import { createPasswordReset, type PasswordReset } from "./password-reset.ts";
import { createSignInAlert } from "./sign-in-alert.ts";

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

/** A place where an admin is signed in. */
export interface Session {
  readonly id: string;
  readonly userAgent: string;
  readonly signedInAt: Date;
  /** To a few minutes. */
  readonly seenAt: Date;
  /** The one that asks. */
  readonly isCurrent: boolean;
}

/** Admins of a stand-alone server: who they are, and how they get in. Nobody can sign up. */
export interface SignIn {
  /** Loads better-auth ahead of the first request that needs it. */
  preload(): Promise<void>;
  signedIn: SignedIn;
  /** @throws SendwrightError `auth.failed`, `auth.too_many_attempts` */
  signIn(credentials: Credentials, visitor: Visitor): Promise<Signed>;
  /** @returns the cookies to set. */
  signOut(request: Request): Promise<readonly string[]>;
  /**
   * Ends all other sessions of the admin.
   * @throws SendwrightError `auth.failed`, `auth.too_many_attempts`
   */
  changePassword(
    request: Request,
    change: { readonly currentPassword: string; readonly newPassword: string },
    visitor: Visitor,
  ): Promise<readonly string[]>;
  /** Where the admin who asks is signed in, the latest first. Who asks with an API key has no sessions. */
  sessions(request: Request): Promise<readonly Session[]>;
  /** Ends all of these but the one that asks. */
  endOtherSessions(request: Request): Promise<void>;
  /**
   * Makes an admin by a one-time link, or gives an existing one a new password if the link allows it.
   * @throws SendwrightError `auth.link_invalid`
   */
  redeemLink(token: string, admin: NewAdmin, visitor: Visitor): Promise<Signed>;
  /** An admin who is known already gets the password, and is signed out everywhere. */
  createAdmin(admin: NewAdmin): Promise<void>;
  readonly passwordReset: PasswordReset;
  /** Resolves when the emails about what was done so far have been accepted, which is then not put off. */
  settled(): Promise<void>;
}

export interface SignInParts extends AuthParts {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly templates: Templates;
  readonly configs: SmtpConfigs;
  /** The base of links in emails; null where none is known that can be trusted. */
  readonly linkBase: () => string | null;
}

const maxFailures = 20;
const failureWindowMs = 5 * 60 * 1000;
/** How exactly it is known when a session was last used: not every request is worth a write. */
const seenEveryMs = 5 * 60 * 1000;
const maxUserAgentLength = 300;

export function createSignIn(parts: SignInParts): SignIn {
  const { store, log, clock } = parts;
  const limit = createAttemptLimit(clock, {
    max: maxFailures,
    windowMs: failureWindowMs,
    tooMany: "Too many sign-ins have failed.",
  });
  const afterwards = createAfterwards(clock, log);
  const emails = createAccountEmails(parts);
  const alert = createSignInAlert({ ...parts, emails, afterwards });
  const passwordReset = createPasswordReset({ ...parts, auth, emails, afterwards });

  let loading: Promise<Auth> | undefined;
  function auth(): Promise<Auth> {
    loading ??= import("./better-auth.ts").then(({ createAuth }) => createAuth(parts));
    return loading;
  }

  /** Runs what a wrong password makes fail. */
  async function guarded<T>({ address }: Visitor, work: () => Promise<T>): Promise<T> {
    limit.begin(address);
    try {
      const result = await work();
      limit.forgive(address);
      return result;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new SendwrightError("auth.failed", "The email address or the password is wrong.");
    }
  }

  async function signInWith({ email, password }: Credentials, visitor: Visitor): Promise<Signed> {
    const { api } = await auth();
    const { headers, response } = await api.signInEmail({
      body: { email: normalEmail(email), password },
      // The rest of what the browser sent is none of better-auth's business.
      headers: new Headers({ "user-agent": visitor.userAgent.slice(0, maxUserAgentLength) }),
      returnHeaders: true,
    });
    alert.signedIn(response.user, visitor);
    return { caller: callerOf(response.user), cookies: headers.getSetCookie() };
  }

  async function createAdmin({ name, email: typed, password }: NewAdmin): Promise<void> {
    const email = normalEmail(typed);
    const ready = await auth();
    const { internalAdapter } = await ready.$context;
    const known = await internalAdapter.findUserByEmail(email);
    const user =
      known?.user ??
      (await internalAdapter.createUser(
        { name: name ?? email, email, emailVerified: true },
        { method: "email-password" },
      ));
    await setPassword(ready, store.db, user.id, password);
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
      const { api, $context } = await auth();
      const found = await api.getSession({ headers: request.headers });
      if (found === null) return null;
      const now = clock.now();
      if (now - found.session.updatedAt.getTime() >= seenEveryMs) {
        const { internalAdapter } = await $context;
        await internalAdapter.updateSession(found.session.token, { updatedAt: new Date(now) });
      }
      return callerOf(found.user);
    },

    signIn: (credentials, visitor) => guarded(visitor, () => signInWith(credentials, visitor)),

    async signOut(request) {
      const { headers } = await (await auth()).api.signOut({ headers: request.headers, returnHeaders: true });
      return headers.getSetCookie();
    },

    changePassword: (request, change, visitor) =>
      guarded(visitor, async () => {
        const { api } = await auth();
        const { headers, response } = await api.changePassword({
          body: { ...change, revokeOtherSessions: true },
          headers: request.headers,
          returnHeaders: true,
        });
        // Whoever could read the inbox could undo the change with it.
        await dropPasswordLink(store.db, response.user.id);
        return headers.getSetCookie();
      }),

    async sessions(request) {
      const { api, $context } = await auth();
      const current = await api.getSession({ headers: request.headers });
      if (current === null) return [];
      const all = await (await $context).internalAdapter.listSessions(current.user.id);
      return all
        .map(({ id, userAgent, createdAt, updatedAt }) => ({
          id,
          userAgent: userAgent ?? "",
          signedInAt: createdAt,
          seenAt: updatedAt,
          isCurrent: id === current.session.id,
        }))
        .sort((one, other) => other.signedInAt.getTime() - one.signedInAt.getTime());
    },

    async endOtherSessions(request) {
      const { api } = await auth();
      if ((await api.getSession({ headers: request.headers })) === null) return;
      await api.revokeOtherSessions({ headers: request.headers });
    },

    async redeemLink(token, admin, visitor) {
      await takeAdminLink(store, clock, token);
      await createAdmin(admin);
      log.info("an admin was made, or got a new password, by a one-time link");
      return signInWith(admin, visitor);
    },

    createAdmin,
    passwordReset,
    settled: afterwards.settled,
  };
}

function callerOf(user: Account): Caller {
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
