import { queryOptions } from "@tanstack/react-query";
import type { InferRequestType } from "hono/client";
import { api } from "../api/client.ts";

const configs = api["smtp-configs"];

/** What the form says. A number that was mistyped goes as its text, for the server to say what is wrong. */
export type ConfigBody = InferRequestType<typeof configs.$post>["json"];
type UpdateBody = InferRequestType<(typeof configs)[":id"]["$put"]>["json"];

export type OauthBody = InferRequestType<(typeof configs)[":id"]["oauth"]["$put"]>["json"];

/** Where a provider sends browsers back to; it changes only with the server's options. */
export const oauthAddressQuery = queryOptions({
  queryKey: ["oauth-address"],
  queryFn: async () => (await (await api.oauth.$get()).json()).redirectUri,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

/** All configs in the order in which they are tried. A pause comes and goes by itself. */
export const configsQuery = queryOptions({
  queryKey: ["smtp-configs"],
  queryFn: async () => (await (await configs.$get()).json()).items,
  refetchInterval: 10_000,
});

/** What may become the next version of a config; null where there is none. Loaded anew with the configs. */
export const draftQuery = (id: string) =>
  queryOptions({
    queryKey: [...configsQuery.queryKey, id, "draft"],
    queryFn: async () => (await (await configs[":id"].draft.$get({ param: { id } })).json()).draft,
  });

/** The versions of a config, the current one first. Loaded anew with the configs. */
export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...configsQuery.queryKey, id, "versions"],
    queryFn: async () => (await (await configs[":id"].versions.$get({ param: { id } })).json()).items,
  });

/** The catalog of providers; it changes only with a restart of the service. */
export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: async () => (await (await api.providers.$get()).json()).items,
  staleTime: Number.POSITIVE_INFINITY,
});

export async function createConfig(json: ConfigBody) {
  return (await configs.$post({ json })).json();
}

export async function updateConfig(id: string, json: UpdateBody) {
  return (await configs[":id"].$put({ param: { id }, json })).json();
}

export async function saveDraft(id: string, json: UpdateBody) {
  const { draft } = await (await configs[":id"].draft.$put({ param: { id }, json })).json();
  return draft;
}

export async function discardDraft(id: string): Promise<void> {
  await configs[":id"].draft.$delete({ param: { id } });
}

export async function activateDraft(id: string) {
  return (await configs[":id"].draft.activate.$post({ param: { id } })).json();
}

/** @param seen the latest version that the admin saw. */
export async function restoreVersion(id: string, version: number, seen: number) {
  const restore = configs[":id"].versions[":version"].restore;
  return (await restore.$post({ param: { id, version: String(version) }, json: { version: seen } })).json();
}

export async function removeConfig(id: string): Promise<void> {
  await configs[":id"].$delete({ param: { id } });
}

/** `ids`: all configs, the one to be tried first in front. */
export async function arrangeConfigs(ids: readonly string[]): Promise<void> {
  await configs.order.$post({ json: { ids: [...ids] } });
}

export async function switchConfig(id: string, enabled: boolean): Promise<void> {
  const { enable, disable } = configs[":id"];
  await (enabled ? enable : disable).$post({ param: { id } });
}

export async function resumeConfig(id: string) {
  return (await configs[":id"].resume.$post({ param: { id } })).json();
}

/** Which config would send an email with this sender now. */
export async function askRoute(from: string) {
  return (await configs.route.$post({ json: { from } })).json();
}

/** Settings that are found for an address. */
export async function discover(email: string) {
  return (await configs.discover.$post({ json: { email } })).json();
}

/** How the domain of a sender stands in the DNS. */
export async function checkDomain(sender: { readonly fromEmail: string; readonly smtpServer: string }) {
  return (await configs.dns.$post({ json: sender })).json();
}

export async function saveOauthClient(id: string, json: OauthBody): Promise<void> {
  await configs[":id"].oauth.$put({ param: { id }, json });
}

/** @returns the provider's address to go to. */
export async function startConsent(id: string): Promise<string> {
  const response = await configs[":id"].oauth.start.$post({ param: { id } });
  return (await response.json()).authorizationUrl;
}

export async function disconnectOauth(id: string): Promise<void> {
  await configs[":id"].oauth.$delete({ param: { id } });
}

/** What is tested: `draft` is the one that is kept with the config. */
export type TestOrder = FormOrder | { readonly draft: string; readonly sendTo: string | null };

interface FormOrder {
  /** The saved config that the form is of; null tests a draft. */
  readonly id: string | null;
  /** The form as edited; null tests the config as it is saved. */
  readonly settings: ConfigBody | null;
  /** Sends a real email there; without it the test stops before the message. */
  readonly sendTo: string | null;
}

/** Starts a test; its stages come as an event stream. */
export function startTest(order: TestOrder, signal: AbortSignal): Promise<Response> {
  const options = { headers: { accept: "text/event-stream" }, init: { signal } };
  const to = order.sendTo === null ? {} : { sendTo: order.sendTo };
  if ("draft" in order) {
    return configs[":id"].draft.test.$post({ param: { id: order.draft }, json: to }, options);
  }
  const { id, settings } = order;
  if (settings === null) {
    return configs[":id"].test.$post({ param: { id: id ?? "" }, json: to }, options);
  }
  const json = { ...settings, ...to };
  if (id === null) return configs.test.$post({ json }, options);
  return configs[":id"].test.$post(
    { param: { id }, json: { ...json, password: settings.password ?? null } },
    options,
  );
}
