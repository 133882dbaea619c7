import type { Issue } from "../core/errors.ts";
import { pointerToken } from "../core/parse.ts";

/**
 * Texts of a request that no message can hold, also in the data of a template and in the names of fields: half a
 * character, which no UTF-8 has, and NUL, which RFC 5322 §3.5 excludes and at which readers end a text. They are
 * refused rather than sent with U+FFFD in place of what was meant.
 * @param input of a size that `checkRequestSize` accepts.
 */
export function unsendableTexts(input: unknown): Issue[] {
  // Nearly every request is in order, and needs no pointers.
  return isInOrder(input) ? [] : issuesOf(input, "");
}

function isInOrder(value: unknown): boolean {
  if (typeof value === "string") return faultOf(value) === null;
  return namesOf(value).every((name) => faultOf(name) === null && isInOrder(ownValue(value, name)));
}

function issuesOf(value: unknown, pointer: string): Issue[] {
  if (typeof value === "string") {
    const detail = faultOf(value);
    return detail === null ? [] : [{ pointer, detail }];
  }
  return namesOf(value).flatMap((name) => {
    const fault = faultOf(name);
    return fault === null
      ? issuesOf(ownValue(value, name), `${pointer}/${pointerToken(name)}`)
      : [{ pointer, detail: `has a field whose name ${fault}` }];
  });
}

function faultOf(text: string): string | null {
  if (!text.isWellFormed()) {
    return "contains half a character (a lone UTF-16 surrogate): send whole characters";
  }
  return text.includes("\0") ? "contains NUL, which emails can't contain (RFC 5322 §3.5): remove it" : null;
}

function namesOf(value: unknown): readonly string[] {
  const isHolder = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  return isHolder ? Object.keys(value) : [];
}

/** An accessor is not run here: the schema refuses it later. */
function ownValue(holder: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, name)?.value;
}
