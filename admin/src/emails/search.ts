import type { EmailState } from "../api/model.ts";
import { emailStates } from "./states.ts";

/** What the list is narrowed by, by the names of the API: the address of the page is a link to it. */
export interface EmailFilter {
  readonly state?: EmailState | undefined;
  readonly q?: string | undefined;
  /** A day in UTC, or an RFC 3339 time. */
  readonly createdFrom?: string | undefined;
  readonly createdTo?: string | undefined;
  /** The ID of an SMTP config. */
  readonly config?: string | undefined;
  readonly template?: string | undefined;
  readonly tag?: string | undefined;
  /** The ID of an actor, such as `key:…`. */
  readonly caller?: string | undefined;
}

export interface EmailSearch extends EmailFilter {
  /** Shows what is older than this email. */
  readonly after?: string | undefined;
}

const texts = ["q", "createdFrom", "createdTo", "config", "template", "tag", "caller", "after"] as const;

/** What the address bar holds. What is not known is left out. */
export function emailSearch(search: Readonly<Record<string, unknown>>): EmailSearch {
  const given = texts.map((name) => [name, textOf(search[name])]);
  return { state: emailStates.find((state) => state === search.state), ...Object.fromEntries(given) };
}

/** A number or a word such as `true` comes from the address bar as a value of its own. */
function textOf(value: unknown): string | undefined {
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain && value !== "" ? String(value) : undefined;
}

/** The filter without what is not set, as the API takes it. */
export function filterOf({ after: _after, ...filter }: EmailSearch): EmailFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
