// The templates that admins create and edit, with their versions, beside the built-in ones.
// Every change is checked by rendering before it is stored, so what is stored can be sent.
// It does not send emails: preview.ts renders without sending.
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Issue, isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Actor, TemplateChange } from "../../core/model.ts";
import { invalidInput, issuesOf } from "../../core/parse.ts";
import type { TemplateKey } from "../../store/tables/templates.ts";
import { checkTemplate } from "../engine/check.ts";
import { type DataSchema, parseDataSchema } from "../engine/data-schema.ts";
import type { TemplateInfo } from "../engine/template.ts";
import { builtinEntries, type LoadedTemplates } from "../engine/templates.ts";
import type { TemplateCache } from "./cache.ts";
import {
  contentOf,
  definitionInput,
  entryOf,
  mapValues,
  nameRule,
  readTemplateContent,
  type SourceContent,
  sourcesInput,
  type TemplateContent,
  type TemplateDefinition,
  templateName,
  templateOf,
} from "./content.ts";
import type { TemplateHistory } from "./history.ts";

/** A template with its sources, as admins edit it. */
export interface TemplateDetail extends TemplateInfo {
  readonly sources: Readonly<Record<string, SourceContent>>;
  /** Null for a built-in one that was never changed. */
  readonly updatedAt: number | null;
  readonly updatedBy: string | null;
}

/** One version in the history of a template; version 0 is the built-in one. */
export interface TemplateVersionInfo {
  readonly version: number;
  readonly at: number | null;
  readonly by: string | null;
  readonly note: string | null;
  readonly change: TemplateChange;
}

export type TemplateVersionDetail = TemplateVersionInfo & Omit<TemplateDetail, "updatedAt" | "updatedBy">;

/** Read-only fields come back from clients that edit what GET gave; they are ignored. */
const ignored = z.unknown().optional();

export const templateEdit = z.strictObject({
  ...definitionInput.partial().shape,
  sensitive: z.boolean().optional(),
  expiresAfterMs: definitionInput.shape.expiresAfterMs.unwrap().optional(),
  sources: sourcesInput,
  version: z.int().min(0).describe("Version of the template that you read; 0 for a new one"),
  note: z.string().trim().max(500).nullish().describe("Note about the change"),
  name: ignored,
  isBuiltIn: ignored,
  isEdited: ignored,
  locales: ignored,
  updatedAt: ignored,
  updatedBy: ignored,
});

export interface SavedTemplatesDependencies {
  readonly templates: LoadedTemplates;
  readonly cache: TemplateCache;
  readonly history: TemplateHistory;
}

/** Templates as admins change them: the one way to write them. */
export class SavedTemplates {
  readonly #templates: LoadedTemplates;
  readonly #cache: TemplateCache;
  readonly #history: TemplateHistory;

  constructor({ templates, cache, history }: SavedTemplatesDependencies) {
    this.#templates = templates;
    this.#cache = cache;
    this.#history = history;
  }

  /** @throws SendwrightError `template.not_found` */
  async get(name: string): Promise<TemplateDetail> {
    await this.#cache.reload();
    return this.#describe(name);
  }

