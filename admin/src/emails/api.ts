import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { EmailState } from "../../../src/model.ts";
import { api } from "../api/client.ts";

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
