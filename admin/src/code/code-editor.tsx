import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useEffectEvent, useId, useRef } from "react";
import type { Schema } from "../parts/json-schema.ts";
import styles from "./code.module.css";
import { completions, editing, type Language, languageOf } from "./code-view.ts";
import { type Fault, spanOf } from "./faults.ts";

/** Where the cursor shall go; each object is one leap. */
export interface Leap {
  readonly line: number | null;
  readonly column: number | null;
}

interface CodeEditorProps {
  readonly label: string;
  readonly language: Language;
  /** What it begins with. Another text takes another `key`: the editor keeps its own. */
  readonly initial: string;
  readonly onChange: (value: string) => void;
  /** Of the data, for completions. */
  readonly schema?: Schema;
  readonly faults?: readonly Fault[];
  readonly leap?: Leap | null;
  /** It went there: an editor that comes later shall not. */
  readonly onLeapt?: () => void;
  /** A field of one line or a few, or a whole text. */
  readonly size?: "small" | "large";
  /** Words below that belong to it. */
  readonly describedBy?: string;
  readonly hidesLabel?: boolean;
}

const noFaults: readonly Fault[] = [];
const noSchema: Schema = {};

/** A text for machines, with its faults at their place. */
export function CodeEditor(props: CodeEditorProps) {
  const { label, language, faults = noFaults, leap = null, size = "large", describedBy } = props;
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useEffectEvent(props.onChange);
  const schema = useEffectEvent(() => props.schema ?? noSchema);
  const leapt = useEffectEvent(() => props.onLeapt?.());
  const initial = useEffectEvent(() => props.initial);

  useEffect(() => {
    if (host.current === null) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: initial(),
        extensions: [
          editing(size),
          languageOf(language),
          completions(language, () => schema()),
          size === "large" ? lintGutter() : [],
          EditorView.contentAttributes.of({
            "aria-labelledby": id,
            // It takes the focus as it is; this also tells those who look for it.
            tabindex: "0",
            ...(describedBy === undefined ? {} : { "aria-describedby": describedBy }),
          }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed(state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [language, size, id, describedBy]);

  // Marked when they are others, not with each rendering: meanwhile the marks move with the text.
  const marked = JSON.stringify(faults.map(({ detail, line, column }) => ({ detail, line, column })));
  useEffect(() => {
    const { current } = view;
    if (current === null) return;
    const diagnostics = (JSON.parse(marked) as Fault[]).map((fault) => ({
      ...spanOf(current.state.doc, fault),
      severity: "error" as const,
      message: fault.detail,
    }));
    current.dispatch(setDiagnostics(current.state, diagnostics));
  }, [marked]);

  useEffect(() => {
    const { current } = view;
    if (current === null || leap === null) return;
    const { from } = spanOf(current.state.doc, leap);
    current.dispatch({
      selection: { anchor: from },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    current.focus();
    leapt();
  }, [leap]);

  return (
    <div className={styles.field}>
      <span id={id} className={props.hidesLabel === true ? styles.hidden : styles.label}>
        {label}
      </span>
      <div
        ref={host}
        className={size === "small" ? styles.small : styles.large}
        data-faulty={faults.length > 0 ? "" : undefined}
      />
    </div>
  );
}
