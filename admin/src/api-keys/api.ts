import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { ApiKey, NewApiKey } from "../api/types.ts";

const keys = api["api-keys"];

export const apiKeysQuery = queryOptions({
  queryKey: ["api-keys"],
  queryFn: async () => (await (await keys.$get()).json()).items,
});

/** The answer holds the key itself, this once. */
export async function createApiKey(json: Pick<ApiKey, "name" | "scope">): Promise<NewApiKey> {
  return (await keys.$post({ json })).json();
}

export async function revokeApiKey(id: string): Promise<void> {
  await keys[":id"].$delete({ param: { id } });
}
