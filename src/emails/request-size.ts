import { invalidInput } from "../core/parse.ts";

/** Limits on the levels, the values and the fields of one object of a request, beyond what a valid one has. */
const maxDepth = 32;
const maxValues = 50_000;
const maxFields = 1_000;

/**
 * Measures a request, and limits how much it holds before it is walked recursively, or field by field: an object from a caller in the
 * same process may be of any size, or contain itself.
 * @returns the length of all texts and bytes that it holds.
 * @throws SendwrightError `input.invalid`
 */
export function checkRequestSize(input: unknown): number {
  let level = [input];
  let length = 0;
  let values = 1;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw tooMuch(`is nested deeper than ${maxDepth} levels`);
    const next: unknown[] = [];
    for (const holder of level) {
      if (typeof holder === "string") length += holder.length;
      else if (ArrayBuffer.isView(holder)) length += holder.byteLength;
      if (typeof holder !== "object" || holder === null || ArrayBuffer.isView(holder)) continue;
      const held: readonly unknown[] = Array.isArray(holder) ? holder : fieldsOf(holder);
      values += held.length;
      if (values > maxValues) throw tooMuch(`has more than ${maxValues} values`);
      for (const value of held) next.push(value);
    }
    level = next;
  }
  return length;
}

function fieldsOf(holder: object): readonly unknown[] {
  const names = Object.keys(holder);
  if (names.length > maxFields) throw tooMuch(`has an object with more than ${maxFields} fields`);
  // An accessor is not run here: the schema refuses it later.
  return names.map((name) => Object.getOwnPropertyDescriptor(holder, name)?.value);
}

function tooMuch(detail: string): Error {
  return invalidInput([{ pointer: "", detail }]);
}
