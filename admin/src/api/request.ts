import { apiUrl } from "./base-path.ts";
import { type ApiProblem, problemOf, unreachable } from "./problem.ts";

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Called with every 401, so that the sign-in page can take over. */
let onSignedOut: (problem: ApiProblem) => void = () => {};

export function whenSignedOut(listener: (problem: ApiProblem) => void): void {
  onSignedOut = listener;
}

/**
 * One request to the API, by the session's cookie.
 * @throws ApiProblem for every answer that is not 2xx, and when there is none.
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  const init: RequestInit = { method: options.method ?? "GET", headers, credentials: "same-origin" };
  if (options.body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal !== undefined) init.signal = options.signal;

  const response = await fetch(apiUrl(path), init).catch((error: unknown) => {
    if (options.signal?.aborted === true) throw error;
    throw unreachable();
  });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === "auth.required") onSignedOut(problem);
  throw problem;
}

/** A request whose answer is JSON of the shape that the route's schema names. */
export async function requestJson<Answer>(path: string, options?: RequestOptions): Promise<Answer> {
  const response = await request(path, options);
  return (await response.json()) as Answer;
}

/** The query part of an address, without what is empty. */
export function queryString(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
