import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import type { SmtpConfig } from "../api/types.ts";
import { strings } from "../strings.ts";
import { type ConfigBody, configsQuery, createConfig, updateConfig } from "./api.ts";
import { destinationChanged } from "./destination.ts";
import {
  bodyOf,
  emptyForm,
  type FormField,
  formFields,
  formOf,
  type SmtpForm,
  sameForm,
  withFix,
} from "./form.ts";
import { type PasswordEntry, type PasswordSituation, passwordState, passwordToSend } from "./password.ts";

const untouched: PasswordEntry = { kind: "untouched" };

/** What was refused, sorted to where the page shows it. */
interface Faults {
  readonly fields: Partial<Record<FormField, string>>;
  /** What belongs to no field. */
  readonly other: ApiProblem | Error | null;
}

const noFaults: Faults = { fields: {}, other: null };

/**
 * The state of the settings form. `config` is what is saved, null for a new one; a newer version is
 * taken over as long as nothing was edited.
 */
export function useConfigEditor(config: SmtpConfig | null) {
  const queries = useQueryClient();
  const [base, setBase] = useState(config);
  const [form, setForm] = useState(base === null ? emptyForm : formOf(base));
  const [entry, setEntry] = useState(untouched);
  /** The server asked for the password although this page did not. */
  const [isRefused, setRefused] = useState(false);
  const [faults, setFaults] = useState(noFaults);
  const [refusals, setRefusals] = useState(0);
  const [savedAt, setSavedAt] = useState<string | null>(null);

  const baseForm = base === null ? emptyForm : formOf(base);
  const situation: PasswordSituation = {
    entry,
    isSaved: base !== null && base.password !== null,
    isElsewhere: isRefused || destinationChanged(baseForm, form),
    isUnusable: base !== null && base.problem !== null,
    hasUsername: form.username.trim() !== "",
  };
  const isDirty = !sameForm(baseForm, form) || entry.kind !== "untouched";

  function load(current: SmtpConfig | null) {
    setBase(current);
    setForm(current === null ? emptyForm : formOf(current));
    setEntry(untouched);
    setRefused(false);
    setFaults(noFaults);
  }

  const isNewer = config !== null && (base === null || config.version > base.version) && !isDirty;
  const isAnother = base !== null && config?.id !== base.id;
  if (isNewer || isAnother) load(config);

  /** The body to save or test, or null after saying which entry is missing. */
  function body(): ConfigBody | null {
    const password = form.authMethod === "oauth" ? null : passwordToSend(situation);
    if (password === undefined) {
      showFaults({ fields: { password: strings.smtp.password.missing }, other: null });
      return null;
    }
    return { ...bodyOf(form), password };
  }

  function showFaults(found: Faults) {
    setFaults(found);
    setRefusals((count) => count + 1);
  }

  function refuse(error: Error) {
    setSavedAt(null);
    if (!(error instanceof ApiProblem)) return showFaults({ fields: {}, other: error });
    if (error.code === "config.password_required") {
      setRefused(true);
      setEntry(untouched);
      return showFaults({ fields: { password: error.message }, other: null });
    }
    const { fields, rest } = sortProblems(error.errors, formFields);
    const isPlaced = Object.keys(fields).length > 0 && rest.length === 0;
    showFaults({ fields, other: isPlaced ? null : error });
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
    onSuccess: async (saved) => {
      queries.setQueryData(configsQuery.queryKey, (configs = []) =>
        configs.some(({ id }) => id === saved.id)
          ? configs.map((each) => (each.id === saved.id ? saved : each))
          : [...configs, saved],
      );
      await queries.invalidateQueries({ queryKey: configsQuery.queryKey });
      // Only now is it also what the page shows around the form.
      load(saved);
      setSavedAt(new Date().toISOString());
    },
    onError: refuse,
  });

  return {
    base,
    /** What is saved, as the form shows it; empty for a new one. */
    baseForm,
    form,
    faults,
    /** How often faults were found; they go one by one as their fields are mended. */
    refusals,
    isDirty,
    savedAt,
    isSaving: saving.isPending,
    password: {
      state: passwordState(situation),
      entry,
      isUnusable: situation.isUnusable && !situation.isElsewhere,
    },
    change(change: Partial<SmtpForm>) {
      setForm({ ...form, ...change });
      setSavedAt(null);
      clearFaults(Object.keys(change) as FormField[]);
    },
    changePassword(next: PasswordEntry) {
      setEntry(next);
      setSavedAt(null);
      clearFaults(["password"]);
    },
    /** Settings of another provider. What was typed as the password of the last one is not for this one. */
    choose(settings: SmtpForm) {
      setForm(settings);
      setEntry(untouched);
      setRefused(false);
      setSavedAt(null);
      setFaults(noFaults);
    },
    apply(fix: Readonly<Record<string, unknown>>) {
      setForm(withFix(form, fix));
      setSavedAt(null);
      setFaults(noFaults);
    },
    discard: () => load(base),
    /** Throws away what was edited and shows what is saved now. */
    async loadCurrent(id = base?.id) {
      const configs = await queries.fetchQuery({ ...configsQuery, staleTime: 0 });
      load(configs.find((each) => each.id === id) ?? null);
    },
    /** Client and tokens are gone from what is saved; what was edited stays. */
    forgetConnection() {
      setBase(base === null ? null : { ...base, oauth: null });
      setFaults(noFaults);
    },
    body,
    refuse,
    save: saving.mutateAsync,
  };

  function clearFaults(fields: readonly FormField[]) {
    const left = Object.entries(faults.fields).filter(([field]) => !fields.includes(field as FormField));
    setFaults({ fields: Object.fromEntries(left), other: null });
  }
}

export type Editor = ReturnType<typeof useConfigEditor>;
