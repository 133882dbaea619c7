import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { AccountEmails } from "./account-emails.ts";
import type { Visitor } from "./accounts.ts";
import { type Account, normalEmail, setPassword } from "./accounts.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import type { BackgroundTasks } from "./background-tasks.ts";
import type { Auth } from "./better-auth.ts";
import { createPasswordLink, redeemPasswordLink } from "./password-link.ts";

export interface PasswordResetDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly auth: () => Promise<Auth>;
  readonly emails: AccountEmails;
  readonly backgroundTasks: BackgroundTasks;
  /** The base of the link; null: none is sent. */
  readonly linkBase: () => string | null;
}

const windowMs = 15 * 60_000;
/** Requests of one client in the window. */
const maxAsked = 10;
/** Requests for one address in the window, so no client fills another person's inbox. */
const maxAskedFor = 3;
const tooMany = "Too many password resets requested.";
/** For the audit log: the client has not signed in. */
const stranger = { id: "anyone", name: "Someone on the sign-in page" };

/** The way back in for admins who have forgotten their password. */
export class PasswordReset {
  readonly #dependencies: PasswordResetDependencies;
  readonly #byClient: AttemptLimit;
  readonly #byAddress: AttemptLimit;

  constructor(dependencies: PasswordResetDependencies) {
    const { clock } = dependencies;
    this.#dependencies = dependencies;
    this.#byClient = new AttemptLimit(clock, { max: maxAsked, windowMs, tooMany });
    this.#byAddress = new AttemptLimit(clock, { max: maxAskedFor, windowMs, tooMany });
  }

  /**
   * Sends a link to the address if it is an admin's. The client learns nothing of that: neither what is answered nor
   * when depends on it. Asking changes no password and ends no session.
   * @throws SendwrightError `auth.too_many_attempts`
   */
  ask(typed: string, visitor: Visitor): void {
    const email = normalEmail(typed);
    this.#byClient.begin(visitor.address);
    this.#byAddress.begin(email);
    this.#dependencies.backgroundTasks.begin("password reset email failed; no link sent", () =>
      this.#send(email, visitor),
    );
  }

  /**
   * Sets a new password with the token of the link, which is then used up, and ends all sessions of the admin.
   * @throws SendwrightError `auth.link_invalid`
   */
  async redeem(token: string, password: string): Promise<void> {
    const { store, clock, log, auth } = this.#dependencies;
    const userId = await redeemPasswordLink(store, clock, token);
    const ready = await auth();
    const { internalAdapter } = await ready.$context;
    const account = await internalAdapter.findUserById(userId);
    if (account === null) {
      throw new SendwrightError("auth.link_invalid", "This admin no longer exists.");
    }
    await setPassword(ready, store.db, account.id, password);
    const actor = { id: `user:${account.id}`, name: account.name };
    await writeAudit(store.db, { ...this.#entryFor(account, "admin.password_reset"), actor });
    log.info("password set with emailed link");
  }

  async #send(email: string, visitor: Visitor): Promise<void> {
    const { store, clock, log, auth, emails, linkBase } = this.#dependencies;
    const baseUrl = linkBase();
    if (baseUrl === null) {
      log.warn("password reset link not sent; set SENDWRIGHT_PUBLIC_URL");
      return;
    }
    const { internalAdapter } = await (await auth()).$context;
    const account = (await internalAdapter.findUserByEmail(email))?.user;
    if (account === undefined) return;
    const link = await store.transaction(async (db) => {
      await writeAudit(db, { ...this.#entryFor(account, "admin.reset_requested"), actor: stranger });
      return createPasswordLink(db, clock, baseUrl, account.id);
    });
    await emails.passwordReset(account, link, visitor);
  }

  #entryFor({ id, email }: Account, action: string) {
    return { at: this.#dependencies.clock.now(), action, target: id, detail: { email } };
  }
}
