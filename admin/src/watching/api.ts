import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type { Settings, SmtpConfig, WebhookTest } from "../api/types.ts";

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

/** How SMTP configs are watched; the settings that are left out stay as they are. */
export type Watching = Pick<Settings, "checkEveryHours" | "alertEmails" | "webhookUrl">;

/** @param saved what this page knows of the other settings, which the server wants with each change */
export async function saveWatching(
  saved: Settings,
  change: Partial<Watching> & { readonly webhookSecret?: null },
): Promise<Settings> {
  const { contentRetentionDays, emailRetentionDays } = saved;
  const { alertEmails, ...rest } = change;
  const emails = alertEmails === undefined ? {} : { alertEmails: alertEmails && [...alertEmails] };
  const json = { contentRetentionDays, emailRetentionDays, ...rest, ...emails };
  return (await api.settings.$put({ json })).json();
}

export async function testWebhook(): Promise<WebhookTest> {
  return (await api.settings.webhook.test.$post()).json();
}
