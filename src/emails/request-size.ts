import { invalidInput } from "../core/parse.ts";

/** Levels, values and fields of one object that a request may have, more than any that is right has. */
const maxDepth = 32;
const maxValues = 50_000;
const maxFields = 1_000;

/**
 * Looks how much a request holds before anything walks through it by recursion, or field by field: what a
 * caller in the same process hands over may be of any size, or hold itself.
 * @throws SendwrightError `input.invalid`
 */
export function checkRequestSize(input: unknown): void {
  let level = [input];
  let values = 1;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw tooMuch(`is nested deeper than ${maxDepth} levels`);
    const next: unknown[] = [];
    for (const holder of level) {
      if (typeof holder !== "object" || holder === null || ArrayBuffer.isView(holder)) continue;
      const held: readonly unknown[] = Array.isArray(holder) ? holder : fieldsOf(holder);
      values += held.length;
      if (values > maxValues) throw tooMuch(`holds more than ${maxValues} values`);
      for (const value of held) next.push(value);
    }
    level = next;
  }
}

function fieldsOf(holder: object): readonly unknown[] {
  const names = Object.keys(holder);
  if (names.length > maxFields) throw tooMuch(`has an object of more than ${maxFields} fields`);
  // An accessor is refused where it stands, and not run here.
  return names.map((name) => Object.getOwnPropertyDescriptor(holder, name)?.value);
}

function tooMuch(detail: string): Error {
  return invalidInput([{ pointer: "", detail }]);
}
