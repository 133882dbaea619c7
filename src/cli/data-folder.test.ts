import { execFileSync } from "node:child_process";
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

/** What the folder is refused with by a process that permissions hold for; empty if it is not refused. */
function refusalOf(path: string): string {
  const program = `
    import { prepareDataFolder } from ${JSON.stringify(new URL("data-folder.ts", import.meta.url).href)};
    try { prepareDataFolder(${JSON.stringify(path)}); } catch (error) { process.stdout.write(error.message); }`;
  const node = [process.execPath, "--input-type=module", "-e", program];
  // Root may do anything, unless it has no capabilities.
  const isRoot = process.getuid?.() === 0;
  const [command = "", ...given] = isRoot
    ? ["setpriv", "--inh-caps=-all", "--bounding-set=-all", ...node]
    : node;
  return execFileSync(command, given, { encoding: "utf8" });
}

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
        /\((?:EEXIST|ENOTDIR)\)\. Set SENDWRIGHT_DATA_DIR to a directory\.$/,
      );
    }
  });

  it("is refused with a remedy if it, or a file in it, belongs to others", () => {
    const refused = /can't use .* \(EACCES\)\. Make the user of this process \(uid \d+\) the owner of /;
    chmodSync(folder, 0o500);
    expect(refusalOf(folder)).toMatch(refused);
    expect(refusalOf(join(folder, "data"))).toMatch(refused);
    chmodSync(folder, 0o700);
    mkdirSync(join(folder, "data"));
    expect(refusalOf(join(folder, "data"))).toBe("");
    for (const [name, mode] of [
      ["sendwright.db", 0o400],
      ["sendwright.key", 0o000],
    ] as const) {
      const path = join(folder, "data", name);
      writeFileSync(path, "", { mode });
      const refusal = refusalOf(join(folder, "data"));
      expect(refusal).toMatch(refused);
      expect(refusal).toContain(path);
      rmSync(path);
    }
  });
});
