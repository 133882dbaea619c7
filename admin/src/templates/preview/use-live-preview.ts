import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TemplatePreview } from "../../api/types.ts";
import { type PreviewBody, previewTemplate } from "../api.ts";

const pauseMs = 300;

export interface LivePreview {
  /** The last one that could be made; null before the first. */
  readonly shown: TemplatePreview | null;
  /** Why there is none of what was written last; till the next is made, that is what is known. */
  readonly error: Error | null;
  /** The language that the error is of. */
  readonly locale: string;
}

/** The email as it is being written, made anew whenever its author pauses. */
export function useLivePreview(name: string, body: PreviewBody | null): LivePreview {
  // Compared by what it says: each rendering makes another object of it.
  const [settled] = useDebouncedValue(JSON.stringify(body), pauseMs);
  const wanted: PreviewBody | null = JSON.parse(settled);
  const locale = wanted?.locale ?? "en";
  const { data, error } = useQuery({
    queryKey: ["templates", "preview", name, settled],
    queryFn: ({ signal }) => previewTemplate(name, wanted ?? {}, signal),
    enabled: wanted !== null,
    retry: false,
    staleTime: 30_000,
    gcTime: 60_000,
  });
  const [last, setLast] = useState<LivePreview>({ shown: null, error: null, locale });
  if (data !== undefined && (data !== last.shown || last.error !== null)) {
    setLast({ shown: data, error: null, locale });
  }
  if (error !== null && error !== last.error) setLast({ shown: last.shown, error, locale });
  return last;
}
