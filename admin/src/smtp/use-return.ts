import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SmtpConfig } from "../api/types.ts";
import { overviewQuery } from "../overview/api.ts";
import { configsQuery, restoreVersion } from "./api.ts";
import { showConfig } from "./show-config.ts";

/** Puts an earlier version of a config in the place of the current one. */
export function useReturn(config: SmtpConfig, onReturned: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: number) => restoreVersion(config.id, version, config.version),
    onSuccess(current) {
      showConfig(queries, current);
      onReturned();
    },
    // Also after a refusal: somebody else was quicker then.
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
      await queries.invalidateQueries({ queryKey: overviewQuery.queryKey });
    },
  });
}
