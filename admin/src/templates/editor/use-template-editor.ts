import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem } from "../../api/problem.ts";
import type { TemplateDetail } from "../../api/types.ts";
import { saveTemplate, templateQuery } from "../api.ts";
import { bodyOf, type Draft, draftOf, sameDraft } from "../draft.ts";
import { type SourceFault, sourceFaults } from "./source-faults.ts";

interface SaveOrder {
  readonly body: NonNullable<ReturnType<typeof bodyOf>>;
  readonly version: number;
  readonly sent: Draft;
}

/** The state of a template's page. A newer version is taken over as long as nothing was edited. */
export function useTemplateEditor(saved: TemplateDetail) {
  const queries = useQueryClient();
  const [base, setBase] = useState(saved);
  const [draft, setDraft] = useState(() => draftOf(saved));
  /** Grows whenever the texts are others than were typed: the editors begin anew. */
  const [revision, setRevision] = useState(0);
  const [note, setNote] = useState("");
  /** What somebody else saved meanwhile. */
  const [theirs, setTheirs] = useState<TemplateDetail | null>(null);
  const { isBuiltIn } = base;
  const isDirty = !sameDraft(draftOf(base), draft, isBuiltIn);

  function load(template: TemplateDetail) {
    setBase(template);
    setDraft(draftOf(template));
    setRevision((count) => count + 1);
    setNote("");
    setTheirs(null);
  }

  const saving = useMutation({
    mutationFn: ({ body, version }: SaveOrder) =>
      saveTemplate(base.name, { ...body, version, note: note.trim() || null }),
    onSuccess: async (template, { sent }) => {
      // The server writes a schema out; else the cursor stays where it is, with what was typed meanwhile.
      if (sent === draft && !sameDraft(draftOf(template), draft, isBuiltIn)) load(template);
      setBase(template);
      setNote("");
      setTheirs(null);
      await refresh(template);
    },
    onError: async (error) => {
      if (!(error instanceof ApiProblem) || error.code !== "template.version_conflict") return;
      setTheirs(await queries.fetchQuery({ ...templateQuery(base.name), staleTime: 0 }));
    },
  });

  const isNewer = saved.version > base.version && !isDirty && !saving.isPending;
  if (isNewer) load(saved);

  function saveAs(version: number) {
    const body = bodyOf(draft, isBuiltIn);
    if (body !== null && !saving.isPending) saving.mutate({ body, version, sent: draft });
  }

  /** Whatever else the pages know of templates is old now. */
  async function refresh(template: TemplateDetail) {
    queries.setQueryData(templateQuery(template.name).queryKey, template);
    await queries.invalidateQueries({ queryKey: ["templates"] });
  }

  function faultsOfSaving(locale: string): SourceFault[] {
    const { error } = saving;
    return error instanceof ApiProblem ? sourceFaults(error.errors, draft, locale) : [];
  }

  return {
    base,
    draft,
    revision,
    note,
    setNote,
    theirs,
    isDirty,
    saving,
    faultsOfSaving,
    change(change: Partial<Draft>) {
      setDraft((before) => ({ ...before, ...change }));
      if (saving.isError || saving.isSuccess) saving.reset();
    },
    discard() {
      load(base);
      saving.reset();
    },
    save: () => saveAs(base.version),
    /** Saves over what somebody else saved. */
    saveOver: (template: TemplateDetail) => saveAs(template.version),
    /** Shows what was saved elsewhere in place of what was typed. */
    async load(template: TemplateDetail) {
      load(template);
      saving.reset();
      await refresh(template);
    },
  };
}

export type TemplateEditor = ReturnType<typeof useTemplateEditor>;
