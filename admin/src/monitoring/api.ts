import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { SmtpConfig, WebhookTest } from "../api/types.ts";

/** What checks have found and is not over. */
export const alertsQuery = queryOptions({
  queryKey: ["alerts"],
  queryFn: async () => (await (await api.alerts.$get()).json()).items,
  refetchInterval: 30_000,
});

export async function acknowledgeAlert(id: string): Promise<void> {
  await api.alerts[":id"].acknowledge.$post({ param: { id } });
}

export async function checkConfig(id: string): Promise<SmtpConfig> {
  return (await api["smtp-configs"][":id"].check.$post({ param: { id } })).json();
}

export async function testWebhook(): Promise<WebhookTest> {
  return (await api.settings.webhook.test.$post()).json();
}
