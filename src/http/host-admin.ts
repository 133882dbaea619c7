import type { Identified } from "../accounts/caller.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";

/** An admin, as the host knows them. A number as `id` is turned into text. */
export interface HostAdmin {
  readonly id: string | number;
  readonly name: string;
}

/** What the host's `authorize` may answer; a promise of it will do as well. */
export type HostAnswer = HostAdmin | Response | null | undefined | false;

export type Authorize = (request: Request) => HostAnswer | Promise<HostAnswer>;

const expected = "{ id, name } of an admin, or else null, undefined, false or a Response";

/**
 * Asks the host who sends a request. Only an object with an id and a name is an admin: the compiler sees
 * little of what a host in JavaScript answers, and a wrong answer must not let anybody in.
 * @throws SendwrightError `auth.authorize_failed` for another answer, and where `authorize` throws. What it
 *   answered or threw is for the log alone.
 */
export async function askHost(authorize: Authorize, request: Request, log: Log): Promise<Identified> {
  let answered: unknown;
  try {
    const answer: unknown = await authorize(request);
    if (answer === null || answer === undefined || answer === false) return null;
    // `Response.error()` has the status 0, which no reply can have.
    if (isResponse(answer) && answer.status >= 200) return ownCopy(answer);
    const admin = adminOf(answer);
    if (admin !== null) {
      const actor = { id: `user:${admin.id}`, name: admin.name };
      return { actor, scope: "admin", email: null, via: "host" };
    }
    answered = inWords(answer);
  } catch (error) {
    // Work that was stopped because nobody waits for it any more did not fail.
    if (request.signal.aborted && error === request.signal.reason) throw error;
    log.error({ err: error }, "authorize failed; request rejected");
    throw failed();
  }
  log.error({ answered, expected }, "authorize result invalid; request rejected");
  throw failed();
}

function failed(): SendwrightError {
  return new SendwrightError(
    "auth.authorize_failed",
    "The application's `authorize` function failed or returned an invalid result. Check the application's log.",
  );
}

/** By its tag: a host may have a class of its own in place of the global one, as adapters for Node do. */
function isResponse(answer: unknown): answer is Response {
  return Object.prototype.toString.call(answer) === "[object Response]";
}

/** Fit to be sent: one whose headers may be changed, which those of `Response.redirect()` may not. */
function ownCopy({ body, status, statusText, headers }: Response): Response {
  return new Response(body, { status, statusText, headers });
}

function adminOf(answer: unknown): { readonly id: string; readonly name: string } | null {
  if (typeof answer !== "object" || answer === null || !("id" in answer) || !("name" in answer)) return null;
  // Each is read once: what is checked is what counts.
  const { id, name } = answer;
  if (typeof name !== "string") return null;
  if (typeof id === "string") return id === "" ? null : { id, name };
  return typeof id === "number" && Number.isFinite(id) ? { id: String(id), name } : null;
}

/** What kind of thing was answered, without anything that it holds. */
function inWords(answer: unknown): string {
  if (typeof answer === "boolean") return String(answer);
  if (typeof answer !== "object" || answer === null) return `a ${typeof answer}`;
  const fields = ["id", "name"].map((field) => `${field}: ${typeof Reflect.get(answer, field)}`);
  return `${Array.isArray(answer) ? "an array" : "an object"} with ${fields.join(", ")}`;
}
