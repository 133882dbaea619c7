import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { apiKeysQuery } from "../../api-keys/api.ts";
import { Icon } from "../../parts/icon.tsx";
import { configsQuery } from "../../smtp/api.ts";
import { templatesQuery } from "../../templates/api.ts";
import styles from "../emails.module.css";
import type { EmailFilter } from "../search.ts";
import { testEmailTemplate } from "../states.ts";
import * as t from "./strings.ts";

/** Those that are behind the button, in their order on the page. */
const names = ["createdFrom", "createdTo", "config", "template", "tag", "caller"] as const;
type Name = (typeof names)[number];
type Values = Pick<EmailFilter, Name>;

interface FiltersProps {
  readonly values: Values;
  readonly onChange: (change: Values) => void;
}

/** What the list is narrowed by beside state and words. Open from the start if anything is set. */
export function Filters({ values, onChange }: FiltersProps) {
  const count = names.filter((name) => values[name] !== undefined).length;
  const [isOpen, open] = useState(count > 0);
  return (
    <>
      <Button
        variant="default"
        aria-expanded={isOpen}
        rightSection={<Icon name={isOpen ? "chevronUp" : "chevronDown"} size={16} />}
        onClick={() => open(!isOpen)}
      >
        {t.filters(count)}
      </Button>
      {isOpen && <Fields values={values} onChange={onChange} />}
    </>
  );
}

function Fields({ values, onChange }: FiltersProps) {
  const configs = useQuery(configsQuery).data ?? [];
  const templates = useQuery(templatesQuery).data ?? [];
  const keys = useQuery(apiKeysQuery).data ?? [];
  const change = (name: Name) => (event: ChangeEvent<HTMLInputElement | HTMLSelectElement>) =>
    onChange({ [name]: event.currentTarget.value || undefined });
  const select = (name: Name, label: string, choices: readonly Choice[]) => (
    <NativeSelect
      label={label}
      data={withChosen(choices, values[name])}
      value={values[name] ?? ""}
      onChange={change(name)}
    />
  );
  const date = (name: "createdFrom" | "createdTo", label: string) => (
    <TextInput type="date" label={label} value={dayOf(values[name])} onChange={change(name)} />
  );
  return (
    <section className={styles.filters} aria-label={t.moreFilters}>
      {date("createdFrom", t.createdFrom)}
      {date("createdTo", t.createdTo)}
      {select(
        "config",
        t.config,
        configs.map(({ id, name }) => ({ value: id, label: name })),
      )}
      {select(
        "template",
        t.template,
        [...templates.map(({ name }) => name), testEmailTemplate].map((name) => ({
          value: name,
          label: name,
        })),
      )}
      <TagField tag={values.tag ?? ""} onChange={(tag) => onChange({ tag: tag || undefined })} />
      {select("caller", t.caller, [
        ...keys.map(({ id, name }) => ({ value: `key:${id}`, label: t.callerKey(name) })),
        { value: "library", label: t.callerLibrary },
        { value: "system", label: t.callerSystem },
      ])}
    </section>
  );
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A link may name a config or template that was deleted: its value is shown as it is. */
function withChosen(choices: readonly Choice[], chosen: string | undefined): Choice[] {
  const isKnown = chosen === undefined || choices.some(({ value }) => value === chosen);
  return [
    { value: "", label: t.anyValue },
    ...choices,
    ...(isKnown ? [] : [{ value: chosen, label: chosen }]),
  ];
}

/** A link may hold a time where the field has a day. */
function dayOf(time: string | undefined): string {
  return time?.slice(0, "2026-06-01".length) ?? "";
}

function TagField({ tag, onChange }: { tag: string; onChange: (tag: string) => void }) {
  const [text, setText] = useState(tag);
  const apply = useDebouncedCallback(onChange, 250);
  const input = useRef<HTMLInputElement>(null);
  // The back button changes the address; text that is being typed stays.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(tag);
  }, [tag]);
  return (
    <TextInput
      ref={input}
      label={t.tag}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        apply(value);
      }}
    />
  );
}
