import type { Actor } from "../model.ts";
import type { ApiKeyScope } from "../store/api-keys.ts";
import { type ApiKeys, keyPrefix } from "./api-keys.ts";

/** Who calls, and what they may do. */
export interface Caller {
  /** `user:…` or `key:…` */
  readonly actor: Actor;
  readonly scope: ApiKeyScope;
  readonly email: string | null;
  /** `host`: the application that Posthorn is built into vouches for them. */
  readonly via: "session" | "api-key" | "host";
}

/** Tells who is signed in; null for nobody. */
export type SignedIn = (request: Request) => Promise<Caller | null>;

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
