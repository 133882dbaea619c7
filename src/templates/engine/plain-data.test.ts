import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../../core/errors.ts";
import { plainData } from "./plain-data.ts";

function pointers(input: unknown): string[] {
  try {
    plainData(input);
  } catch (error) {
    if (isSendwrightError(error, "input.invalid")) return error.issues.map((issue) => issue.pointer);
    throw error;
  }
  return [];
}

describe("plainData", () => {
  it("copies JSON values and leaves undefined fields out", () => {
    const input = { a: [1, "x", null, true], b: { c: -0.5 }, d: undefined };
    const copy = plainData(input);
    expect(copy).toEqual({ a: [1, "x", null, true], b: { c: -0.5 } });
    expect(Object.keys(copy)).toEqual(["a", "b"]);
    expect(copy.a).not.toBe(input.a);
  });

  it.each([null, undefined, "x", 1, [], () => 1])("refuses %s in place of an object", (input) => {
    expect(pointers(input)).toEqual(["/data"]);
  });

  it("never runs a getter, nor toString or toJSON", () => {
    const run = () => {
      throw new Error("ran");
    };
    expect(
      pointers({
        get a() {
          return run();
        },
      }),
    ).toEqual(["/data/a"]);
    expect(pointers({ a: { toString: run } })).toEqual(["/data/a/toString"]);
    expect(pointers({ a: { toJSON: run } })).toEqual(["/data/a/toJSON"]);
    expect(pointers({ a: new Proxy(class {}, {}) })).toEqual(["/data/a"]);
  });

  it.each([
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["an instance", new (class Order {})()],
    ["a symbol", Symbol("x")],
    ["a bigint", 1n],
    ["not a number", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["half of a surrogate pair", "\ud800"],
    ["a hole in a list", undefined],
  ])("refuses %s, by its pointer", (_, value) => {
    expect(pointers({ list: [1, value] })).toEqual(["/data/list/1"]);
  });

  it("refuses the key __proto__ and escapes pointers", () => {
    expect(pointers(JSON.parse('{"__proto__":{"a":1}}'))).toEqual(["/data/__proto__"]);
    expect(pointers({ "a/b~c": Number.NaN })).toEqual(["/data/a~1b~0c"]);
  });

  it("bounds depth, number and length, also of data that contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(pointers(loop)).toEqual(["/data"]);
    expect(pointers({ a: new Array(1e9) })).toEqual(["/data/a"]);
    expect(pointers({ a: Array.from({ length: 150 }, () => new Array(150).fill(1)) })).toEqual(["/data"]);
    expect(pointers({ a: "x".repeat(300_000) })).toEqual(["/data"]);
    expect(pointers({ ["k".repeat(300_000)]: 1 })).toEqual(["/data"]);
  });
});
