import { expect, test } from "vitest";
import { faultsOf, sourceFaults } from "./source-faults.ts";

const draft = { example: '{\n  "items": [{ "title": 3 }]\n}', schema: '{\n  "properties": {}\n}' };

function found(pointer: string, place: { line?: number; column?: number } = {}) {
  return sourceFaults([{ pointer, detail: "is wrong", ...place }], draft, "de")[0];
}

test("puts a fault of what is being written into its text, in the language that was looked at", () => {
  expect(found("/source/mjml", { line: 3, column: 7 })).toEqual({
    detail: "is wrong",
    line: 3,
    column: 7,
    locale: "de",
    field: "mjml",
  });
});

test("puts a fault of what was to be saved into its text and language", () => {
  expect(found("/sources/fr/subject", { line: 1, column: 2 })).toMatchObject({
    locale: "fr",
    field: "subject",
    line: 1,
  });
  expect(found("/sources/fr")).toMatchObject({ locale: "fr", field: null });
});

test("finds wrong data in its JSON, whether it was tried or saved", () => {
  const place = { field: "example", line: 2, column: 15, detail: "items.0.title: is wrong" };
  expect(found("/data/items/0/title")).toMatchObject(place);
  expect(found("/example/items/0/title")).toMatchObject(place);
  expect(found("/schema/properties")).toMatchObject({ field: "schema", line: 2, column: 3 });
});

test("names a field that no editor shows", () => {
  expect(found("/description")).toMatchObject({ field: null, detail: "description: is wrong" });
});

test("shows the faults of one text in one language", () => {
  const errors = ["/sources/de/mjml", "/sources/en/mjml", "/example"].map((pointer) => ({
    pointer,
    detail: pointer,
  }));
  const all = sourceFaults(errors, draft, "de");
  expect(faultsOf(all, "mjml", "en").map(({ detail }) => detail)).toEqual(["/sources/en/mjml"]);
  expect(faultsOf(all, "example", "en")).toHaveLength(1);
});
