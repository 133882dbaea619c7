import { type ApiKeys, keyPrefix } from "./api-keys.ts";
import type { Caller, SignedIn } from "./caller.ts";

/** Who sends a request: the bearer of an API key, or else whoever is signed in. */
export async function identify(
  request: Request,
  apiKeys: Pick<ApiKeys, "callerOf">,
  signedIn: SignedIn,
): Promise<Caller | null> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer !== undefined) {
    const caller = await apiKeys.callerOf(bearer);
    // Another kind of token may be the host's: then it is for the host to judge.
    if (caller !== null || bearer.startsWith(keyPrefix)) return caller;
  }
  return signedIn(request);
}
