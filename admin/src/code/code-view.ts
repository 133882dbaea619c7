import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { json } from "@codemirror/lang-json";
import { closePercentBrace, liquid } from "@codemirror/lang-liquid";
import { bracketMatching, foldGutter, foldKeymap, indentUnit } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  MatchDecorator,
  ViewPlugin,
} from "@codemirror/view";
import type { Schema } from "../parts/json-schema.ts";
import { liquidOffers, mjmlOffers, type Offers } from "./completions.ts";
import { editorTheme } from "./editor-theme.ts";

/** `mjml` and `text` with Liquid in them; `json` without. */
export type Language = "mjml" | "text" | "json";

const liquidMark = new MatchDecorator({
  regexp: /\{\{.*?\}\}|\{%.*?%\}/g,
  decoration: Decoration.mark({ class: "cm-liquid" }),
});

/** Sets apart what is computed, within quotes and tags too. */
const liquidMarks = ViewPlugin.define(
  (view) => ({
    decorations: liquidMark.createDeco(view),
    update(update) {
      this.decorations = liquidMark.updateDeco(update, this.decorations);
    },
  }),
  { decorations: (marks) => marks.decorations },
);

export function languageOf(language: Language): Extension {
  if (language === "json") return json();
  if (language === "text") return [liquid({ base: html({ autoCloseTags: false }) }), liquidMarks];
  const base = html({ matchClosingTags: false, selfClosingTags: true, autoCloseTags: false });
  return [liquid({ base }), closePercentBrace, liquidMarks];
}

/** What can be read and copied, and no more. */
export function readOnlyView(label: string): Extension {
  return [
    editorTheme,
    EditorView.lineWrapping,
    EditorView.editable.of(false),
    // Who has no mouse must be able to scroll.
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0" }),
  ];
}

const completionKinds = {
  field: "property",
  filter: "function",
  tag: "keyword",
  element: "type",
  attribute: "variable",
} as const;

/** Completes what Liquid and MJML may go on with; the schema is asked for each time. */
export function completions(language: Language, schema: () => Schema): Extension {
  if (language === "json") return [];
  function source({ state, pos }: CompletionContext): CompletionResult | null {
    const before = state.sliceDoc(0, pos);
    const found: Offers | null =
      liquidOffers(before, schema()) ?? (language === "mjml" ? mjmlOffers(before) : null);
    if (found === null) return null;
    // In the order that they come: one's own data first.
    const options = found.offers.map(({ label, kind, detail }, index) => ({
      label,
      boost: Math.max(99 - index, -99),
      type: completionKinds[kind],
      ...(detail === undefined ? {} : { info: detail }),
    }));
    return { from: found.from, options, validFor: /^[\w-]*$/ };
  }
  return autocompletion({ override: [source], icons: false, activateOnTyping: true });
}

/** What one line of text needs: no numbers, and Tab goes on to the next field. */
const small: Extension = [
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
];

/** A whole text: Tab indents, and after Esc it goes on to the next field. */
const large: Extension = [
  lineNumbers(),
  foldGutter(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
    ...lintKeymap,
    indentWithTab,
  ]),
];

export function editing(size: "small" | "large"): Extension {
  return [
    editorTheme,
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    indentUnit.of("  "),
    EditorView.lineWrapping,
    size === "small" ? small : large,
  ];
}
