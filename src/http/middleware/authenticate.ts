import { type ApiKeys, keyPrefix } from "../../accounts/api-keys.ts";
import type { Caller, Identified, SignedIn } from "../../accounts/caller.ts";

type Keys = Pick<ApiKeys, "callerOf">;

/** Who sends a request: the bearer of an API key, or else the admin who is signed in. */
export async function identify(request: Request, apiKeys: Keys, signedIn: SignedIn): Promise<Identified> {
  const byKey = await callerByKey(request, apiKeys);
  return byKey === undefined ? signedIn(request) : byKey;
}

/**
 * Who sends a request, where a key alone decides it: null for a key that is not valid, undefined where no
 * key is given. Another kind of token may be the host's, and is then for the host to judge.
 */
export async function callerByKey(request: Request, apiKeys: Keys): Promise<Caller | null | undefined> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer === undefined) return undefined;
  const caller = await apiKeys.callerOf(bearer);
  return caller !== null || bearer.startsWith(keyPrefix) ? caller : undefined;
}
