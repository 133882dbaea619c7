import type { TemplateChange, TemplateKind } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db, TemplateRow, TemplateVersionRow } from "../schema.ts";
import { readSetting, writeSetting } from "./settings.ts";

/** A template or part as admins have left it. */
export interface StoredTemplate {
  readonly kind: TemplateKind;
  readonly name: string;
  /** That of its newest version, from 1 on. */
  readonly version: number;
  readonly revision: number;
  /** Whoever reads it knows its shape and parses it. Null where the built-in one is used again. */
  readonly content: unknown;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

/** One saving of a template or part. */
export interface TemplateVersion {
  readonly version: number;
  readonly change: TemplateChange;
  readonly note: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface TemplateKey {
  readonly kind: TemplateKind;
  readonly name: string;
}

const revisionKey = "templates_revision";

/** Grows with each change of templates, parts or brand; 0 before the first. */
export async function readTemplatesRevision(db: Db): Promise<number> {
  const saved = await readSetting(db, revisionKey);
  return typeof saved === "number" ? saved : 0;
}

/**
 * Takes the next revision. To be called in a transaction of `Store.exclusively`, else two writers could take
 * the same one.
 */
export async function nextTemplatesRevision(db: Db): Promise<number> {
  const revision = (await readTemplatesRevision(db)) + 1;
  await writeSetting(db, revisionKey, revision);
  return revision;
}

/** Which there are, without what they hold. */
export async function listTemplateKeys(db: Db): Promise<TemplateKey[]> {
  return db.selectFrom("templates").select(["kind", "name"]).execute();
}

/** Those that were written after a revision; 0 gives all. */
export async function listTemplatesSince(db: Db, revision: number): Promise<StoredTemplate[]> {
  const rows = await db
    .selectFrom("templates")
    .select(columns.templates)
    .where("revision", ">", revision)
    .orderBy("name")
    .execute();
  return rows.map(fromRow);
}

export async function findTemplate(db: Db, { kind, name }: TemplateKey): Promise<StoredTemplate | undefined> {
  const row = await db
    .selectFrom("templates")
    .select(columns.templates)
    .where("kind", "=", kind)
    .where("name", "=", name)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Writes a template and, as its newest version, what it is now. */
export async function saveTemplate(
  db: Db,
  template: StoredTemplate,
  { change, note }: Pick<TemplateVersion, "change" | "note">,
): Promise<void> {
  const row = toRow(template);
  const { kind, name, created_at: _since, ...changed } = row;
  await db
    .insertInto("templates")
    .values(row)
    .onConflict((conflict) => conflict.columns(["kind", "name"]).doUpdateSet(changed))
    .execute();
  const { version, content_json, updated_at, updated_by } = row;
  await db
    .insertInto("template_versions")
    .values({
      kind,
      name,
      version,
      change,
      note,
      content_json,
      created_at: updated_at,
      created_by: updated_by,
    })
    .execute();
}

/** Deletes a template with all its versions. */
export async function deleteTemplate(db: Db, { kind, name }: TemplateKey): Promise<void> {
  await db.deleteFrom("template_versions").where("kind", "=", kind).where("name", "=", name).execute();
  await db.deleteFrom("templates").where("kind", "=", kind).where("name", "=", name).execute();
}

/** The newest first, without what they hold. */
export async function listTemplateVersions(db: Db, { kind, name }: TemplateKey): Promise<TemplateVersion[]> {
  const rows = await db
    .selectFrom("template_versions")
    .select(["version", "change", "note", "created_at", "created_by"])
    .where("kind", "=", kind)
    .where("name", "=", name)
    .orderBy("version", "desc")
    .execute();
  return rows.map(versionOf);
}

export async function findTemplateVersion(
  db: Db,
  { kind, name }: TemplateKey,
  version: number,
): Promise<(TemplateVersion & { readonly content: unknown }) | undefined> {
  const row = await db
    .selectFrom("template_versions")
    .select(columns.template_versions)
    .where("kind", "=", kind)
    .where("name", "=", name)
    .where("version", "=", version)
    .executeTakeFirst();
  return row === undefined ? undefined : { ...versionOf(row), content: contentOf(row.content_json) };
}

function versionOf(row: Omit<TemplateVersionRow, "kind" | "name" | "content_json">): TemplateVersion {
  const { version, change, note, created_at, created_by } = row;
  return { version, change, note, createdAt: created_at, createdBy: created_by };
}

function fromRow(row: TemplateRow): StoredTemplate {
  return {
    kind: row.kind,
    name: row.name,
    version: row.version,
    revision: row.revision,
    content: contentOf(row.content_json),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

function toRow(template: StoredTemplate): TemplateRow {
  return {
    kind: template.kind,
    name: template.name,
    version: template.version,
    revision: template.revision,
    content_json: template.content === null ? null : JSON.stringify(template.content),
    created_at: template.createdAt,
    updated_at: template.updatedAt,
    updated_by: template.updatedBy,
  };
}

function contentOf(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
