import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem, sortProblems } from "../../api/problem.ts";
import { configsQuery, disconnectOauth, saveOauthClient, startConsent } from "../api.ts";
import type { Editor } from "../editor/use-config-editor.ts";
import {
  type OauthField,
  type OauthForm,
  oauthBodyOf,
  oauthFields,
  oauthFormOf,
  sameOauthForm,
} from "./oauth-client.ts";

/** The client of a config, and the way to its provider and back. */
export function useOauth(editor: Editor) {
  const queries = useQueryClient();
  const saved = editor.base?.oauth ?? null;
  const [edited, setEdited] = useState<Partial<OauthForm>>({});
  const base = oauthFormOf(saved, editor.form.smtpServer);
  const form = { ...base, ...edited };
  const [fields, setFields] = useState<Partial<Record<OauthField, string>>>({});
  const [error, setError] = useState<Error | null>(null);

  /** The settings first: a consent is for them. @returns the config's id, or null after saying what is wrong. */
  async function saveAll(): Promise<string | null> {
    setFields({});
    setError(null);
    let id = editor.base?.id ?? null;
    if (editor.isDirty || editor.draft !== null || id === null) {
      const body = editor.body();
      // What is wrong stands at its field, or above the form.
      const config = body === null ? null : await editor.save(body).catch(() => null);
      if (config === null) return null;
      id = config.id;
    }
    try {
      await saveOauthClient(id, oauthBodyOf(form));
    } catch (problem) {
      refuse(problem);
      return null;
    }
    await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
    await editor.loadCurrent(id);
    setEdited({});
    return id;
  }

  function refuse(problem: unknown) {
    if (!(problem instanceof ApiProblem)) return setError(problem as Error);
    const sorted = sortProblems(problem.errors, oauthFields);
    setFields(sorted.fields);
    const isPlaced = Object.keys(sorted.fields).length > 0 && sorted.rest.length === 0;
    setError(isPlaced ? null : problem);
  }

  const connecting = useMutation({
    mutationFn: async () => {
      const id = await saveAll();
      if (id === null) return;
      location.assign(await startConsent(id));
      // The page is about to go: nothing is to be pressed twice.
      await new Promise(() => {});
    },
    onError: refuse,
  });
  const saving = useMutation({ mutationFn: saveAll, onError: refuse });
  const disconnecting = useMutation({
    mutationFn: async () => {
      if (editor.base === null) return;
      await disconnectOauth(editor.base.id);
      await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
      editor.forgetConnection();
      setEdited({});
    },
  });

  return {
    saved,
    form,
    fields,
    error,
    isDirty: !sameOauthForm(base, form),
    change(change: Partial<OauthForm>) {
      setEdited({ ...edited, ...change });
      setFields({});
      setError(null);
    },
    connect: () => connecting.mutate(),
    isConnecting: connecting.isPending,
    save: () => saving.mutate(),
    isSaving: saving.isPending,
    disconnecting,
  };
}
