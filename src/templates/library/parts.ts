import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { SendwrightError } from "../../core/errors.ts";
import type { Actor } from "../../core/model.ts";
import { issuesOf } from "../../core/parse.ts";
import type { TemplateKey } from "../../store/tables/templates.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { checkTemplate } from "../engine/check.ts";
import { partsUsedBy } from "../engine/parts-used.ts";
import type { LoadedTemplates } from "../engine/templates.ts";
import type { TemplateCache } from "./cache.ts";
import { nameRule, type PartContent, partInput, readPartContent, templateName } from "./content.ts";
import type { TemplateHistory } from "./history.ts";
import { contextWith, layoutName, partFaults } from "./render-context.ts";
import { faulty, type TemplateVersionInfo } from "./templates.ts";

/** A part that templates share: the layout, or a partial that they call by its name. */
export interface TemplatePart extends PartContent {
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly isEdited: boolean;
  /** 0 for the built-in layout that was never changed. */
  readonly version: number;
  /** The templates that have it in them. */
  readonly usedBy: readonly string[];
  readonly updatedAt: number | null;
  readonly updatedBy: string | null;
}

export type TemplatePartVersion = TemplateVersionInfo & PartContent & { readonly name: string };

const ignored = z.unknown().optional();

export const partEdit = z.strictObject({
  ...partInput.shape,
  version: z.int().min(0).describe("Version of the part that you read; 0 for a new one"),
  note: z.string().trim().max(500).nullish().describe("Note about the change"),
  name: ignored,
  isBuiltIn: ignored,
  isEdited: ignored,
  usedBy: ignored,
  updatedAt: ignored,
  updatedBy: ignored,
});

export interface TemplatePartsDependencies {
  readonly templates: LoadedTemplates;
  readonly cache: TemplateCache;
  readonly history: TemplateHistory;
}

/** Milliseconds of checking in one go, so other requests are served in between. */
const maxGoMs = 20;

/** The parts as admins change them; a change that would break a template is refused. */
export class TemplateParts {
  readonly #templates: LoadedTemplates;
  readonly #cache: TemplateCache;
  readonly #history: TemplateHistory;

  constructor({ templates, cache, history }: TemplatePartsDependencies) {
    this.#templates = templates;
    this.#cache = cache;
    this.#history = history;
  }

  async list(): Promise<TemplatePart[]> {
    await this.#cache.reload();
    const names = this.#cache.partNames().filter((name) => name !== layoutName);
    return [layoutName, ...names].map((name) => this.#describe(name));
  }

  /** @throws SendwrightError `template.not_found` */
  async get(name: string): Promise<TemplatePart> {
    await this.#cache.reload();
    return this.#describe(name);
  }

  /**
   * Replaces a part, or creates one under a new name.
   * @param input a PartEdit; nothing is assumed about it.
   * @throws SendwrightError `input.invalid`; `template.invalid`, naming the template that it would break;
   *   `template.version_conflict`
   */
  async save(name: string, input: unknown, actor: Actor): Promise<TemplatePart> {
    const key = keyOf(name);
    await this.#history.write(key, actor, async () => {
      const result = partEdit.safeParse(input);
      const issues = result.success ? [] : issuesOf(result.error.issues, input);
      if (!templateName.safeParse(name).success) issues.push({ pointer: "/name", detail: nameRule });
      if (!result.success || issues.length > 0) throw faulty(issues);
      const { mjml, text, version: latest, note } = result.data;
      const content = { mjml, text };
      await this.#check(name, content);
      const before = this.#current(name);
      const isSaved = isDeepStrictEqual(before, content);
      if (isSaved && this.#cache.stored(key)?.version === latest) return null;
      const change = before === null && name !== layoutName ? "created" : "edited";
      return { content, change, note: note || null, version: latest, detail: {} };
    });
    return this.#describe(name);
  }

