import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

/** Who may get mail. It changes only with a restart of the service. */
export const recipientsQuery = queryOptions({
  queryKey: ["recipients"],
  queryFn: async () => (await (await api.health.$get()).json()).recipients ?? null,
  staleTime: 60_000,
});
