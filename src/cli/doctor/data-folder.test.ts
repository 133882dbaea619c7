import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "../../core/environment.ts";
import { checkDataFolder, isShut } from "./data-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-doctor-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const found = (dataDir = folder, env = {}) => {
  const { options } = readEnvironment({ SENDWRIGHT_DATA_DIR: dataDir, ...env });
  return Object.fromEntries(checkDataFolder(options).map(({ id, status }) => [id, status]));
};
/** Root may do everything. */
const isRoot = process.getuid?.() === 0;

describe("the data folder", () => {
  it("is well when it is there, with or without a key", () => {
    const well = { "data.folder": "ok", "data.key_file": "ok", "data.space": "ok" };
    expect(found()).toEqual(well);
    writeFileSync(join(folder, "sendwright.key"), "key", { mode: 0o600 });
    expect(found()).toEqual(well);
  });

  it("has too little space while less is free than the service leaves free", () => {
    expect(found(folder, { SENDWRIGHT_MIN_FREE_DISK: "900000TB" })).toMatchObject({
      "data.space": "warning",
    });
  });

  it("holds a key that nobody else may read", () => {
    writeFileSync(join(folder, "sendwright.key"), "key");
    chmodSync(join(folder, "sendwright.key"), 0o640);
    expect(found()).toMatchObject({ "data.key_file": "warning" });
  });

  it("is missing before the first start", () => {
    expect(found(join(folder, "none"))).toEqual({ "data.folder": "warning" });
  });

  it("is a folder", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(found(file)).toEqual({ "data.folder": "failed" });
  });

  it("is told from one that is empty where this user may not look into it", () => {
    chmodSync(folder, 0o000);
    expect(isShut(folder)).toBe(!isRoot);
    expect(found()["data.folder"]).toBe(isRoot ? "ok" : "failed");
    expect(isShut(join(folder, "none"))).toBe(false);
  });
});
