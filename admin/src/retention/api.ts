import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { Settings } from "../api/types.ts";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: async () => (await api.settings.$get()).json(),
});

export async function saveSettings(json: Settings): Promise<Settings> {
  return (await api.settings.$put({ json })).json();
}
