import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareDataFolder } from "./data-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-data-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

/** Root may do anything. */
const isRoot = process.getuid?.() === 0;

describe("the data folder", () => {
  it("is made for its owner alone, with the folders around it", () => {
    const path = join(folder, "some", "data");
    prepareDataFolder(path);
    prepareDataFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("is refused with a remedy if a file is in its place", () => {
    writeFileSync(join(folder, "data"), "");
    for (const path of [join(folder, "data"), join(folder, "data", "sub")]) {
      expect(() => prepareDataFolder(path)).toThrow(
        /\((?:EEXIST|ENOTDIR)\)\. Set SENDWRIGHT_DATA_DIR to a folder\.$/,
      );
    }
  });

  it.skipIf(isRoot)("is refused with a remedy if it, or a file in it, belongs to others", () => {
    const refused = /cannot use .* \(EACCES\)\. Give .* to the user of this process \(uid \d+\)/;
    chmodSync(folder, 0o500);
    expect(() => prepareDataFolder(folder)).toThrow(refused);
    expect(() => prepareDataFolder(join(folder, "data"))).toThrow(refused);
    chmodSync(folder, 0o700);
    mkdirSync(join(folder, "data"));
    for (const [name, mode] of [
      ["sendwright.db", 0o400],
      ["sendwright.key", 0o000],
    ] as const) {
      const path = join(folder, "data", name);
      writeFileSync(path, "", { mode });
      expect(() => prepareDataFolder(join(folder, "data"))).toThrow(refused);
      expect(() => prepareDataFolder(join(folder, "data"))).toThrow(path);
      rmSync(path);
    }
  });
});
