import { queryOptions } from "@tanstack/react-query";
import { request, requestJson } from "../api/request.ts";
import type { Page, SmtpConfig } from "../api/types.ts";

/** All configs in the order in which they are tried. */
export const configsQuery = queryOptions({
  queryKey: ["smtp-configs"],
  queryFn: async () => (await requestJson<Page<SmtpConfig>>("api/smtp-configs")).items,
});

export function createConfig(body: object): Promise<SmtpConfig> {
  return requestJson("api/smtp-configs", { method: "POST", body });
}

export function updateConfig(id: string, body: object): Promise<SmtpConfig> {
  return requestJson(`api/smtp-configs/${id}`, { method: "PUT", body });
}

export async function removeConfig(id: string): Promise<void> {
  await request(`api/smtp-configs/${id}`, { method: "DELETE" });
}
