import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SmtpConfig } from "../../api/types.ts";
import { restoreVersion } from "../api.ts";
import { showConfig } from "../show-config.ts";

/** Puts an earlier version of a config in the place of the current one. */
export function useRollback(config: SmtpConfig, onRolledBack: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: number) => restoreVersion(config.id, version, config.version),
    onSuccess(current) {
      showConfig(queries, current);
      onRolledBack();
    },
    // Whatever the pages say of mail may be over now. Also after a refusal: somebody else was quicker then.
    onSettled: () => queries.invalidateQueries(),
  });
}
