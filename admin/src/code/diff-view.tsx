import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import styles from "./code.module.css";
import { type Language, languageOf, readOnlyView } from "./code-view.ts";

interface DiffViewProps {
  readonly label: string;
  readonly language: Language;
  readonly before: string;
  readonly after: string;
}

/** Two texts as one, with what goes and what comes; what is the same is folded away. */
export function DiffView({ label, language, before, after }: DiffViewProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          readOnlyView(label),
          languageOf(language),
          unifiedMergeView({
            original: before,
            mergeControls: false,
            collapseUnchanged: { margin: 2, minSize: 4 },
            diffConfig: { timeout: 500 },
          }),
        ],
      }),
    });
    return () => view.destroy();
  }, [label, language, before, after]);
  return <div ref={host} className={styles.diff} />;
}
