import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { readSetting, removeSetting, writeSetting } from "../store/tables/settings.ts";
import { isTokenOf, newToken } from "./one-time-token.ts";

/** How long a link for a new password works: it lies in an inbox that others may come to read. */
export const passwordLinkMinutes = 30;

const storedLink = z.object({ tokenHash: z.string(), expiresAt: z.number() });

/**
 * A link with which this admin sets a new password, once. It replaces their earlier one, and nobody else's.
 * The token is in the fragment, which browsers do not send: no proxy logs it.
 * @param baseUrl where browsers see Sendwright.
 */
export async function createPasswordLink(
  db: Db,
  clock: Clock,
  baseUrl: string,
  userId: string,
): Promise<string> {
  const { token, hash } = newToken();
  const expiresAt = clock.now() + passwordLinkMinutes * 60_000;
  await writeSetting(db, keyOf(userId), { tokenHash: hash, expiresAt });
  return `${baseUrl.replace(/\/$/, "")}/reset-password#token=${userId}.${token}`;
}

/**
 * Uses the link up.
 * @returns the id of the admin whose link it is.
 * @throws SendwrightError `auth.link_invalid`
 */
export async function redeemPasswordLink(store: Store, clock: Clock, token: string): Promise<string> {
  const dot = token.lastIndexOf(".");
  const userId = token.slice(0, Math.max(dot, 0));
  await store.transaction(async (db) => {
    const link = storedLink.optional().parse(await readSetting(db, keyOf(userId)));
    const valid =
      link !== undefined &&
      isTokenOf(link.tokenHash, token.slice(dot + 1)) &&
      link.expiresAt > clock.now() &&
      // Of two requests that redeem it at once, one finds it gone.
      (await dropPasswordLink(db, userId));
    if (!valid) {
      throw new SendwrightError(
        "auth.link_invalid",
        "This link has expired, was already used or was replaced by a newer one. Request a new one on the sign-in page.",
      );
    }
  });
  return userId;
}

/** Ends the admin's link, if there is one. */
export function dropPasswordLink(db: Db, userId: string): Promise<boolean> {
  return removeSetting(db, keyOf(userId));
}

function keyOf(userId: string): string {
  return `password_link:${userId}`;
}
