import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { AccountEmails } from "./account-emails.ts";
import type { Visitor } from "./accounts.ts";
import { type Account, normalEmail, setPassword } from "./accounts.ts";
import { createAttemptLimit } from "./attempt-limit.ts";
import type { Afterwards } from "./background-tasks.ts";
import type { Auth } from "./better-auth.ts";
import { makePasswordLink, takePasswordLink } from "./password-link.ts";

/** The way back in for admins who have forgotten their password. */
export interface PasswordReset {
  /**
   * Sends a link to the address if it is an admin's. Whoever asks learns nothing of that: neither what is
   * answered nor when depends on it. Asking changes no password and ends no session.
   * @throws SendwrightError `auth.too_many_attempts`
   */
  ask(email: string, visitor: Visitor): void;
  /**
   * Sets a new password with the token of the link, which is then used up, and ends all sessions of the admin.
   * @throws SendwrightError `auth.link_invalid`
   */
  redeem(token: string, password: string): Promise<void>;
}

export interface PasswordResetParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly auth: () => Promise<Auth>;
  readonly emails: AccountEmails;
  readonly afterwards: Afterwards;
  /** The base of the link; null: none is sent. */
  readonly linkBase: () => string | null;
}

const windowMs = 15 * 60_000;
/** Of one client. */
const maxAsked = 10;
/** For one address: nobody fills another's inbox. */
const maxAskedFor = 3;
const tooMany = "New passwords were asked for too often.";
/** For the audit log: nobody has signed in. */
const stranger = { id: "anyone", name: "Somebody at the sign-in page" };

export function createPasswordReset(parts: PasswordResetParts): PasswordReset {
  const { store, clock, log, auth, emails, afterwards, linkBase } = parts;
  const byClient = createAttemptLimit(clock, { max: maxAsked, windowMs, tooMany });
  const byAddress = createAttemptLimit(clock, { max: maxAskedFor, windowMs, tooMany });

  async function send(email: string, visitor: Visitor): Promise<void> {
    const baseUrl = linkBase();
    if (baseUrl === null) {
      log.warn(
        "a new password was asked for, but no link is sent: it must not lead where the request's Host header says. Set SENDWRIGHT_PUBLIC_URL, or run `sendwright admin reset`",
      );
      return;
    }
    const { internalAdapter } = await (await auth()).$context;
    const account = (await internalAdapter.findUserByEmail(email))?.user;
    if (account === undefined) return;
    const link = await store.transaction(async (db) => {
      await writeAudit(db, { ...entryFor(account, "admin.reset_requested"), actor: stranger });
      return makePasswordLink(db, clock, baseUrl, account.id);
    });
    await emails.passwordReset(account, link, visitor);
  }

  function entryFor({ id, email }: Account, action: string) {
    return { at: clock.now(), action, target: id, detail: { email } };
  }

  return {
    ask(typed, visitor) {
      const email = normalEmail(typed);
      byClient.begin(visitor.address);
      byAddress.begin(email);
      afterwards.begin("a link for a new password could not be sent", () => send(email, visitor));
    },

    async redeem(token, password) {
      const userId = await takePasswordLink(store, clock, token);
      const ready = await auth();
      const { internalAdapter } = await ready.$context;
      const account = await internalAdapter.findUserById(userId);
      if (account === null) {
        throw new SendwrightError("auth.link_invalid", "The admin whom this link was made for is gone.");
      }
      await setPassword(ready, store.db, account.id, password);
      const actor = { id: `user:${account.id}`, name: account.name };
      await writeAudit(store.db, { ...entryFor(account, "admin.password_reset"), actor });
      log.info("an admin set a new password by a link from an email");
    },
  };
}
