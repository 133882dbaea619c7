import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

/** Now, here: the days of a month with a change of the clocks are an hour off at its other end. */
function utcOffset(): string {
  return String(-new Date().getTimezoneOffset());
}

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: async () => (await api.overview.$get({ query: { utcOffset: utcOffset() } })).json(),
  refetchInterval: 5_000,
});

export const latestEmailsQuery = queryOptions({
  queryKey: ["emails", "latest"],
  queryFn: async () => (await (await api.emails.$get({ query: { limit: "5" } })).json()).items,
  refetchInterval: 3_000,
});

export async function sendFirstEmail(to: string, text: { subject: string; text: string }): Promise<string> {
  return (await (await api.emails.$post({ json: { to, ...text }, header: {} })).json()).id;
}
