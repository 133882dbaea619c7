import { types } from "node:util";
import type { Issue } from "../../core/errors.ts";
import { invalidInput } from "../../core/parse.ts";

const maxDepth = 12;
const maxValues = 20_000;
const maxCharacters = 200_000;

/**
 * Copies a template's data as plain JSON values, before any schema or template touches it. Code that
 * hides in data (getters, `toString`, `toJSON`, inherited fields) is thereby refused without
 * being run, and neither depth nor size is left to the caller.
 *
 * A field whose value is `undefined` counts as left out.
 * @throws SendwrightError `input.invalid`, pointers starting with `/data`.
 */
export function plainData(input: unknown): Readonly<Record<string, unknown>> {
  const walk = new Walk();
  const copy = walk.copy(input, "/data", 0);
  if (!isRecord(copy)) throw invalidInput([{ pointer: "/data", detail: "must be an object" }]);
  return copy;
}

class Walk {
  #values = 0;
  #characters = 0;

  copy(value: unknown, pointer: string, depth: number): unknown {
    this.#values += 1;
    if (this.#values > maxValues) throw refused("/data", `has more than ${maxValues} values`);
    switch (typeof value) {
      case "string":
        this.#count(value);
        // A lone surrogate has no UTF-8 form: it would change on its way.
        if (!value.isWellFormed())
          throw refused(pointer, "contains half a character (a lone UTF-16 surrogate)");
        return value;
      case "boolean":
        return value;
      case "number":
        if (!Number.isFinite(value)) throw refused(pointer, "must be a finite number");
        return value;
      case "object":
        if (value === null) return null;
        if (types.isProxy(value)) throw refused(pointer, "must be a plain value, not a proxy");
        if (depth >= maxDepth) throw refused("/data", `is nested deeper than ${maxDepth} levels`);
        return Array.isArray(value)
          ? this.#array(value, pointer, depth)
          : this.#object(value, pointer, depth);
      default:
        throw refused(pointer, `must be a JSON value, not a ${typeof value}`);
    }
  }

  #array(value: readonly unknown[], pointer: string, depth: number): unknown[] {
    if (value.length > maxValues) throw refused(pointer, `has more than ${maxValues} values`);
    return Array.from({ length: value.length }, (_, index) =>
      this.copy(ownValue(value, String(index), pointer), `${pointer}/${index}`, depth + 1),
    );
  }

  #object(value: object, pointer: string, depth: number): Record<string, unknown> {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) {
      throw refused(pointer, "must be a plain object; write a date as an RFC 3339 string");
    }
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      this.#count(key);
      const field = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (key === "__proto__") throw refused(field, "unknown field");
      const fieldValue = ownValue(value, key, pointer);
      if (fieldValue !== undefined) copy[key] = this.copy(fieldValue, field, depth + 1);
    }
    return copy;
  }

  #count(text: string): void {
    this.#characters += text.length;
    if (this.#characters > maxCharacters) {
      throw refused("/data", `has more than ${maxCharacters} characters`);
    }
  }
}

/** The value of an own field, without running a getter. */
function ownValue(holder: object, key: string, pointer: string): unknown {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property?.get !== undefined || property?.set !== undefined) {
    throw refused(`${pointer}/${key}`, "must be a value, not an accessor");
  }
  return property?.value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(pointer: string, detail: string): Error {
  const issue: Issue = { pointer, detail };
  return invalidInput([issue]);
}
