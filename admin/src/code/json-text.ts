import { jsonLanguage } from "@codemirror/lang-json";
import type { SyntaxNode } from "@lezer/common";
import { readData } from "../parts/read-data.ts";
import type { Fault } from "./faults.ts";

/**
 * Where in a JSON text a pointer (RFC 6901) leads, or the nearest that is there above it, from 1 on.
 * A member is found by its name, so that what stands there can be seen.
 */
export function placeOfPointer(text: string, pointer: string): { line: number; column: number } {
  let value: SyntaxNode | null = jsonLanguage.parser.parse(text).topNode.firstChild;
  let at = value?.from ?? 0;
  for (const token of pointer.split("/").slice(1)) {
    const step: { shown: SyntaxNode; value: SyntaxNode | null } | null =
      value === null ? null : childOf(text, value, token.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (step === null) break;
    at = step.shown.from;
    value = step.value;
  }
  return placeAt(text, at);
}

function childOf(text: string, node: SyntaxNode, token: string) {
  if (node.name === "Object") {
    const property = node.getChildren("Property").find(({ firstChild: name }) => {
      return name !== null && nameOf(text.slice(name.from, name.to)) === token;
    });
    return property === undefined ? null : { shown: property, value: property.lastChild };
  }
  if (node.name !== "Array") return null;
  let index = 0;
  for (let item = node.firstChild; item !== null; item = item.nextSibling) {
    if (/^[[\],]$/.test(item.name) || item.type.isError) continue;
    if (String(index) === token) return { shown: item, value: item };
    index += 1;
  }
  return null;
}

function nameOf(quoted: string): unknown {
  try {
    return JSON.parse(quoted);
  } catch {
    return null;
  }
}

/** Where a text stops being a JSON object; null where it is one. The words are the page's. */
export function jsonFault(text: string, detail: string): Fault | null {
  if (readData(text) !== null) return null;
  let at: number | null = null;
  jsonLanguage.parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) at ??= node.from;
      return at === null;
    },
  });
  return { detail, ...placeAt(text, at ?? 0) };
}

function placeAt(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
}
