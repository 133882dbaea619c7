import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

const emails = api.sandbox.emails;

/** What was caught, the newest first; looks again by itself. */
export const inboxQuery = queryOptions({
  queryKey: ["sandbox", "list"],
  queryFn: async () => (await (await emails.$get()).json()).items,
  refetchInterval: ({ state: { error } }) => (error === null ? 2_000 : false),
});

export function caughtEmailQuery(id: string) {
  return queryOptions({
    queryKey: ["sandbox", "one", id],
    queryFn: async () => (await emails[":id"].$get({ param: { id } })).json(),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export async function clearInbox(): Promise<void> {
  await emails.$delete();
}
