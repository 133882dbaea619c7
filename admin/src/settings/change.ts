/** Values as they go over the API, compared by what they say. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * What of a value has changed, as the API takes it: of an object the fields that differ, of a list or
 * anything else the whole.
 */
export function changeOf<Value>(before: Value, after: Value): Value {
  if (!isRecord(before) || !isRecord(after)) return after;
  const changed = Object.entries(after).filter(([name, value]) => !same(value, before[name]));
  // A change of an object is that object with some of its fields: each may be left out.
  return Object.fromEntries(changed) as Value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
