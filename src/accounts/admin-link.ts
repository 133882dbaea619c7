import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { readSetting, removeSetting, writeSetting } from "../store/tables/settings.ts";
import { isTokenOf, newToken } from "./one-time-token.ts";

const settingKey = "admin_link";
const resetLinkLivesMs = 60 * 60 * 1000;

/**
 * The one link that is valid. `first` creates the first admin, while there is none; `reset` creates an admin
 * or gives one a new password, for an operator who can run commands on the server.
 */
const storedLink = z.object({
  kind: z.enum(["first", "reset"]),
  /** SHA-256 of the token, hex. */
  tokenHash: z.string(),
  expiresAt: z.number().nullable(),
});

/**
 * A link for the first admin, or null if there is one already. It replaces an earlier link. The token is
 * in the fragment, which browsers do not send: no proxy logs it.
 * @param baseUrl where browsers see Sendwright.
 */
export async function createFirstAdminLink(db: Db, baseUrl: string): Promise<string | null> {
  if (await hasAdmin(db)) return null;
  return createLink(db, baseUrl, "first", null);
}

/** A link against lock-out, valid for an hour: `sendwright admin reset`. */
export function createResetLink(db: Db, clock: Clock, baseUrl: string): Promise<string> {
  return createLink(db, baseUrl, "reset", clock.now() + resetLinkLivesMs);
}

/**
 * Uses the link up.
 * @throws SendwrightError `auth.link_invalid`
 */
export async function redeemAdminLink(store: Store, clock: Clock, token: string): Promise<void> {
  await store.transaction(async (db) => {
    const link = storedLink.optional().parse(await readSetting(db, settingKey));
    const valid =
      link !== undefined &&
      isTokenOf(link.tokenHash, token) &&
      (link.expiresAt === null || link.expiresAt > clock.now()) &&
      (link.kind === "reset" || !(await hasAdmin(db))) &&
      // Of two requests that redeem it at once, one finds it gone.
      (await removeSetting(db, settingKey));
    if (!valid) {
      throw new SendwrightError(
        "auth.link_invalid",
        "This link has expired, was already used or was replaced by a newer one. Restart Sendwright for a new link to the first admin, or run `sendwright admin reset`.",
      );
    }
  });
}

export async function hasAdmin(db: Db): Promise<boolean> {
  const found = await sql`select 1 from users limit 1`.execute(db);
  return found.rows.length > 0;
}

/** How many admins there are, and how many of them have a password to sign in with. */
export async function countAdmins(db: Db): Promise<{ readonly all: number; readonly withPassword: number }> {
  const { rows } = await sql<{ all_admins: number; with_password: number }>`
    select
      (select count(*) from users) as all_admins,
      (select count(distinct user_id) from accounts where password is not null) as with_password
  `.execute(db);
  const [row] = rows;
  return { all: Number(row?.all_admins ?? 0), withPassword: Number(row?.with_password ?? 0) };
}

async function createLink(
  db: Db,
  baseUrl: string,
  kind: "first" | "reset",
  expiresAt: number | null,
): Promise<string> {
  const { token, hash } = newToken();
  await writeSetting(db, settingKey, { kind, tokenHash: hash, expiresAt });
  return `${baseUrl.replace(/\/$/, "")}/first-admin#token=${token}`;
}
