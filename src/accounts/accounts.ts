// The admins of the stand-alone server: their passwords, links, sessions, and the API keys of programs.
// NIST SP 800-63B: passwords. better-auth stores the sessions.
// It serves no routes, and knows no roles: every admin may do everything.
import type { Db } from "../store/schema.ts";
import type { Auth } from "./better-auth.ts";
import { dropPasswordLink } from "./password-link.ts";

/** Who is at the other end of a request. */
export interface Visitor {
  /** Where it comes from, for the limit on attempts. */
  readonly address: string;
  /** What it says it is (RFC 9110 §10.1.5), for the list of sessions. */
  readonly userAgent: string;
  /** The languages it likes (RFC 9110 §12.5.4), for emails. */
  readonly acceptLanguage: string;
}

/** An admin of the stand-alone server. */
export interface Account {
  readonly id: string;
  /** The email address where they gave none. */
  readonly name: string;
  readonly email: string;
}

/** An account has one spelling, whoever types it. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Gives an admin a new password, ends all their sessions, and the link that may lie in their inbox. */
export async function setPassword(auth: Auth, db: Db, userId: string, password: string): Promise<void> {
  const { internalAdapter, password: hasher } = await auth.$context;
  const hash = await hasher.hash(password);
  if ((await internalAdapter.findCredentialAccount(userId)) === null) {
    await internalAdapter.linkAccount({
      userId,
      providerId: "credential",
      accountId: userId,
      password: hash,
    });
  } else {
    await internalAdapter.updatePassword(userId, hash);
  }
  await internalAdapter.deleteUserSessions(userId);
  await dropPasswordLink(db, userId);
}
