import { SegmentedControl, Switch, TextInput } from "@mantine/core";
import { useEffect, useId, useState } from "react";
import { CodeEditor, type Leap } from "../../code/code-editor.tsx";
import type { Language } from "../../code/code-view.ts";
import { jsonFault } from "../../code/json-text.ts";
import type { Schema } from "../../parts/json-schema.ts";
import { Card } from "../../parts/page.tsx";
import { readData } from "../../parts/read-data.ts";
import type { Source } from "../draft.ts";
import * as page from "../strings.ts";
import styles from "./editor.module.css";
import { FaultList } from "./fault-list.tsx";
import { faultsOf, type SourceFault, type TextField } from "./source-faults.ts";
import * as t from "./strings.ts";
import type { TemplateEditor } from "./use-template-editor.ts";

const tabs = ["mjml", "text", "example", "schema"] as const;
type Tab = (typeof tabs)[number];
const languages: Record<Tab, Language> = { mjml: "mjml", text: "text", example: "json", schema: "json" };
/** A plain text of one's own begins with this. */
const firstText = "{{ subject }}\n";

/** Where the author is to be led: a text, and the place in it. */
export interface Target {
  readonly field: TextField;
  readonly leap: Leap;
}

interface SourceCardProps {
  readonly editor: TemplateEditor;
  readonly locale: string;
  readonly faults: readonly SourceFault[];
  readonly target: Target | null;
  readonly onGoTo: (fault: SourceFault) => void;
  /** The author is where the target was. */
  readonly onArrived: () => void;
}

/** The texts of a template in one language, and the data that it is tried with. */
export function SourceCard({ editor, locale, faults, target, onGoTo, onArrived }: SourceCardProps) {
  const { draft, revision, base, change } = editor;
  const [tab, setTab] = useState<Tab>("mjml");
  const hint = useId();
  const source = draft.sources[locale];
  const schema: Schema = readData(draft.schema) ?? {};
  const jsonFaults = (["example", "schema"] as const).flatMap((field): SourceFault[] => {
    const fault = jsonFault(draft[field], t.notJson);
    return fault === null ? [] : [{ ...fault, locale: null, field }];
  });
  const shown = jsonFaults.length > 0 ? jsonFaults : faults;

  useEffect(() => {
    const wanted = tabs.find((each) => each === target?.field);
    if (wanted !== undefined) setTab(wanted);
  }, [target]);

  if (source === undefined) return null;
  const changeSource = (part: Partial<Source>) =>
    change({ sources: { ...draft.sources, [locale]: { ...source, ...part } } });
  const key = (field: TextField) => `${revision} ${field} ${locale}`;
  const props = (field: TextField) => ({
    schema,
    faults: faultsOf(shown, field, locale),
    leap: target?.field === field ? target.leap : null,
    onLeapt: onArrived,
  });

  return (
    <Card title={t.source} className={styles.source}>
      <div className={styles.inset}>
        <CodeEditor
          key={key("subject")}
          label={page.fields.subject}
          language="text"
          size="small"
          initial={source.subject}
          onChange={(subject) => changeSource({ subject })}
          {...props("subject")}
        />
        <CodeEditor
          key={key("preheader")}
          label={page.fields.preheader}
          language="text"
          size="small"
          initial={source.preheader ?? ""}
          onChange={(text) => changeSource({ preheader: text === "" ? null : text })}
          {...props("preheader")}
        />
        <SegmentedControl
          aria-label={t.whatToEdit}
          data={tabs
            .filter((each) => each !== "schema" || !base.isBuiltIn)
            .map((each) => ({ value: each, label: t.tabs[each] }))}
          value={tab}
          onChange={(value) => setTab(tabs.find((each) => each === value) ?? "mjml")}
        />
        {tab === "text" && (
          <Switch
            label={t.madeFromHtml}
            description={t.madeFromHtmlHint}
            checked={source.text === null}
            onChange={(event) => changeSource({ text: event.currentTarget.checked ? null : firstText })}
          />
        )}
        {tab === "schema" && (
          <>
            <TextInput
              label={page.fields.description}
              value={draft.description}
              onChange={(event) => change({ description: event.currentTarget.value })}
              maxLength={200}
              autoComplete="off"
            />
            <Switch
              label={page.fields.sensitive}
              description={t.sensitiveHint}
              checked={draft.sensitive}
              onChange={(event) => change({ sensitive: event.currentTarget.checked })}
            />
            <TextInput
              className={styles.minutes}
              label={page.fields.expiresAfter}
              description={t.expiresAfterHint}
              rightSection={<span className={styles.unit}>{t.minutes}</span>}
              rightSectionWidth={72}
              inputMode="numeric"
              value={draft.expiresAfter}
              onChange={(event) => change({ expiresAfter: event.currentTarget.value })}
              autoComplete="off"
            />
          </>
        )}
        {(tab !== "text" || source.text !== null) && (
          <CodeEditor
            key={key(tab)}
            label={page.fields[tab]}
            hidesLabel
            language={languages[tab]}
            initial={tab === "example" || tab === "schema" ? draft[tab] : (source[tab] ?? "")}
            onChange={(text) =>
              tab === "example" || tab === "schema" ? change({ [tab]: text }) : changeSource({ [tab]: text })
            }
            describedBy={hint}
            {...props(tab)}
          />
        )}
        <p id={hint} className={styles.hint}>
          {tab === "example" && `${base.isBuiltIn ? t.exampleHintBuiltIn : t.exampleHint} `}
          {tab === "schema" && `${t.schemaHint} `}
          {t.editorKeys}
        </p>
      </div>
      <FaultList faults={shown} onGoTo={onGoTo} />
    </Card>
  );
}
