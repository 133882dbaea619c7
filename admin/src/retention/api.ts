import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { Settings } from "../api/types.ts";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: async () => (await api.settings.$get()).json(),
});

/** How long emails are kept; the settings that are left out stay as they are. */
export type Retention = Pick<Settings, "contentRetentionDays" | "emailRetentionDays">;

export async function saveRetention(json: Retention): Promise<Settings> {
  return (await api.settings.$put({ json })).json();
}

/** How long emails are kept stays as it is: a body without that is refused. */
export async function saveReturnFailedChanges(returnFailedChanges: boolean): Promise<Settings> {
  const { contentRetentionDays, emailRetentionDays } = await (await api.settings.$get()).json();
  const json = { contentRetentionDays, emailRetentionDays, returnFailedChanges };
  return (await api.settings.$put({ json })).json();
}
