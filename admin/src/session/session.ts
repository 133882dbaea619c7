import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiProblem } from "../api/problem.ts";
import { request, requestJson } from "../api/request.ts";
import type { FirstAdminRequest, Me } from "../api/types.ts";

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await requestJson<Me>("api/me");
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export async function signIn(credentials: { email: string; password: string }): Promise<void> {
  await request("api/auth/sign-in/email", { method: "POST", body: credentials });
}

/** Ends the session and forgets everything that was loaded with it. */
export async function signOut(queries: QueryClient): Promise<void> {
  await request("api/auth/sign-out", { method: "POST", body: {} });
  queries.clear();
}

export async function makeFirstAdmin(account: FirstAdminRequest): Promise<void> {
  await request("api/first-admin", { method: "POST", body: account });
}
