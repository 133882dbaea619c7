import { utcDay } from "../core/format.ts";
import type { OauthConnection } from "../smtp-configs/oauth/connection.ts";

/** What an admin has to renew because it expires soon, or has expired. */
export interface Expiry {
  /** As the subject of a sentence, in lower case. */
  readonly what: string;
  /** The day in UTC. */
  readonly day: string;
  readonly hasExpired: boolean;
  /** What an admin does before that day: a sentence. */
  readonly remedy: string;
}

/** Milliseconds before a consent or a client secret expires in which admins are warned. */
const noticeMs = 7 * 86_400_000;

/** The consent and the client secret of a config that expire soon; none if it does not authenticate with OAuth. */
export function expiriesOf(
  oauth: Pick<OauthConnection, "expiresAt" | "clientSecretExpiresAt"> | null,
  now: number,
): Expiry[] {
  const known = [
    {
      at: oauth?.expiresAt ?? null,
      what: "the provider's authorization",
      remedy: "Connect this config to the provider again.",
    },
    {
      at: oauth?.clientSecretExpiresAt ?? null,
      what: "the client secret",
      remedy: "Create a new client secret at the provider and enter it in this config.",
    },
  ];
  return known.flatMap(({ at, what, remedy }) =>
    at === null || at - now > noticeMs ? [] : [{ what, day: utcDay(at), hasExpired: at <= now, remedy }],
  );
}
