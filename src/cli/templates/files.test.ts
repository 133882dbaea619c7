import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readParts, readTemplates, writeVersion } from "./files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-files-"));
  mkdirSync(join(folder, "welcome", "de"), { recursive: true });
  mkdirSync(join(folder, "_parts", "layout"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeAll(encode: (text: string) => string | Uint8Array): void {
  for (const [file, text] of [
    ["welcome/template.json", '{\n"version": 3\n}\n'],
    ["welcome/de/subject.txt", "Grüße\n"],
    ["welcome/de/body.mjml", "<mj-text>\n  Hallo\n</mj-text>\n"],
    ["_parts/layout/part.json", '{"version": 1}\n'],
    ["_parts/layout/body.mjml", "<mj-body />\n"],
  ] as const) {
    writeFileSync(join(folder, file), encode(text));
  }
}

describe("template files", () => {
  it("are the same with a byte order mark and with line ends of Windows", () => {
    writeAll((text) => text);
    const plain = [readTemplates(folder), readParts(folder)];
    writeAll((text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`);
    expect([readTemplates(folder), readParts(folder)]).toEqual(plain);
    writeVersion(folder, "template", "welcome", 4);
    expect(readTemplates(folder)[0]?.definition.version).toBe(4);
  });

  it("are refused by name in another encoding than UTF-8", () => {
    writeAll((text) => Buffer.from(`\uFEFF${text}`, "utf16le"));
    expect(() => readTemplates(folder)).toThrow(
      /^The file .*subject\.txt is UTF-16 or contains NUL bytes: save/,
    );
    writeAll((text) => Buffer.from(text, "latin1"));
    expect(() => readTemplates(folder)).toThrow(/^The file .*subject\.txt is not UTF-8: save it as UTF-8\.$/);
  });
});