  /**
   * Replaces a template, or creates one under a new name. It is stored only if it compiles and renders its example
   * in each language; what is already so is not written again.
   * @param input a TemplateEdit; nothing is assumed about it.
   * @throws SendwrightError `input.invalid` or `template.invalid` with every fault; `template.version_conflict`
   */
  async save(name: string, input: unknown, actor: Actor): Promise<TemplateDetail> {
    await this.#history.write(keyOf(name), actor, () => {
      const before = this.#current(name);
      const isNew = this.#templates.find(name) === undefined;
      const builtin = before?.definition ? undefined : builtinEntries.get(name)?.info;
      const edit = parseEdit(name, input, isNew, builtin);
      const definition = builtin === undefined ? definitionOf(edit, before) : null;
      const content = { definition, sources: edit.sources };
      this.#check(name, content);
      const isSaved = before !== null && isDeepStrictEqual(before, content);
      if (isSaved && this.#templates.get(name).version === edit.version) return null;
      return {
        content,
        change: isNew ? "created" : "edited",
        note: edit.note || null,
        version: edit.version,
        detail: changes(before ?? builtinContent(name), content),
      };
    });
    return this.#describe(name);
  }

  /**
   * Resets a built-in template, whose versions stay; deletes any other with its versions.
   * @throws SendwrightError `template.not_found`
   */
  async remove(name: string, actor: Actor): Promise<void> {
    const { isBuiltIn, isEdited } = await this.get(name);
    const key = keyOf(name);
    if (!isBuiltIn) return this.#history.remove(key, actor, () => void this.#templates.get(name));
    if (!isEdited) return;
    await this.#history.write(key, actor, () => ({
      content: null,
      change: "reset",
      note: null,
      version: null,
      detail: {},
    }));
  }

  /** The newest first, without the built-in one. @throws SendwrightError `template.not_found` */
  async versions(name: string): Promise<TemplateVersionInfo[]> {
    await this.get(name);
    const versions = await this.#history.versions(keyOf(name));
    return versions.map(({ createdAt: at, createdBy: by, ...rest }) => ({ ...rest, at, by }));
  }

  /** @throws SendwrightError `template.not_found` */
  async version(name: string, number: number): Promise<TemplateVersionDetail> {
    await this.get(name);
    const builtin = builtinEntries.get(name);
    const found =
      number === 0 && builtin !== undefined
        ? builtinVersion
        : await this.#history.version(keyOf(name), number);
    const content = found.content === null ? null : readTemplateContent(found.content);
    const entry = content === null ? builtin : entryOf(name, content, number);
    if (entry === undefined) {
      throw new SendwrightError("template.not_found", `Template "${name}" not found.`);
    }
    return {
      ...entry.info,
      version: number,
      at: found.createdAt,
      by: found.createdBy,
      note: found.note,
      change: found.change,
      sources: mapValues(entry.template.sources, contentOf),
    };
  }

  /**
   * Saves an earlier version as the newest one.
   * @param latest the version that is the newest so far.
   * @throws SendwrightError `template.not_found`; `template.version_conflict`; `template.invalid` if it does not fit
   *   today's parts.
   */
  async restore(name: string, number: number, latest: number, actor: Actor): Promise<TemplateDetail> {
    const earlier = await this.version(name, number);
    await this.#history.write(keyOf(name), actor, () => {
      const content = contentOfVersion(earlier);
      if (content !== null) this.#check(name, content);
      return { content, change: "restored", note: null, version: latest, detail: { restored: number } };
    });
    return this.#describe(name);
  }

  #describe(name: string): TemplateDetail {
    const info = this.#templates.get(name);
    const stored = this.#cache.stored(keyOf(name));
    const sources = mapValues(this.#templates.find(name)?.template.sources ?? {}, contentOf);
    const { updatedAt = null, updatedBy = null } = stored ?? {};
    return { ...info, sources, updatedAt, updatedBy };
  }

  /** What is stored of a template; null for a built-in one that was never changed. */
  #current(name: string): TemplateContent | null {
    const content = this.#cache.stored(keyOf(name))?.content ?? null;
    return content === null ? null : readTemplateContent(content);
  }

  #check(name: string, content: TemplateContent): void {
    const issues = checkTemplate(templateOf(name, content), this.#templates.context);
    if (issues.length === 0) return;
    const isExample = issues.some(({ pointer }) => pointer.startsWith("/example"));
    throw faulty(issues, isExample ? "input.invalid" : "template.invalid");
  }
}

function keyOf(name: string): TemplateKey {
  return { kind: "template", name };
}

/** Version 0 of a built-in template. */
const builtinVersion = {
  content: null,
  change: "created" as const,
  createdAt: null,
  createdBy: null,
  note: null,
};

type TemplateEdit = Omit<z.output<typeof templateEdit>, "schema"> & {
  readonly schema?: DataSchema | undefined;
};

