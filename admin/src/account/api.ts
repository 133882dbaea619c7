import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async () => (await (await api.auth.sessions.$get()).json()).items,
});

export async function endOtherSessions(): Promise<void> {
  await api.auth.sessions.$delete();
}
