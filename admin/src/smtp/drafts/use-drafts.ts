import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SmtpConfig, SmtpConfigDraft } from "../../api/types.ts";
import { activateDraft, discardDraft, draftQuery, saveDraft } from "../api.ts";
import type { Editor } from "../editor/use-config-editor.ts";
import * as page from "../strings.ts";
import * as t from "./strings.ts";

/** Whether emails may be on their way through it: a change that fails would stop them. */
function works(config: SmtpConfig): boolean {
  const { enabled, managedBy, problem, breaker, returnTo, lastTest } = config;
  const isUsed = enabled && managedBy === null && problem === null && breaker.state === "closed";
  return isUsed && returnTo === null && lastTest?.ok !== false;
}

/**
 * Changes of a config beside it: kept as a draft, tested there, and put in its place.
 * @param test tests the draft, which is stored; resolves with whether it passed
 */
export function useDrafts(
  config: SmtpConfig | null,
  editor: Editor,
  test: (draft: SmtpConfigDraft) => Promise<boolean>,
) {
  const queries = useQueryClient();
  const [isTesting, setTesting] = useState(false);
  const id = config?.id ?? "";
  const query = draftQuery(id);
  const isChangeable = config !== null && config.managedBy === null;
  const { data: draft = null } = useQuery({ ...query, enabled: isChangeable });

  /** Keeps the form as the draft. Null after saying what is wrong. */
  async function store(): Promise<SmtpConfigDraft | null> {
    const body = editor.body();
    if (body === null || editor.base === null) return null;
    try {
      const { version } = editor.base;
      const stored = await saveDraft(id, { ...body, password: body.password ?? null, version });
      queries.setQueryData(query.queryKey, stored);
      editor.continueFrom(stored);
      return stored;
    } catch (error) {
      editor.refuse(error as Error);
      return null;
    }
  }

  async function activate(): Promise<void> {
    const current = await activateDraft(id);
    queries.setQueryData(query.queryKey, null);
    const { lastTest } = current;
    const words = lastTest === null ? t.savedUntested : lastTest.ok ? page.saved : t.savedFailed;
    await editor.take(current, words);
  }

  const activating = useMutation({ mutationFn: activate, onError: editor.refuse });
  const savingUntested = useMutation({
    mutationFn: async () => {
      if ((await store()) !== null) await activate();
    },
    onError: editor.refuse,
  });
  const discarding = useMutation({
    mutationFn: () => discardDraft(id),
    onSuccess() {
      queries.setQueryData(query.queryKey, null);
      if (editor.draft !== null) editor.continueFrom(null);
    },
    onError: editor.refuse,
  });

  async function testAndSave(): Promise<void> {
    setTesting(true);
    try {
      const stored = await store();
      if (stored === null) return;
      const hasPassed = await test(stored);
      const now = await queries.fetchQuery({ ...query, staleTime: 0 });
      if (now === null || !hasPassed) return;
      // Somebody else may have put theirs in its place while this one was tested.
      if (now.updatedAt !== stored.updatedAt || now.lastTest?.ok !== true) return;
      await activate();
    } catch (error) {
      editor.refuse(error as Error);
    } finally {
      setTesting(false);
    }
  }

  return {
    /** Whether a change is to be tested before it is used. What is to be switched off need not work. */
    isTestedFirst: config !== null && works(config) && editor.form.enabled,
    draft,
    isTesting,
    isBusy: isTesting || activating.isPending || savingUntested.isPending || discarding.isPending,
    store,
    /** What a test found is kept with the draft. */
    reload: () => queries.invalidateQueries({ queryKey: query.queryKey }),
    testAndSave,
    saveUntested: () => savingUntested.mutate(),
    /** The draft as it is stored, or the form where it goes on from the draft and was edited since. */
    use: () => (editor.draft !== null && editor.isDirty ? savingUntested : activating).mutate(),
    discard: () => discarding.mutate(),
  };
}

export type Drafts = ReturnType<typeof useDrafts>;
