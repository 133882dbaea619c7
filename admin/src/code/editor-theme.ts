import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** CodeMirror in the colours of the pages: the tokens change with light and dark, this does not. */
const frame = EditorView.theme({
  "&": { color: "var(--sw-text)", backgroundColor: "transparent", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--sw-text)" },
  ".cm-line": { padding: "0 12px" },
  ".cm-cursor": { borderLeftColor: "var(--sw-text)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--sw-link) 24%, transparent)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sw-link) 5%, transparent)" },
  ".cm-gutters": {
    border: "0",
    backgroundColor: "transparent",
    color: "var(--sw-text-faint)",
    fontSize: "0.75rem",
  },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "30px", padding: "0 2px 0 8px", lineHeight: "20.8px" },
  ".cm-foldGutter .cm-gutterElement": { width: "12px", cursor: "pointer" },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "10px", height: "20.8px" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--sw-text)" },
  ".cm-liquid": { borderRadius: "3px", backgroundColor: "var(--sw-brass-soft)" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--sw-brass) 22%, transparent)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    boxShadow: "inset 0 -2px 0 var(--sw-brass)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--sw-bad-soft)" },
  ".cm-foldPlaceholder": {
    border: "1px solid var(--sw-line)",
    backgroundColor: "var(--sw-sunken)",
    color: "var(--sw-text-soft)",
    padding: "0 6px",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--sw-bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--sw-bad)" },
  ".cm-tooltip": {
    border: "1px solid var(--sw-line-strong)",
    borderRadius: "6px",
    backgroundColor: "var(--sw-surface)",
    boxShadow: "var(--sw-shadow-high)",
    color: "var(--sw-text)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mantine-font-family-monospace)",
    fontSize: "0.8125rem",
    maxHeight: "16em",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--sw-action)",
    color: "var(--sw-on-action)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionInfo": { padding: "6px 10px", maxWidth: "260px", fontSize: "0.8125rem" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--mantine-font-family)", maxWidth: "420px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--sw-bad)" },
  ".cm-panels": { backgroundColor: "var(--sw-sunken)", color: "var(--sw-text)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--sw-line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--sw-line)" },
  ".cm-panel.cm-search": { padding: "8px 28px 8px 10px", fontFamily: "var(--mantine-font-family)" },
  ".cm-panel.cm-search label": { fontSize: "0.75rem", whiteSpace: "nowrap" },
  ".cm-textfield": {
    border: "1px solid var(--sw-line-strong)",
    borderRadius: "4px",
    backgroundColor: "var(--sw-surface)",
    color: "var(--sw-text)",
  },
  ".cm-button": {
    border: "1px solid var(--sw-line-strong)",
    borderRadius: "4px",
    backgroundColor: "var(--sw-surface)",
    backgroundImage: "none",
    color: "var(--sw-text)",
  },
  ".cm-panel.cm-search [name=close]": { color: "var(--sw-text)", fontSize: "1.1rem" },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--sw-brass) 30%, transparent)" },
  ".cm-searchMatch-selected": { backgroundColor: "color-mix(in srgb, var(--sw-brass) 60%, transparent)" },
  ".cm-placeholder": { color: "var(--sw-text-faint)" },
  // Differences: what goes and what comes.
  "& .cm-changedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "var(--sw-good-soft)" },
  "& .cm-inlineChangedLine": { backgroundColor: "var(--sw-good-soft)" },
  "& .cm-deletedChunk": { backgroundColor: "var(--sw-bad-soft)", padding: "0 12px" },
  "& .cm-deletedChunk .cm-deletedText, & .cm-deletedText": {
    background: "color-mix(in srgb, var(--sw-bad) 26%, transparent)",
    textDecoration: "none",
  },
  "& .cm-changedText, &.cm-merge-b .cm-changedText": {
    background: "color-mix(in srgb, var(--sw-good) 26%, transparent)",
  },
  "& .cm-deletedLine del": { textDecoration: "none" },
  "& .cm-collapsedLines": {
    background: "var(--sw-sunken)",
    color: "var(--sw-text-soft)",
    padding: "3px 12px",
  },
  "& .cm-changeGutter": { width: "3px", paddingLeft: "1px" },
  "& .cm-changedLineGutter": { background: "var(--sw-good)" },
  "& .cm-deletedLineGutter": { background: "var(--sw-bad)" },
});

const words = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--sw-link)" },
  { tag: [tags.attributeName, tags.propertyName], color: "var(--sw-warn)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--sw-good)" },
  {
    tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword],
    color: "var(--sw-warn)",
    fontWeight: "600",
  },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sw-busy)" },
  { tag: tags.function(tags.variableName), color: "var(--sw-link)" },
  { tag: [tags.comment, tags.processingInstruction], color: "var(--sw-text-faint)" },
  { tag: tags.invalid, color: "var(--sw-bad)" },
]);

export const editorTheme: Extension = [frame, syntaxHighlighting(words)];