/** Everything that is wrong with an edit before it is compiled, in one breath. */
function parseEdit(
  name: string,
  input: unknown,
  isNew: boolean,
  builtin: TemplateInfo | undefined,
): TemplateEdit {
  const result = templateEdit.safeParse(input);
  const issues = result.success ? [] : issuesOf(result.error.issues, input);
  const given: Readonly<Record<string, unknown>> =
    typeof input === "object" && input !== null ? { ...input } : {};
  if (isNew && !templateName.safeParse(name).success) issues.push({ pointer: "/name", detail: nameRule });
  if (builtin !== undefined) {
    // Of a built-in template only the sources can be changed.
    const wrong = definitionFields.filter(
      (field) => given[field] !== undefined && !isSame(given[field], builtin[field]),
    );
    const detail = "can't be changed in a built-in template; create your own template instead";
    issues.push(...wrong.map((field) => ({ pointer: `/${field}`, detail })));
  }
  const isKnown = issues.some(({ pointer }) => pointer === "/schema");
  const schema =
    builtin !== undefined || isKnown || given.schema === undefined
      ? undefined
      : readSchema(given.schema, issues);
  if (isNew) {
    const missing = (["description", "schema", "example"] as const).filter(
      (field) => given[field] === undefined,
    );
    const detail = "is required for a new template";
    issues.push(...missing.map((field) => ({ pointer: `/${field}`, detail })));
  }
  if (!result.success || issues.length > 0) throw faulty(issues);
  return { ...result.data, schema };
}

const definitionFields = ["description", "sensitive", "expiresAfterMs", "schema", "example"] as const;

function readSchema(input: unknown, issues: Issue[]): DataSchema | undefined {
  try {
    return parseDataSchema(input);
  } catch (error) {
    if (!isSendwrightError(error, "input.invalid")) throw error;
    issues.push(...error.issues);
    return undefined;
  }
}

/** What was not said stays as it was. */
function definitionOf(edit: TemplateEdit, before: TemplateContent | null): TemplateDefinition {
  const was = before?.definition;
  const {
    description = was?.description,
    sensitive = was?.sensitive ?? false,
    expiresAfterMs = was?.expiresAfterMs ?? null,
    schema = was?.schema,
    example = was?.example,
  } = edit;
  if (description === undefined || schema === undefined || example === undefined) {
    throw new TypeError("a template that is not new has all of them");
  }
  return { description, sensitive, expiresAfterMs, schema, example };
}

/** As JSON, whatever the order of keys. */
function isSame(one: unknown, other: unknown): boolean {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  return isDeepStrictEqual(plain(one), plain(other));
}

function builtinContent(name: string): TemplateContent | null {
  const builtin = builtinEntries.get(name);
  return builtin === undefined
    ? null
    : { definition: null, sources: mapValues(builtin.template.sources, contentOf) };
}

function contentOfVersion(earlier: TemplateVersionDetail): TemplateContent | null {
  if (!earlier.isEdited) return null;
  const { isBuiltIn, description, sensitive, expiresAfterMs, example, sources } = earlier;
  if (isBuiltIn) return { definition: null, sources };
  const schema = parseDataSchema(earlier.schema);
  return { definition: { description, sensitive, expiresAfterMs, schema, example }, sources };
}

/** For the audit log: which languages and which other fields differ. */
function changes(before: TemplateContent | null, after: TemplateContent): Readonly<Record<string, unknown>> {
  const locales = [...new Set([...Object.keys(before?.sources ?? {}), ...Object.keys(after.sources)])];
  const changedLocales = locales.filter(
    (tag) => !isDeepStrictEqual(before?.sources[tag], after.sources[tag]),
  );
  const { definition } = after;
  const fields = definition === null ? [] : (Object.keys(definition) as (keyof TemplateDefinition)[]);
  const changed = fields.filter(
    (field) => !isDeepStrictEqual(before?.definition?.[field], definition?.[field]),
  );
  return { locales: changedLocales, ...(changed.length === 0 ? {} : { changed }) };
}

/** The error for what is wrong with a template: every issue has its place, or null where none is known. */
export function faulty(
  issues: readonly Issue[],
  code: "input.invalid" | "template.invalid" = "input.invalid",
): SendwrightError {
  const placed = issues.map((issue) => ({ line: null, column: null, ...issue }));
  return new SendwrightError(code, invalidInput(placed).message, { issues: placed });
}
