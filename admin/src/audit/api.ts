import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

const pageSize = "50";

/** Who changed what, the newest first. */
export function auditQuery(after: string | undefined) {
  return queryOptions({
    queryKey: ["audit", after],
    queryFn: async () => {
      const query = { ...(after && { after }), limit: pageSize };
      return (await api["audit-log"].$get({ query })).json();
    },
    placeholderData: keepPreviousData,
  });
}
