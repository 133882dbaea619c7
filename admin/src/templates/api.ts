import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

export const templatesQuery = queryOptions({
  queryKey: ["templates", "list"],
  queryFn: async () => (await (await api.templates.$get()).json()).items,
  staleTime: 60_000,
});

/** Renders a template; nothing is sent. */
export function renderedQuery(name: string, data: Record<string, unknown>, locale: string) {
  return queryOptions({
    queryKey: ["templates", "rendered", name, locale, data],
    queryFn: async () => {
      const json = { data, ...(locale === "" ? {} : { locale }) };
      return (await api.templates[":name"].preview.$post({ param: { name }, json })).json();
    },
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
