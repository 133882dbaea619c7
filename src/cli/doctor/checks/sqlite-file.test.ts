import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../../store/store.ts";
import { checkSqliteFile } from "./sqlite-file.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-doctor-"));
  file = join(folder, "sendwright.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The checks in short. */
const found = () => {
  const { checks, isReadable } = checkSqliteFile(file);
  return { checks: Object.fromEntries(checks.map(({ id, status }) => [id, status])), isReadable };
};

describe("the file of the database", () => {
  it("is sound as a server leaves it, and stays as it was to the byte", async () => {
    await (await openSqliteStore(file)).close();
    const before = { files: readdirSync(folder), bytes: readFileSync(file) };
    expect(found()).toEqual({
      checks: {
        "database.file": "ok",
        "database.access": "ok",
        "database.integrity": "ok",
        "database.journal": "ok",
      },
      isReadable: true,
    });
    expect({ files: readdirSync(folder), bytes: readFileSync(file) }).toEqual(before);
  });

  it("is looked at while a server has it open", async () => {
    const store = await openSqliteStore(file);
    try {
      expect(found().isReadable).toBe(true);
    } finally {
      await store.close();
    }
  });

  it("that is missing is not made", () => {
    expect(found()).toEqual({ checks: { "database.file": "warning" }, isReadable: false });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of another kind is told of", () => {
    writeFileSync(file, "this is no database at all, but long enough to be taken for one");
    expect(checkSqliteFile(file).checks).toMatchObject([
      { status: "failed", found: `${file} is not a SQLite database.` },
    ]);
  });

  it("of another program is left alone", () => {
    const foreign = new DatabaseSync(file);
    foreign.exec("create table bookmarks (url text)");
    foreign.close();
    expect(checkSqliteFile(file)).toMatchObject({
      checks: [{ status: "failed", found: expect.stringContaining("bookmarks") }],
      isReadable: false,
    });
  });

  it("is for its owner's eyes alone, with the log beside it and the copies from before upgrades", async () => {
    const store = await openSqliteStore(file);
    for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}.before-0002-sign-in`]) {
      // Those that SQLite has open are not opened here: closing them would free its locks.
      if (!existsSync(name)) writeFileSync(name, "");
      chmodSync(name, 0o640);
      const check = checkSqliteFile(file).checks.find(({ id }) => id === "database.access");
      expect(check).toMatchObject({
        status: "warning",
        found: `Other users on this machine can read ${name} (mode 0640), including emails and recipients.`,
        remedy: expect.stringContaining(`chmod 600 ${name}`),
      });
      chmodSync(name, 0o600);
    }
    await store.close();
    expect(found().checks).toMatchObject({ "database.access": "ok" });
  });

  it("must be writable to whoever looks", async () => {
    await (await openSqliteStore(file)).close();
    chmodSync(file, 0o444);
    // Root may write to everything.
    const mayWrite = process.getuid?.() === 0;
    expect(found().checks).toMatchObject({ "database.file": mayWrite ? "ok" : "failed" });
  });

  it("keeps a journal mode that is not WAL, and says so", async () => {
    await (await openSqliteStore(file)).close();
    const database = new DatabaseSync(file);
    database.exec("pragma journal_mode = delete");
    expect(found().checks).toMatchObject({ "database.journal": "warning" });
    expect(database.prepare("pragma journal_mode").get()).toEqual({ journal_mode: "delete" });
    database.close();
  });

  it("is reported as locked where another process holds it", async () => {
    await (await openSqliteStore(file)).close();
    const holder = new DatabaseSync(file);
    holder.exec("pragma journal_mode = delete; begin exclusive");
    try {
      expect(checkSqliteFile(file).checks).toMatchObject([
        { status: "failed", found: `${file} is locked by another process.` },
      ]);
    } finally {
      holder.close();
    }
  });

  it("is reported as damaged where pages are", async () => {
    await (await openSqliteStore(file)).close();
    const bytes = readFileSync(file);
    // Everything but the first page, which holds the list of tables.
    bytes.fill(0x5a, 4096 * 2);
    writeFileSync(file, bytes);
    expect(checkSqliteFile(file).checks.some(({ status }) => status === "failed")).toBe(true);
    expect(checkSqliteFile(file).isReadable).toBe(false);
  });
});
