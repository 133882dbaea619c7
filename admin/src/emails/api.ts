import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { EmailState, RetryableState } from "../api/model.ts";
import type { BulkRetried } from "../api/types.ts";

/** How often a page that shows moving things looks again. */
const liveMs = 3_000;
const pageSize = "50";

export interface EmailSearch {
  readonly state?: EmailState | undefined;
  readonly q?: string | undefined;
  /** Shows what is older than this email. */
  readonly after?: string | undefined;
}

/** A page of the log, the newest first; only the newest page looks again by itself. */
export function emailsQuery({ state, q, after }: EmailSearch) {
  return queryOptions({
    queryKey: ["emails", "list", { state, q, after }],
    queryFn: async () => {
      const query = { ...(state && { state }), ...(q && { q }), ...(after && { after }), limit: pageSize };
      return (await api.emails.$get({ query })).json();
    },
    placeholderData: keepPreviousData,
    refetchInterval: after === undefined ? liveMs : false,
  });
}

export function emailQuery(id: string) {
  return queryOptions({
    queryKey: ["emails", "one", id],
    queryFn: async () => (await api.emails[":id"].$get({ param: { id } })).json(),
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.state === "queued" || data.state === "sending" ? liveMs : false,
  });
}

/** Fixed at acceptance: fetched once. */
export function emailContentQuery(id: string) {
  return queryOptions({
    queryKey: ["emails", "content", id],
    queryFn: async () => (await api.emails[":id"].preview.$get({ param: { id } })).json(),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export async function retryEmail(id: string): Promise<void> {
  await api.emails[":id"].retry.$post({ param: { id } });
}

export async function cancelEmail(id: string): Promise<void> {
  await api.emails[":id"].cancel.$post({ param: { id } });
}

/** A list that can be tried again as a whole. */
export type RetrySearch = Pick<EmailSearch, "q"> & { readonly state: RetryableState };
export type RetryFilter = RetrySearch & { readonly createdBefore: string };

/**
 * How many emails there are to try again, and what ends them: whatever is accepted from here on is not
 * meant. By the newest email and not by the clock of this machine, which may go wrong.
 */
export function retryScopeQuery({ state, q }: RetrySearch) {
  return queryOptions({
    queryKey: ["emails", "retry-scope", { state, q }],
    queryFn: async () => {
      const query = { state, ...(q && { q }) };
      const { items } = await (await api.emails.$get({ query: { ...query, limit: "1" } })).json();
      const { count, capped } = await (await api.emails.count.$get({ query })).json();
      const newest = items[0]?.createdAt;
      const end = newest === undefined ? 0 : Date.parse(newest) + 1;
      return { count, capped, createdBefore: new Date(end).toISOString() };
    },
    staleTime: 0,
    gcTime: 0,
  });
}

/** Tries a part of them again; `after` is the `next` of the part before. */
export async function retryEmails(
  { state, q, createdBefore }: RetryFilter,
  after: string | undefined,
): Promise<BulkRetried> {
  const filter = { state, createdBefore, ...(q && { q }) };
  return (await api.emails.retry.$post({ json: { filter, ...(after && { after }) } })).json();
}
