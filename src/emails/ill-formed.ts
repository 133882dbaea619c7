import type { Issue } from "../core/errors.ts";
import { pointerToken } from "../core/parse.ts";

const detail = "holds half a character (a UTF-16 surrogate without its other half): send whole characters";

/**
 * Texts of a request that no UTF-8 can hold, also in the data of a template and in the names of fields. They are
 * refused rather than sent with U+FFFD in place of what was meant.
 * @param input of a size that `checkRequestSize` accepts.
 */
export function illFormedTexts(input: unknown): Issue[] {
  // Nearly every request is well-formed, and needs no pointers.
  return isWellFormed(input) ? [] : issuesOf(input, "");
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  return namesOf(value).every((name) => name.isWellFormed() && isWellFormed(ownValue(value, name)));
}

function issuesOf(value: unknown, pointer: string): Issue[] {
  if (typeof value === "string") return value.isWellFormed() ? [] : [{ pointer, detail }];
  return namesOf(value).flatMap((name) =>
    name.isWellFormed()
      ? issuesOf(ownValue(value, name), `${pointer}/${pointerToken(name)}`)
      : [{ pointer, detail: `has a field whose name ${detail}` }],
  );
}

function namesOf(value: unknown): readonly string[] {
  const isHolder = typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
  return isHolder ? Object.keys(value) : [];
}

/** An accessor is not run here: the schema refuses it later. */
function ownValue(holder: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, name)?.value;
}
