import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "./csv.ts";

/** The fields of one line, by RFC 4180 §2. */
function fieldsOf(line: string): string[] {
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)];
  return fields.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}

describe("a line of CSV", () => {
  it("gives back its fields, whatever they hold", () => {
    const field = fc.string({ unit: fc.constantFrom(..."a,\"\r\n;'é".split("")), minLength: 1 });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = csvLine(fields);
        expect(line.endsWith("\r\n")).toBe(true);
        const read = fieldsOf(line.slice(0, -2));
        expect(read.map((text, index) => (text === `'${fields[index]}` ? fields[index] : text))).toEqual(
          fields,
        );
      }),
    );
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "＝1", "|cmd"])(
    "defuses %j",
    (text) => {
      expect(fieldsOf(csvLine([text]).slice(0, -2))).toEqual([`'${text}`]);
    },
  );

  it("leaves alone what is no formula", () => {
    expect(csvLine(["a=1", "2026-01-01", 5, -5, true, null, "", "'"])).toBe(
      "a=1,2026-01-01,5,-5,true,,,'\r\n",
    );
  });
});
