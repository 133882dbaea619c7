import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import type {
  TemplateDetail,
  TemplatePart,
  TemplatePreview,
  TemplateTest,
  TemplateVersion,
} from "../api/types.ts";

export const templatesQuery = queryOptions({
  queryKey: ["templates", "list"],
  queryFn: async () => (await (await api.templates.$get()).json()).items,
  staleTime: 60_000,
});

export function templateQuery(name: string) {
  return queryOptions({
    queryKey: ["templates", "one", name],
    queryFn: async (): Promise<TemplateDetail> =>
      (await api.templates[":name"].$get({ param: { name } })).json(),
  });
}

export function versionsQuery(name: string) {
  return queryOptions({
    queryKey: ["templates", "one", name, "versions"],
    queryFn: async (): Promise<TemplateVersion[]> =>
      (await (await api.templates[":name"].versions.$get({ param: { name } })).json()).items,
  });
}

export function versionQuery(name: string, version: number) {
  return queryOptions({
    queryKey: ["templates", "one", name, "versions", version],
    queryFn: async () => {
      const param = { name, version: String(version) };
      return (await api.templates[":name"].versions[":version"].$get({ param })).json();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

type SaveBody = Parameters<(typeof api.templates)[":name"]["$put"]>[0]["json"];

export async function saveTemplate(name: string, json: SaveBody): Promise<TemplateDetail> {
  return (await api.templates[":name"].$put({ param: { name }, json })).json();
}

export async function removeTemplate(name: string): Promise<void> {
  await api.templates[":name"].$delete({ param: { name } });
}

export async function restoreTemplate(
  name: string,
  version: number,
  latest: number,
): Promise<TemplateDetail> {
  const param = { name, version: String(version) };
  const json = { version: latest };
  return (await api.templates[":name"].versions[":version"].restore.$post({ param, json })).json();
}

export type PreviewBody = Parameters<(typeof api.templates)[":name"]["preview"]["$post"]>[0]["json"];

/** Renders a template as it is being written; nothing is sent. */
export async function previewTemplate(
  name: string,
  json: PreviewBody,
  signal: AbortSignal,
): Promise<TemplatePreview> {
  return (await api.templates[":name"].preview.$post({ param: { name }, json }, { init: { signal } })).json();
}

/** Sends a template as it is being written to whoever is signed in. */
export async function testTemplate(name: string, json: PreviewBody): Promise<TemplateTest> {
  return (await api.templates[":name"].test.$post({ param: { name }, json })).json();
}

const parts = api["template-parts"];

export const partsQuery = queryOptions({
  queryKey: ["templates", "parts"],
  queryFn: async (): Promise<TemplatePart[]> => (await (await parts.$get()).json()).items,
});

export function partVersionsQuery(name: string) {
  return queryOptions({
    queryKey: ["templates", "parts", name, "versions"],
    queryFn: async (): Promise<TemplateVersion[]> =>
      (await (await parts[":name"].versions.$get({ param: { name } })).json()).items,
  });
}

export function partVersionQuery(name: string, version: number) {
  return queryOptions({
    queryKey: ["templates", "parts", name, "versions", version],
    queryFn: async () => {
      const param = { name, version: String(version) };
      return (await parts[":name"].versions[":version"].$get({ param })).json();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface PartBody {
  readonly mjml: string;
  readonly text: string | null;
  readonly version: number;
  readonly note?: string | null;
}

export async function savePart(name: string, json: PartBody): Promise<TemplatePart> {
  return (await parts[":name"].$put({ param: { name }, json })).json();
}

export async function removePart(name: string): Promise<void> {
  await parts[":name"].$delete({ param: { name } });
}

export async function restorePart(name: string, version: number, latest: number): Promise<TemplatePart> {
  const param = { name, version: String(version) };
  return (
    await parts[":name"].versions[":version"].restore.$post({ param, json: { version: latest } })
  ).json();
}
