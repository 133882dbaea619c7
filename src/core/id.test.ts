import { expect, it } from "vitest";
import { firstIdAt, newId } from "./id.ts";

it("makes UUIDs of version 7 and variant 2 that carry the time", () => {
  const at = Date.parse("2040-01-02T03:04:05.678Z");
  const id = newId(at);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(at);
});

it("keeps the order of making, also within a millisecond and when the clock steps back", () => {
  const at = Date.parse("2041-01-01T00:00:00Z");
  const ids = Array.from({ length: 10_000 }, (_, index) => newId(index < 9_000 ? at : at - 5_000));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

it("begins a range of ids where a time begins", () => {
  const at = Date.parse("2042-01-01T00:00:00Z");
  const before = newId(at - 1);
  const then = newId(at);
  expect(before < firstIdAt(at) && firstIdAt(at) < then).toBe(true);
});
