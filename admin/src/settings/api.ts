import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { same } from "./change.ts";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: async () => (await api.settings.$get()).json(),
});

type Body = Parameters<typeof api.settings.$patch>[0]["json"];

/** What changes; the server leaves everything else as it is. */
export type SettingsChange = Omit<Body, "version">;

export function isConflict(error: Error | null): boolean {
  return error instanceof ApiProblem && error.code === "config.version_conflict";
}

/**
 * Saves a change of settings as they were read. If somebody saved others meanwhile, nothing is in its way;
 * if somebody saved these, the server's refusal is thrown.
 * @param own the settings that the change is about
 * @returns the settings as saved, with the webhook's secret if this made a new one
 */
export async function saveSettings(
  queries: QueryClient,
  seen: Settings,
  change: SettingsChange,
  own: readonly (keyof Settings)[],
): Promise<Settings> {
  try {
    return await patch(queries, seen.version, change);
  } catch (error) {
    if (!(error instanceof Error) || !isConflict(error)) throw error;
    const current = await queries.fetchQuery({ ...settingsQuery, staleTime: 0 });
    if (own.some((name) => !same(current[name], seen[name]))) throw error;
    return patch(queries, current.version, change);
  }
}

async function patch(queries: QueryClient, version: number, change: SettingsChange): Promise<Settings> {
  const saved = await (await api.settings.$patch({ json: { version, ...change } })).json();
  // A new secret is shown this once, and kept nowhere.
  const webhookSecret = saved.webhookSecret === null ? null : "********";
  queries.setQueryData(settingsQuery.queryKey, { ...saved, webhookSecret });
  return saved;
}
