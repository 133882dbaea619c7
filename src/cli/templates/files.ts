import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SendwrightError } from "../../core/errors.ts";
import { parse } from "../../core/parse.ts";
import { readTextFile } from "../../core/text-file.ts";
import type { RemotePart, RemoteTemplate, Source } from "./api.ts";

/**
 * Templates as files, one for each text, so that a change is seen in git where it was made:
 *
 *     welcome/template.json       version, description, schema, example …; of a built-in one the version alone
 *     welcome/de/subject.txt  preheader.txt  body.mjml  text.txt
 *     _parts/layout/part.json  body.mjml  text.txt
 */
const partsFolder = "_parts";

const definition = z.strictObject({
  version: z.int().min(0),
  description: z.string().optional(),
  sensitive: z.boolean().optional(),
  expiresAfterMs: z.number().nullable().optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
  example: z.record(z.string(), z.unknown()).optional(),
});
const partDefinition = z.strictObject({ version: z.int().min(0) });

export interface TemplateFiles {
  readonly name: string;
  readonly definition: z.output<typeof definition>;
  readonly sources: Readonly<Record<string, Source>>;
}

export interface PartFiles {
  readonly name: string;
  readonly version: number;
  readonly mjml: string;
  readonly text: string | null;
}

/** The file of each field of a source. */
const sourceFiles = {
  subject: "subject.txt",
  preheader: "preheader.txt",
  mjml: "body.mjml",
  text: "text.txt",
} as const satisfies Record<keyof Source, string>;

/** @throws SendwrightError `input.invalid` for a folder that is not there, or a file that cannot be read. */
export function readTemplates(folder: string): TemplateFiles[] {
  if (!existsSync(folder)) {
    throw new SendwrightError(
      "input.invalid",
      `Directory ${folder} not found. Create it with: sendwright templates pull`,
    );
  }
  return foldersIn(folder)
    .filter((name) => name !== partsFolder)
    .map((name) => {
      const path = join(folder, name);
      const sources = Object.fromEntries(
        foldersIn(path).map((locale) => [locale, readSource(join(path, locale))]),
      );
      return { name, definition: readJson(join(path, "template.json"), definition), sources };
    });
}

export function readParts(folder: string): PartFiles[] {
  const path = join(folder, partsFolder);
  if (!existsSync(path)) return [];
  return foldersIn(path).map((name) => {
    const { version } = readJson(join(path, name, "part.json"), partDefinition);
    return {
      name,
      version,
      mjml: mustRead(join(path, name, "body.mjml")),
      text: readText(join(path, name, "text.txt")),
    };
  });
}

export function writeTemplate(folder: string, template: RemoteTemplate): void {
  const path = join(folder, template.name);
  const { version, isBuiltIn, description, sensitive, expiresAfterMs, schema, example, sources } = template;
  const rest = isBuiltIn ? {} : { description, sensitive, expiresAfterMs, schema, example };
  mkdirSync(path, { recursive: true });
  writeJson(join(path, "template.json"), { version, ...rest });
  for (const locale of foldersIn(path)) {
    if (sources[locale] === undefined) rmSync(join(path, locale), { recursive: true });
  }
  for (const [locale, source] of Object.entries(sources)) {
    mkdirSync(join(path, locale), { recursive: true });
    for (const [field, file] of Object.entries(sourceFiles)) {
      writeText(join(path, locale, file), source[field as keyof Source]);
    }
  }
}

export function writePart(folder: string, { name, version, mjml, text }: RemotePart): void {
  const path = join(folder, partsFolder, name);
  mkdirSync(path, { recursive: true });
  writeJson(join(path, "part.json"), { version });
  writeText(join(path, "body.mjml"), mjml);
  writeText(join(path, "text.txt"), text);
}

/** After a push: the version that the server has from now on. */
export function writeVersion(folder: string, kind: "template" | "part", name: string, version: number): void {
  const path =
    kind === "part" ? join(folder, partsFolder, name, "part.json") : join(folder, name, "template.json");
  writeJson(path, { ...(JSON.parse(readTextFile(path)) as object), version });
}

/** Where a fault stands: `welcome/de/body.mjml:3:7`, from the pointer of an issue. */
export function fileOf(folder: string, name: string, pointer: string): string {
  const [, top, locale = "", field = ""] = pointer.split("/");
  if (top !== "sources") return join(folder, name, "template.json");
  const file = Object.hasOwn(sourceFiles, field) ? sourceFiles[field as keyof Source] : "";
  return join(folder, name, locale, file);
}

function readSource(path: string): Source {
  return {
    subject: mustRead(join(path, sourceFiles.subject)),
    preheader: readText(join(path, sourceFiles.preheader)),
    mjml: mustRead(join(path, sourceFiles.mjml)),
    text: readText(join(path, sourceFiles.text)),
  };
}

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

/** Files end with a line break, texts do not: the last one is the file's. */
function readText(path: string): string | null {
  return existsSync(path) ? readTextFile(path).replace(/\r\n/g, "\n").replace(/\n$/, "") : null;
}

function mustRead(path: string): string {
  const text = readText(path);
  if (text === null) throw new SendwrightError("input.invalid", `${path} is missing.`);
  return text;
}

function writeText(path: string, text: string | null): void {
  if (text === null) rmSync(path, { force: true });
  else writeFileSync(path, `${text}\n`);
}

function readJson<Shape>(path: string, shape: z.ZodType<Shape>): Shape {
  const text = mustRead(path);
  try {
    return parse(shape, JSON.parse(text));
  } catch (error) {
    throw new SendwrightError(
      "input.invalid",
      `${path}: ${error instanceof Error ? error.message : "not valid JSON"}`,
    );
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
