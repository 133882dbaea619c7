import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem } from "../../api/problem.ts";
import type { TemplatePart } from "../../api/types.ts";
import { partsQuery, savePart } from "../api.ts";

type PartText = Pick<TemplatePart, "mjml" | "text">;

/** The state of a part's page. */
export function usePartEditor(saved: TemplatePart) {
  const queries = useQueryClient();
  const [base, setBase] = useState(saved);
  const [draft, setDraft] = useState<PartText>(saved);
  /** Grows whenever the texts are others than were typed: the editors begin anew. */
  const [revision, setRevision] = useState(0);
  const [theirs, setTheirs] = useState<TemplatePart | null>(null);
  const isDirty = draft.mjml !== base.mjml || draft.text !== base.text;

  function load(part: TemplatePart) {
    setBase(part);
    setDraft(part);
    setRevision((count) => count + 1);
    setTheirs(null);
  }

  const saving = useMutation({
    mutationFn: (version: number) => savePart(base.name, { mjml: draft.mjml, text: draft.text, version }),
    onSuccess: async (part) => {
      setBase(part);
      setTheirs(null);
      await queries.invalidateQueries({ queryKey: ["templates"] });
    },
    onError: async (error) => {
      if (!(error instanceof ApiProblem) || error.code !== "template.version_conflict") return;
      const parts = await queries.fetchQuery({ ...partsQuery, staleTime: 0 });
      setTheirs(parts.find(({ name }) => name === base.name) ?? null);
    },
  });

  return {
    base,
    draft,
    revision,
    isDirty,
    theirs,
    saving,
    change(change: Partial<PartText>) {
      setDraft((before) => ({ ...before, ...change }));
      if (saving.isError || saving.isSuccess) saving.reset();
    },
    discard() {
      load(base);
      saving.reset();
    },
    save() {
      if (isDirty && !saving.isPending) saving.mutate(base.version);
    },
    saveOver: (part: TemplatePart) => saving.mutate(part.version),
    /** Shows what was saved elsewhere in place of what was typed. */
    async load(part: TemplatePart) {
      load(part);
      saving.reset();
      await queries.invalidateQueries({ queryKey: ["templates"] });
    },
  };
}

export type PartEditor = ReturnType<typeof usePartEditor>;
