import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { serverUrl } from "../api/base-path.ts";
import { api } from "../api/client.ts";
import type { RetryableState } from "../api/model.ts";
import type { BulkRetried } from "../api/types.ts";
import { type EmailFilter, type EmailSearch, filterOf } from "./search.ts";

/** How often a page that shows moving things looks again. */
const liveMs = 3_000;
const pageSize = "50";

/** A page of the log, the newest first; only the newest page looks again by itself. */
export function emailsQuery(search: EmailSearch) {
  const { after } = search;
  const filter = filterOf(search);
  return queryOptions({
    queryKey: ["emails", "list", { ...filter, after }],
    queryFn: async () => {
      const query = { ...filter, ...(after && { after }), limit: pageSize };
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

/** Sends a final email once more. @returns the ID of the copy */
export async function resendEmail(id: string): Promise<string> {
  return (await (await api.emails[":id"].resend.$post({ param: { id }, header: {} })).json()).id;
}

/** The address of a CSV file with all emails that the filter matches. */
export function exportUrl(search: EmailSearch): string {
  const query = new URLSearchParams(Object.entries(filterOf(search)));
  return serverUrl(query.size === 0 ? "api/emails/export.csv" : `api/emails/export.csv?${query}`);
}

/** A list that can be tried again as a whole. */
export type RetrySearch = EmailFilter & { readonly state: RetryableState };
export type RetryFilter = RetrySearch & { readonly createdBefore: string };

/**
 * How many emails there are to try again, and what ends them: whatever is accepted from here on is not
 * meant. By the newest email and not by the clock of this machine, which may go wrong.
 */
export function retryScopeQuery(search: RetrySearch) {
  const query = filterOf(search);
  return queryOptions({
    queryKey: ["emails", "retry-scope", query],
    queryFn: async () => {
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
  { state, createdBefore, ...search }: RetryFilter,
  after: string | undefined,
): Promise<BulkRetried> {
  const filter = { ...filterOf(search), state, createdBefore };
  return (await api.emails.retry.$post({ json: { filter, ...(after && { after }) } })).json();
}
