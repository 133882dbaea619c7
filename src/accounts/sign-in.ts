import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Outbox } from "../emails/emails.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { Templates } from "../templates/engine/templates.ts";
import { AccountEmails } from "./account-emails.ts";
import { type Account, normalEmail, setPassword, type Visitor } from "./accounts.ts";
import { redeemAdminLink } from "./admin-link.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { BackgroundTasks } from "./background-tasks.ts";
import type { Auth, AuthDependencies } from "./better-auth.ts";
import type { Caller } from "./caller.ts";
import { dropPasswordLink } from "./password-link.ts";
import { PasswordReset } from "./password-reset.ts";
import { SignInAlert } from "./sign-in-alert.ts";

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

/** A browser in which an admin is signed in. */
export interface Session {
  readonly id: string;
  readonly userAgent: string;
  readonly signedInAt: Date;
  /** To a few minutes. */
  readonly seenAt: Date;
  /** The one that asks. */
  readonly isCurrent: boolean;
}

export interface SignInDependencies extends AuthDependencies {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly templates: Templates;
  readonly configs: SmtpConfigs;
  /** The base of links in emails; null if none is known that can be trusted. */
  readonly linkBase: () => string | null;
}

const maxFailures = 20;
const failureWindowMs = 5 * 60 * 1000;
/** How exactly the last use of a session is known: not every request is worth a write. */
const seenEveryMs = 5 * 60 * 1000;
const maxUserAgentLength = 300;

/** Admins of a stand-alone server: who they are, and how they sign in. There is no sign-up. */
export class SignIn {
  readonly #dependencies: SignInDependencies;
  readonly #failures: AttemptLimit;
  readonly #backgroundTasks: BackgroundTasks;
  readonly #alert: SignInAlert;
  readonly passwordReset: PasswordReset;
  #auth: Promise<Auth> | undefined;

  constructor(dependencies: SignInDependencies) {
    const { clock, log } = dependencies;
    this.#dependencies = dependencies;
    this.#failures = new AttemptLimit(clock, {
      max: maxFailures,
      windowMs: failureWindowMs,
      tooMany: "Too many failed sign-ins.",
    });
    this.#backgroundTasks = new BackgroundTasks(clock, log);
    const emails = new AccountEmails(dependencies);
    const shared = { ...dependencies, emails, backgroundTasks: this.#backgroundTasks };
    this.#alert = new SignInAlert(shared);
    this.passwordReset = new PasswordReset({ ...shared, auth: () => this.#load() });
  }

  /** Loads better-auth ahead of the first request that needs it. */
  async preload(): Promise<void> {
    await (await this.#load()).$context;
  }

  /** Who sends this request, by the session cookie; null if it has none that is valid. */
  async signedIn(request: Request): Promise<Caller | null> {
    // Without a cookie there is nothing to look up, and better-auth need not be loaded yet.
    if (!request.headers.has("cookie")) return null;
    const { api, $context } = await this.#load();
    const found = await api.getSession({ headers: request.headers });
    if (found === null) return null;
    const now = this.#dependencies.clock.now();
    if (now - found.session.updatedAt.getTime() >= seenEveryMs) {
      const { internalAdapter } = await $context;
      await internalAdapter.updateSession(found.session.token, { updatedAt: new Date(now) });
    }
    return callerOf(found.user);
  }

  /** @throws SendwrightError `auth.failed`, `auth.too_many_attempts` */
  signIn(credentials: Credentials, visitor: Visitor): Promise<Signed> {
    return this.#limited(visitor, () => this.#signInWith(credentials, visitor));
  }

  /** @returns the cookies to set. */
  async signOut(request: Request): Promise<readonly string[]> {
    const { api } = await this.#load();
    const { headers } = await api.signOut({ headers: request.headers, returnHeaders: true });
    return headers.getSetCookie();
  }

  /**
   * Ends all other sessions of the admin.
   * @throws SendwrightError `auth.failed`, `auth.too_many_attempts`
   */
  changePassword(
    request: Request,
    change: { readonly currentPassword: string; readonly newPassword: string },
    visitor: Visitor,
  ): Promise<readonly string[]> {
    return this.#limited(visitor, async () => {
      const { api } = await this.#load();
      const { headers, response } = await api.changePassword({
        body: { ...change, revokeOtherSessions: true },
        headers: request.headers,
        returnHeaders: true,
      });
      // An intruder who can read the inbox could undo the change with it.
      await dropPasswordLink(this.#dependencies.store.db, response.user.id);
      return headers.getSetCookie();
    });
  }

  /** Where the admin who asks is signed in, the latest first. A caller with an API key has no sessions. */
  async sessions(request: Request): Promise<readonly Session[]> {
    const { api, $context } = await this.#load();
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
  }

  /** Ends all of these but the one that asks. */
  async endOtherSessions(request: Request): Promise<void> {
    const { api } = await this.#load();
    if ((await api.getSession({ headers: request.headers })) === null) return;
    await api.revokeOtherSessions({ headers: request.headers });
  }

  /**
   * Creates an admin by a one-time link, or gives an existing one a new password if the link allows it.
   * @throws SendwrightError `auth.link_invalid`
   */
  async redeemLink(token: string, admin: NewAdmin, visitor: Visitor): Promise<Signed> {
    const { store, clock, log } = this.#dependencies;
    await redeemAdminLink(store, clock, token);
    await this.createAdmin(admin);
    log.info("password set with one-time link");
    return this.#signInWith(admin, visitor);
  }

  /** An admin who is known already gets the password, and is signed out everywhere. */
  async createAdmin({ name, email: typed, password }: NewAdmin): Promise<void> {
    const { store, clock } = this.#dependencies;
    const email = normalEmail(typed);
    const auth = await this.#load();
    const { internalAdapter } = await auth.$context;
    const known = await internalAdapter.findUserByEmail(email);
    const user =
      known?.user ??
      (await internalAdapter.createUser(
        { name: name ?? email, email, emailVerified: true },
        { method: "email-password" },
      ));
    await setPassword(auth, store.db, user.id, password);
    const actor = { id: `user:${user.id}`, name: user.name };
    const action = known === null ? "admin.created" : "admin.password_reset";
    await writeAudit(store.db, { at: clock.now(), actor, action, target: user.id, detail: { email } });
  }

  /** Resolves when the emails about what was done so far have been accepted, which is then not put off. */
  drain(): Promise<void> {
    return this.#backgroundTasks.drain();
  }

  #load(): Promise<Auth> {
    this.#auth ??= import("./better-auth.ts").then(({ createAuth }) => createAuth(this.#dependencies));
    return this.#auth;
  }

  /** Runs what a wrong password makes fail. */
  async #limited<T>({ address }: Visitor, work: () => Promise<T>): Promise<T> {
    this.#failures.begin(address);
    try {
      const result = await work();
      this.#failures.forgive(address);
      return result;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new SendwrightError("auth.failed", "The email or password is wrong.");
    }
  }

  async #signInWith({ email, password }: Credentials, visitor: Visitor): Promise<Signed> {
    const { api } = await this.#load();
    const { headers, response } = await api.signInEmail({
      body: { email: normalEmail(email), password },
      // better-auth needs nothing else of what the browser sent.
      headers: new Headers({ "user-agent": visitor.userAgent.slice(0, maxUserAgentLength) }),
      returnHeaders: true,
    });
    this.#alert.signedIn(response.user, visitor);
    return { caller: callerOf(response.user), cookies: headers.getSetCookie() };
  }
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
