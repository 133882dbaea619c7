import { type ApiProblem, problemOf, unreachable } from "./problem.ts";

/** Called with every 401 of a session that has ended, so that the sign-in page can take over. */
let onSignedOut: (problem: ApiProblem) => void = () => {};

export function whenSignedOut(listener: (problem: ApiProblem) => void): void {
  onSignedOut = listener;
}

/**
 * `fetch` as these pages use it, by the session's cookie.
 * @throws ApiProblem for every answer that is not 2xx, and when there is none.
 */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init).catch((error: unknown) => {
    if (init?.signal?.aborted === true) throw error;
    throw unreachable();
  });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === "auth.required") onSignedOut(problem);
  throw problem;
}
