import { Button, Group, Modal, NativeSelect, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { type SubmitEvent, useState } from "react";
import { Icon } from "../../parts/icon.tsx";
import * as shared from "../../strings.ts";
import { languageName, languageTag } from "../language-name.ts";
import styles from "./editor.module.css";
import * as t from "./strings.ts";
import type { TemplateEditor } from "./use-template-editor.ts";

/** More do not fit side by side. */
const maxTabs = 6;

interface LanguagesProps {
  readonly editor: TemplateEditor;
  readonly locale: string;
  readonly onLocale: (locale: string) => void;
}

export function Languages({ editor, locale, onLocale }: LanguagesProps) {
  const { draft, change } = editor;
  const [adding, add] = useState(false);
  const locales = Object.keys(draft.sources);

  function remove() {
    const { [locale]: _gone, ...sources } = draft.sources;
    change({ sources });
    onLocale("en");
  }

  return (
    <div className={styles.languages}>
      {locales.length <= maxTabs ? (
        <SegmentedControl
          aria-label={t.languageLabel}
          data={locales.map((tag) => ({
            value: tag,
            label: <span title={languageName(tag)}>{tag}</span>,
          }))}
          value={locale}
          onChange={onLocale}
        />
      ) : (
        <NativeSelect
          aria-label={t.languageLabel}
          data={locales.map((tag) => ({ value: tag, label: `${languageName(tag)} (${tag})` }))}
          value={locale}
          onChange={(event) => onLocale(event.currentTarget.value)}
        />
      )}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Icon name="plus" size={14} />}
        onClick={() => add(true)}
      >
        {t.languageAdd}
      </Button>
      {/* English is the last resort of all others. */}
      {locale !== "en" && locales.length > 1 && (
        <Button variant="subtle" color="bad" size="compact-sm" onClick={remove}>
          {t.languageRemove(languageName(locale))}
        </Button>
      )}
      <Modal
        opened={adding}
        onClose={() => add(false)}
        title={t.languageAddTitle}
        closeButtonProps={{ "aria-label": shared.close }}
      >
        <AddLanguage
          editor={editor}
          from={locale}
          onDone={(added) => {
            add(false);
            if (added !== null) onLocale(added);
          }}
        />
      </Modal>
    </div>
  );
}

interface AddLanguageProps {
  readonly editor: TemplateEditor;
  readonly from: string;
  readonly onDone: (added: string | null) => void;
}

function AddLanguage({ editor: { draft, change }, from, onDone }: AddLanguageProps) {
  const [typed, setTyped] = useState("");
  const [copied, setCopied] = useState(from);
  const tag = languageTag(typed);
  const isThere = tag !== null && tag in draft.sources;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const source = draft.sources[copied];
    if (tag === null || isThere || source === undefined) return;
    change({ sources: { ...draft.sources, [tag]: source } });
    onDone(tag);
  }

  return (
    <form onSubmit={submit}>
      <Stack gap={14}>
        <TextInput
          label={t.languageTag}
          description={tag === null || isThere ? t.languageTagHint : languageName(tag)}
          error={isThere ? t.languageExists : undefined}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <NativeSelect
          label={t.languageFrom}
          data={Object.keys(draft.sources).map((each) => ({ value: each, label: languageName(each) }))}
          value={copied}
          onChange={(event) => setCopied(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={() => onDone(null)}>
            {shared.cancel}
          </Button>
          <Button type="submit" disabled={tag === null || isThere}>
            {t.languageAddConfirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
