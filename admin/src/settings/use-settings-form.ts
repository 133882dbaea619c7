import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { areUnder } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { isConflict, type SettingsChange, saveSettings, settingsQuery } from "./api.ts";
import { changeOf, same } from "./change.ts";

type Name = Exclude<keyof Settings, "version">;

/** The settings that a form edits, by name: how each is shown in its fields, and how it is read from them. */
export type SettingsFields<Typed> = {
  readonly [Field in keyof Typed & Name]: {
    show(saved: Settings[Field]): Typed[Field];
    read(typed: Typed[Field]): Settings[Field];
  };
};

interface Sent<Typed> {
  readonly change: SettingsChange;
  /** What it was made of; null if it was not made of what is in the fields. */
  readonly edits: Partial<Typed> | null;
}

/**
 * The state of a form of some settings. While nothing is edited it follows what is saved; from the first edit
 * on it stands on the settings that its admin saw. It sends what was edited and nothing else.
 */
export function useSettingsForm<Typed extends Partial<Record<Name, unknown>>>(
  settings: Settings,
  fields: SettingsFields<Typed>,
  onSaved?: (saved: Settings) => void,
) {
  const queries = useQueryClient();
  const names = Object.keys(fields) as (keyof Typed & Name)[];
  const [base, setBase] = useState(settings);
  const [edits, setEdits] = useState<Partial<Typed>>({});
  const element = useRef<HTMLFormElement>(null);

  const typedOf = <Field extends keyof Typed & Name>(field: Field): Typed[Field] =>
    edits[field] ?? fields[field].show(base[field]);
  const readOf = <Field extends keyof Typed & Name>(field: Field): Settings[Field] =>
    fields[field].read(typedOf(field));
  /** As it would be read from untouched fields. */
  const savedOf = <Field extends keyof Typed & Name>(field: Field): Settings[Field] =>
    fields[field].read(fields[field].show(base[field]));
  const changed = names.filter((name) => !same(readOf(name), savedOf(name)));
  const isDirty = changed.length > 0;

  function load(current: Settings) {
    setBase(current);
    setEdits({});
  }

  const saving = useMutation({
    mutationFn: ({ change }: Sent<Typed>) => saveSettings(queries, base, change, names),
    onSuccess(saved, { edits: sent }) {
      setBase(saved);
      // What was typed meanwhile stays.
      if (sent === edits) setEdits({});
      onSaved?.(saved);
    },
  });
  if (settings.version !== base.version && !isDirty && !saving.isPending) load(settings);

  useEffect(() => {
    if (saving.isError) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [saving.isError]);

  return {
    element,
    typedOf,
    readOf,
    /** The settings that the edits are of. */
    base,
    /** The names of what was edited. */
    changed,
    isDirty,
    isSaving: saving.isPending,
    isSaved: saving.isSuccess && !isDirty,
    error: saving.error,
    /** Whether all that is wrong is said at the fields of the form. */
    isPlaced: areUnder(saving.error, names),
    isConflict: isConflict(saving.error),
    edit(change: Partial<Typed>) {
      setEdits({ ...edits, ...change });
      saving.reset();
    },
    discard() {
      setEdits({});
      saving.reset();
    },
    save(onSettled?: () => void) {
      const entries = changed.map((name) => [name, changeOf(savedOf(name), readOf(name))]);
      saving.mutate(
        { change: Object.fromEntries(entries), edits },
        onSettled === undefined ? {} : { onSettled },
      );
    },
    /** Saves what is in none of the fields. */
    saveAlso(change: SettingsChange) {
      saving.mutate({ change, edits: null });
    },
    /** Throws away what was edited and shows what is saved now. */
    async loadCurrent() {
      load(await queries.fetchQuery({ ...settingsQuery, staleTime: 0 }));
      saving.reset();
    },
  };
}

/** What the parts around the fields need to know, whatever is typed into them. */
export type SettingsFormState = Omit<
  ReturnType<typeof useSettingsForm<object>>,
  "typedOf" | "readOf" | "edit" | "changed"
>;
