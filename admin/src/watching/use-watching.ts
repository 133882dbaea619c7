import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { settingsQuery } from "../retention/api.ts";
import { saveWatching } from "./api.ts";

type Change = Parameters<typeof saveWatching>[1];

/** Saves one form of the page, and says at which of its fields something is wrong. */
export function useWatching<Field extends string>(
  saved: Settings,
  fields: readonly Field[],
  onSaved: (settings: Settings) => void,
) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const saving = useMutation({
    mutationFn: (change: Change) => saveWatching(saved, change),
    onSuccess(settings) {
      // The secret is shown this once, and kept nowhere.
      const webhookSecret = settings.webhookSecret === null ? null : "********";
      queries.setQueryData(settingsQuery.queryKey, { ...settings, webhookSecret });
      onSaved(settings);
    },
  });
  const problem = saving.error instanceof ApiProblem ? saving.error : null;
  const faults = sortProblems(problem?.errors ?? [], fields);
  const isPlaced = Object.keys(faults.fields).length > 0 && faults.rest.length === 0;

  useEffect(() => {
    if (saving.isError) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [saving.isError]);

  return { form, saving, faults: faults.fields, error: isPlaced ? null : saving.error };
}
