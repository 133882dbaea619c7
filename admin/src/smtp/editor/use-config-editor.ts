import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem } from "../../api/problem.ts";
import type { SmtpConfig, SmtpConfigDraft } from "../../api/types.ts";
import { type ConfigBody, configsQuery, createConfig, updateConfig } from "../api.ts";
import { destinationChanged } from "../form/destination.ts";
import { bodyOf, emptyForm, type FormField, formOf, type SmtpForm, sameForm, withFix } from "../form/form.ts";
import {
  type PasswordEntry,
  type PasswordSituation,
  passwordState,
  passwordToSend,
} from "../form/password.ts";
import { showConfig } from "../show-config.ts";
import * as page from "../strings.ts";
import * as t from "./strings.ts";
import { useFaults } from "./use-faults.ts";

const untouched: PasswordEntry = { kind: "untouched" };

/**
 * The state of the settings form. `config` is what is saved, null for a new one; a newer version is
 * taken over as long as nothing was edited.
 */
export function useConfigEditor(config: SmtpConfig | null) {
  const queries = useQueryClient();
  const [base, setBase] = useState(config);
  /** The draft that the form goes on from, instead of from what is in use. */
  const [draft, setDraft] = useState<SmtpConfigDraft | null>(null);
  const [form, setForm] = useState(base === null ? emptyForm : formOf(base));
  const [entry, setEntry] = useState(untouched);
  /** The server asked for the password although this page did not. */
  const [isRefused, setRefused] = useState(false);
  const { faults, refusals, ...found } = useFaults();
  /** How it was saved, in words, and when. */
  const [saved, setSaved] = useState<{ readonly words: string; readonly at: string } | null>(null);

  const savedForm = base === null ? emptyForm : formOf(base);
  const baseForm = draft === null || base === null ? savedForm : formOf({ ...draft, enabled: base.enabled });
  // The mask stands for the password of the draft or of the config, whichever is for the same destination.
  const holders = [draft, base].filter((each) => each !== null && each.password !== null);
  const situation: PasswordSituation = {
    entry,
    isSaved: holders.length > 0,
    isElsewhere:
      isRefused || holders.every((each) => destinationChanged(each === draft ? baseForm : savedForm, form)),
    isUnusable: ((draft ?? base)?.problem ?? null) !== null,
    hasUsername: form.username.trim() !== "",
  };
  const isDirty = !sameForm(baseForm, form) || entry.kind !== "untouched";

  function load(current: SmtpConfig | null, continued: SmtpConfigDraft | null = null) {
    const shown = continued === null || current === null ? current : { ...current, ...continued };
    setBase(current);
    setDraft(continued);
    setForm(shown === null ? emptyForm : formOf(shown));
    setEntry(untouched);
    setRefused(false);
    found.clear();
  }

  const isNewer =
    config !== null && (base === null || config.version > base.version) && draft === null && !isDirty;
  const isAnother = base !== null && config?.id !== base.id;
  if (isNewer || isAnother) load(config);

  /** The body to save or test, or null after saying which entry is missing. */
  function body(): ConfigBody | null {
    const password = form.authMethod === "oauth" ? null : passwordToSend(situation);
    if (password === undefined) {
      found.showAtPassword(t.passwordMissing);
      return null;
    }
    return { ...bodyOf(form), password };
  }

  function refuse(error: Error) {
    setSaved(null);
    if (!(error instanceof ApiProblem)) return found.showOther(error);
    if (error.code === "config.password_required") {
      setRefused(true);
      setEntry(untouched);
      return found.showAtPassword(error.message);
    }
    found.showProblem(error);
  }

  async function take(current: SmtpConfig, words: string) {
    showConfig(queries, current);
    await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
    // Only now is it also what the page shows around the form.
    load(current);
    setSaved({ words, at: new Date().toISOString() });
  }

  const saving = useMutation({
    mutationFn: (settings: ConfigBody) =>
      base === null
        ? createConfig(settings)
        : updateConfig(base.id, {
            ...settings,
            password: settings.password ?? null,
            position: base.position,
            version: base.version,
          }),
    onSuccess: (current) => take(current, page.saved),
    onError: refuse,
  });

  return {
    base,
    draft,
    /** What the form goes on from, as it shows it; empty for a new one. */
    baseForm,
    form,
    faults,
    refusals,
    isDirty,
    saved,
    isSaving: saving.isPending,
    password: {
      state: passwordState(situation),
      entry,
      isUnusable: situation.isUnusable && !situation.isElsewhere,
    },
    change(change: Partial<SmtpForm>) {
      setForm({ ...form, ...change });
      setSaved(null);
      found.clearFields(Object.keys(change) as FormField[]);
    },
    changePassword(next: PasswordEntry) {
      setEntry(next);
      setSaved(null);
      found.clearFields(["password"]);
    },
    /** Settings of another provider. What was typed as the password of the last one is not for this one. */
    choose(settings: SmtpForm) {
      setForm(settings);
      setEntry(untouched);
      setRefused(false);
      setSaved(null);
      found.clear();
    },
    apply(fix: Readonly<Record<string, unknown>>) {
      setForm(withFix(form, fix));
      setSaved(null);
      found.clear();
    },
    /** Back to what the form goes on from. */
    discard: () => load(base, draft),
    /** Goes on from this draft; null: from what is in use. */
    continueFrom(next: SmtpConfigDraft | null) {
      load(base, next);
      setSaved(null);
    },
    /** Throws away what was edited and shows what is saved now. */
    async loadCurrent(id = base?.id) {
      const configs = await queries.fetchQuery({ ...configsQuery, staleTime: 0 });
      load(configs.find((each) => each.id === id) ?? null);
    },
    /** Client and tokens are gone from what is saved; what was edited stays. */
    forgetConnection() {
      setBase(base === null ? null : { ...base, oauth: null });
      found.clear();
    },
    body,
    refuse,
    save: saving.mutateAsync,
    /** Shows what has become of the form. */
    take,
  };
}

export type Editor = ReturnType<typeof useConfigEditor>;

/** What a part of the form is given. */
export interface FieldsProps {
  readonly editor: Editor;
}
