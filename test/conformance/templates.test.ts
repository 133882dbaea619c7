import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import {
  deleteTemplate,
  findTemplate,
  findTemplateVersion,
  listTemplateKeys,
  listTemplatesSince,
  listTemplateVersions,
  nextTemplatesRevision,
  readTemplatesRevision,
  type StoredTemplate,
  saveTemplate,
} from "../../src/store/tables/templates.ts";
import { databases } from "./databases.ts";

const now = Date.parse("2026-06-01T12:00:00Z");

describe.each(databases)("templates on $name", ({ start, open, stop, shared }) => {
  let store: Store;
  let another: () => Promise<Store>;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, another, dispose } = await open());
  });
  afterEach(() => dispose());

  async function save(
    template: Partial<StoredTemplate> & { readonly name: string },
    change: "created" | "edited" | "reset" = "edited",
    on: Store = store,
  ): Promise<StoredTemplate> {
    return on.exclusively(async (db) => {
      const stored: StoredTemplate = {
        kind: "template",
        version: 1,
        revision: await nextTemplatesRevision(db),
        content: { text: "Grüße {{ name }}" },
        createdAt: now,
        updatedAt: now,
        updatedBy: "Ada",
        ...template,
      };
      await saveTemplate(db, stored, { change, note: null });
      return stored;
    });
  }

  it("keeps each version, and the newest as what is used", async () => {
    const first = await save({ name: "welcome" }, "created");
    const second = await save({ name: "welcome", version: 2, content: { text: "Hi" }, createdAt: now + 1 });
    expect(await findTemplate(store.db, second)).toEqual({ ...second, createdAt: first.createdAt });
    expect(await listTemplateVersions(store.db, first)).toEqual([
      { version: 2, change: "edited", note: null, createdAt: now, createdBy: "Ada" },
      { version: 1, change: "created", note: null, createdAt: now, createdBy: "Ada" },
    ]);
    expect(await findTemplateVersion(store.db, first, 1)).toMatchObject({ content: first.content });
    expect(await findTemplateVersion(store.db, first, 3)).toBeUndefined();
  });

  it("tells a part from a template of the same name", async () => {
    await save({ name: "layout", content: { mjml: "a template" } });
    await save({ name: "layout", kind: "part", content: { mjml: "a part" } });
    const part = await findTemplate(store.db, { kind: "part", name: "layout" });
    expect(part?.content).toEqual({ mjml: "a part" });
    await deleteTemplate(store.db, { kind: "part", name: "layout" });
    expect(await listTemplateKeys(store.db)).toEqual([{ kind: "template", name: "layout" }]);
  });

  it("keeps that the built-in one is used again", async () => {
    await save({ name: "password-reset" });
    await save({ name: "password-reset", version: 2, content: null }, "reset");
    const key = { kind: "template", name: "password-reset" } as const;
    expect((await findTemplate(store.db, key))?.content).toBeNull();
    expect((await findTemplateVersion(store.db, key, 2))?.content).toBeNull();
  });

  it("lists what was written after a revision", async () => {
    expect(await readTemplatesRevision(store.db)).toBe(0);
    const one = await save({ name: "one" });
    const two = await save({ name: "two" });
    expect((await listTemplatesSince(store.db, 0)).map(({ name }) => name)).toEqual(["one", "two"]);
    expect(await listTemplatesSince(store.db, one.revision)).toEqual([two]);
    expect(await listTemplatesSince(store.db, await readTemplatesRevision(store.db))).toEqual([]);
  });

  it("refuses to write a version twice", async () => {
    await save({ name: "welcome" });
    await expect(save({ name: "welcome" })).rejects.toThrow();
    expect(await readTemplatesRevision(store.db)).toBe(1);
  });

  if (!shared) return;

  it("gives no two writers the same revision", async () => {
    const other = await another();
    const names = Array.from({ length: 12 }, (_, index) => `template-${index}`);
    const saved = await Promise.all(
      names.map((name, index) => save({ name }, "created", index % 2 === 0 ? store : other)),
    );
    expect(saved.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(names.map((_, n) => n + 1));
  });
});
