import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import type { FirstAdminRequest, Me } from "../api/types.ts";

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await (await api.me.$get()).json();
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export async function signIn(credentials: { email: string; password: string }): Promise<Me> {
  return (await api.auth["sign-in"].email.$post({ json: credentials })).json();
}

/** Has a link sent to the address, if it is an admin's. */
export async function askForPassword(email: string): Promise<void> {
  await api.auth["forgot-password"].$post({ json: { email } });
}

/** Sets a new password with the token of such a link. */
export async function resetPassword(json: { token: string; password: string }): Promise<void> {
  await api.auth["reset-password"].$post({ json });
}

/** Makes the account of a one-time link and signs it in. */
export async function makeFirstAdmin(account: FirstAdminRequest): Promise<Me> {
  return (await api["first-admin"].$post({ json: account })).json();
}

/** Ends the session and forgets everything that was loaded with it. */
export async function signOut(queries: QueryClient): Promise<void> {
  await api.auth["sign-out"].$post();
  queries.clear();
}
