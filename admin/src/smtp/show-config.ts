import type { QueryClient } from "@tanstack/react-query";
import type { SmtpConfig } from "../api/types.ts";
import { configsQuery } from "./api.ts";

/** Puts a config, as the API just answered, in the place of what the pages know of it. */
export function showConfig(queries: QueryClient, config: SmtpConfig): void {
  queries.setQueryData(configsQuery.queryKey, (configs = []) =>
    configs.some(({ id }) => id === config.id)
      ? configs.map((each) => (each.id === config.id ? config : each))
      : [...configs, config],
  );
}
