import { isDeepStrictEqual } from "node:util";
import type { ServerOptions } from "../../core/environment.ts";
import { type Issue, isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { issuesOf } from "../../core/parse.ts";
import { builtinLayout } from "../../templates/builtin/layout.ts";
import { checkTemplate, type RenderContext } from "../../templates/engine/check.ts";
import { parseDataSchema } from "../../templates/engine/data-schema.ts";
import { builtinEntries } from "../../templates/engine/templates.ts";
import { layoutOf, type TemplateContent, templateOf } from "../../templates/library/content.ts";
import { templateEdit } from "../../templates/library/templates.ts";
import { connectTemplateApi, type RemotePart, type RemoteTemplate } from "../templates/api.ts";
import {
  fileOf,
  type PartFiles,
  readParts,
  readTemplates,
  type TemplateFiles,
  writePart,
  writeTemplate,
  writeVersion,
} from "../templates/files.ts";
import { typesOf } from "../templates/types.ts";

export interface Where {
  readonly url?: string;
}

/** Prints TypeScript for the data of the templates that are not built in. */
export async function templateTypesCommand(options: ServerOptions, { url }: Where): Promise<undefined> {
  const templates = await connectTemplateApi(url, options).templates();
  process.stdout.write(typesOf(templates.filter(({ isBuiltIn }) => !isBuiltIn)));
}

/** Writes what is not as it came into files. */
export async function templatePullCommand(
  options: ServerOptions,
  folder: string,
  { url }: Where,
): Promise<undefined> {
  const api = connectTemplateApi(url, options);
  const templates = (await api.templates()).filter(({ isEdited }) => isEdited);
  const parts = (await api.parts()).filter(({ isEdited }) => isEdited);
  for (const template of templates) writeTemplate(folder, template);
  for (const part of parts) writePart(folder, part);
  for (const { name, version } of [...parts, ...templates]) console.log(`${name}: version ${version}`);
  console.log(`Saved ${templates.length} templates and ${parts.length} parts in ${folder}.`);
}

export interface PushFlags extends Where {
  readonly dryRun: boolean;
  readonly force: boolean;
}

/** One thing that differs from the server's. */
interface Change {
  readonly kind: "template" | "part";
  readonly name: string;
  /** What of it, in words. */
  readonly what: string;
  /** That of the server, 0 where it has none. */
  readonly version: number;
  readonly pulled: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Saves on the server what differs in the files, once all of it is found to work.
 * @returns the exit code.
 */
export async function templatePushCommand(
  options: ServerOptions,
  folder: string,
  flags: PushFlags,
): Promise<number> {
  const files = readTemplates(folder);
  const partFiles = readParts(folder);
  const api = connectTemplateApi(flags.url, options);
  const remoteParts = await api.parts();
  const faults = files.flatMap((file) => faultsOf(folder, file, contextOf(partFiles, remoteParts)));
  if (faults.length > 0) {
    for (const fault of faults) console.error(fault);
    throw new SendwrightError("template.invalid", `${faults.length} errors. Nothing was saved.`);
  }
  const remote = await api.templates();
  const changes = [
    ...partFiles.flatMap((file) =>
      partChange(
        file,
        remoteParts.find(({ name }) => name === file.name),
      ),
    ),
    ...files.flatMap((file) =>
      templateChange(
        file,
        remote.find(({ name }) => name === file.name),
      ),
    ),
  ];
  const newer = changes.filter(({ version, pulled }) => version !== pulled);
  if (newer.length > 0 && !flags.force) {
    const names = newer
      .map(({ name, version, pulled }) => `${name} (pulled ${pulled}, now ${version})`)
      .join(", ");
    throw new SendwrightError(
      "template.version_conflict",
      `The server has newer versions than you pulled: ${names}. Pull again, or use --force.`,
    );
  }
  for (const { kind, name, what, version, body } of changes) {
    if (flags.dryRun) {
      console.log(`${name}: would save ${what}`);
      continue;
    }
    const save = kind === "part" ? api.savePart : api.saveTemplate;
    const saved = await save(name, { ...body, version });
    writeVersion(folder, kind, name, saved);
    console.log(`${name}: saved ${what}, version ${saved}`);
  }
  if (changes.length === 0) console.log("No changes.");
  return 0;
}

function contextOf(files: readonly PartFiles[], remote: readonly RemotePart[]): RenderContext {
  const parts = new Map([...remote, ...files].map(({ name, mjml, text }) => [name, { mjml, text }]));
  const layout = parts.get("layout");
  parts.delete("layout");
  const partials = Object.fromEntries(
    [...parts].map(([name, { mjml, text }]) => [name, text === null ? { mjml } : { mjml, text }]),
  );
  return { layout: layout === undefined ? builtinLayout : layoutOf(layout), partials };
}

/** What is wrong with a template's files, each as `file:line:column: what`. */
function faultsOf(folder: string, file: TemplateFiles, context: RenderContext): string[] {
  return issuesIn(file, context).map(({ pointer, detail, line, column }) => {
    const place = line == null ? "" : `:${line}:${column}`;
    const isPlace = pointer.startsWith("/sources/");
    return `${fileOf(folder, file.name, pointer)}${place}: ${isPlace ? detail : `${pointer}: ${detail}`}`;
  });
}

function issuesIn({ name, definition, sources }: TemplateFiles, context: RenderContext): readonly Issue[] {
  const input = { ...definition, sources };
  const edit = templateEdit.safeParse(input);
  if (!edit.success) return issuesOf(edit.error.issues, input);
  const { description, sensitive = false, expiresAfterMs = null, schema, example } = edit.data;
  const base = { sources: edit.data.sources };
  try {
    let content: TemplateContent = { definition: null, ...base };
    if (schema !== undefined || !builtinEntries.has(name)) {
      if (description === undefined || example === undefined || schema === undefined) {
        return [
          { pointer: "/", detail: "description, schema and example are required for your own templates" },
        ];
      }
      const parsed = parseDataSchema(schema);
      content = { definition: { description, sensitive, expiresAfterMs, schema: parsed, example }, ...base };
    }
    return checkTemplate(templateOf(name, content), context);
  } catch (error) {
    if (isSendwrightError(error)) return error.issues;
    throw error;
  }
}

function templateChange(
  { name, definition, sources }: TemplateFiles,
  remote: RemoteTemplate | undefined,
): Change[] {
  const { version: pulled, ...fields } = definition;
  const body = { ...fields, sources };
  if (remote === undefined)
    return [{ kind: "template", name, what: "a new template", version: 0, pulled, body }];
  const locales = [...new Set([...Object.keys(sources), ...Object.keys(remote.sources)])];
  const differing = locales.filter((locale) => !isDeepStrictEqual(sources[locale], remote.sources[locale]));
  // The server writes out what a schema leaves to its rules.
  const { schema } = fields;
  const written = schema === undefined ? fields : { ...fields, schema: { ...parseDataSchema(schema) } };
  const changed = Object.entries(written)
    .filter(([field, value]) => !isDeepStrictEqual(value, remote[field as keyof RemoteTemplate]))
    .map(([field]) => field);
  const what = [...differing, ...changed].join(", ");
  return what === "" ? [] : [{ kind: "template", name, what, version: remote.version, pulled, body }];
}

function partChange(
  { name, version: pulled, mjml, text }: PartFiles,
  remote: RemotePart | undefined,
): Change[] {
  const body = { mjml, text };
  if (remote === undefined) return [{ kind: "part", name, what: "a new part", version: 0, pulled, body }];
  if (remote.mjml === mjml && remote.text === text) return [];
  return [{ kind: "part", name, what: "the part", version: remote.version, pulled, body }];
}
