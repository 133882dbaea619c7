import type { Actor } from "../core/model.ts";
import type { ApiKeyScope } from "../store/tables/api-keys.ts";

/** Who calls, and what they may do. */
export interface Caller {
  /** `user:…` or `key:…` */
  readonly actor: Actor;
  readonly scope: ApiKeyScope;
  readonly email: string | null;
  /** `host`: the application that Sendwright is built into vouches for them. */
  readonly via: "session" | "api-key" | "host";
}

/** A host may answer in its own words who it does not let in, such as with a redirect to its sign-in. */
export type Identified = Caller | Response | null;

/** Finds who is signed in; null if nobody is. */
export type SignedIn = (request: Request) => Promise<Identified>;