  /**
   * Resets the layout to the built-in one; deletes any other part, unless a template needs it.
   * @throws SendwrightError `template.not_found`, `template.invalid`
   */
  async remove(name: string, actor: Actor): Promise<void> {
    const { isEdited } = await this.get(name);
    const check = () => this.#check(name, null);
    if (name !== layoutName) return this.#history.remove(keyOf(name), actor, check);
    if (!isEdited) return;
    await this.#history.write(keyOf(name), actor, async () => {
      await check();
      return { content: null, change: "reset", note: null, version: null, detail: {} };
    });
  }

  /** The newest first. @throws SendwrightError `template.not_found` */
  async versions(name: string): Promise<TemplateVersionInfo[]> {
    await this.get(name);
    const versions = await this.#history.versions(keyOf(name));
    return versions.map(({ createdAt: at, createdBy: by, ...rest }) => ({ ...rest, at, by }));
  }

  /** @throws SendwrightError `template.not_found` */
  async version(name: string, number: number): Promise<TemplatePartVersion> {
    await this.get(name);
    if (number === 0 && name === layoutName) {
      return { name, version: 0, at: null, by: null, note: null, change: "created", ...builtinPart };
    }
    const found = await this.#history.version(keyOf(name), number);
    const { content, createdAt: at, createdBy: by, ...rest } = found;
    return { name, at, by, ...rest, ...(content === null ? builtinPart : readPartContent(content)) };
  }

  /** @throws SendwrightError as `save`, and `template.not_found` */
  async restore(name: string, number: number, latest: number, actor: Actor): Promise<TemplatePart> {
    const { mjml, text, change } = await this.version(name, number);
    await this.#history.write(keyOf(name), actor, async () => {
      const content = number === 0 || change === "reset" ? null : { mjml, text };
      await this.#check(name, content);
      return { content, change: "restored", note: null, version: latest, detail: { restored: number } };
    });
    return this.#describe(name);
  }

  /** What is stored of a part; null if nothing is, or the built-in one is used again. */
  #current(name: string): PartContent | null {
    const content = this.#cache.stored(keyOf(name))?.content ?? null;
    return content === null ? null : readPartContent(content);
  }

  #usersOf(name: string): string[] {
    const { layout, partials } = this.#templates.context;
    return [...this.#templates.entries].flatMap(({ info, template }) => {
      const used = partsUsedBy(template, layout, partials);
      return (name === layoutName ? used.layout : used.partials.has(name)) ? info.name : [];
    });
  }

  #describe(name: string): TemplatePart {
    const stored = this.#cache.stored(keyOf(name));
    const own = this.#current(name);
    const content = own ?? (name === layoutName ? builtinPart : null);
    if (content === null) {
      throw new SendwrightError("template.not_found", `Template part "${name}" not found.`);
    }
    return {
      name,
      ...content,
      isBuiltIn: name === layoutName,
      isEdited: own !== null,
      version: stored?.version ?? 0,
      usedBy: this.#usersOf(name),
      updatedAt: stored?.updatedAt ?? null,
      updatedBy: stored?.updatedBy ?? null,
    };
  }

  /** Checks the part alone, then each template that contains it. */
  async #check(name: string, part: PartContent | null): Promise<void> {
    const { context } = this.#templates;
    const next = contextWith(context, name, part);
    if (part !== null) {
      const issues = partFaults(name, part, next);
      if (issues.length > 0) throw faulty(issues, "template.invalid");
    }
    const users = new Set(this.#usersOf(name));
    let goEndsAt = performance.now() + maxGoMs;
    for (const { info, template } of [...this.#templates.entries]) {
      if (!users.has(info.name)) continue;
      const [issue] = checkTemplate(template, next);
      // A template that had a fault before does not have it from this part.
      if (issue !== undefined && checkTemplate(template, context).length === 0) {
        const place = issue.pointer.replace(/^\/sources\//, "");
        const detail = `would break the template "${info.name}" (${place}): ${issue.detail}`;
        throw faulty([{ pointer: "/mjml", detail }], "template.invalid");
      }
      if (performance.now() < goEndsAt) continue;
      await nextTurn();
      goEndsAt = performance.now() + maxGoMs;
    }
  }
}

function keyOf(name: string): TemplateKey {
  return { kind: "part", name };
}

const builtinPart: PartContent = { mjml: builtinLayout.mjml, text: builtinLayout.text };
