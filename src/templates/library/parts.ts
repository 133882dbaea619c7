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
import type { TemplateShelf } from "./cache.ts";
import { nameRule, type PartContent, partInput, readPartContent, templateName } from "./content.ts";
import type { TemplateHistory } from "./history.ts";
import { layoutName, partFaults, surroundingsWith } from "./surroundings.ts";
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

/** The parts as admins change them; a change that would break a template is refused. */
export interface TemplateParts {
  list(): Promise<TemplatePart[]>;
  /** @throws SendwrightError `template.not_found` */
  get(name: string): Promise<TemplatePart>;
  /**
   * Replaces a part, or makes one under a new name.
   * @param input a PartEdit; nothing is assumed about it.
   * @throws SendwrightError `input.invalid`; `template.invalid`, naming the template that it would break;
   *   `template.version_conflict`
   */
  save(name: string, input: unknown, actor: Actor): Promise<TemplatePart>;
  /**
   * The layout is used as it came again; another part is gone, unless a template needs it.
   * @throws SendwrightError `template.not_found`, `template.invalid`
   */
  remove(name: string, actor: Actor): Promise<void>;
  /** The newest first. @throws SendwrightError `template.not_found` */
  versions(name: string): Promise<TemplateVersionInfo[]>;
  /** @throws SendwrightError `template.not_found` */
  version(name: string, version: number): Promise<TemplatePartVersion>;
  /** @throws SendwrightError as `save`, and `template.not_found` */
  restore(name: string, version: number, latest: number, actor: Actor): Promise<TemplatePart>;
}

const ignored = z.unknown().optional();

export const partEdit = z.strictObject({
  ...partInput.shape,
  version: z.int().min(0).describe("That of the part as it was read; 0 for a new one"),
  note: z.string().trim().max(500).nullish().describe("What was changed, and why"),
  name: ignored,
  isBuiltIn: ignored,
  isEdited: ignored,
  usedBy: ignored,
  updatedAt: ignored,
  updatedBy: ignored,
});

export interface TemplatePartsParts {
  readonly templates: LoadedTemplates;
  readonly shelf: TemplateShelf;
  readonly history: TemplateHistory;
}

/** Templates are checked for so long in one go: others want to be served too. */
const maxGoMs = 20;

export function createTemplateParts({ templates, shelf, history }: TemplatePartsParts): TemplateParts {
  const keyOf = (name: string): TemplateKey => ({ kind: "part", name });

  /** What is stored of a part; null where nothing is, or the built-in one is used again. */
  function current(name: string): PartContent | null {
    const content = shelf.stored(keyOf(name))?.content ?? null;
    return content === null ? null : readPartContent(content);
  }

  function usersOf(name: string): string[] {
    const { partials } = templates.surroundings;
    return [...templates.entries].flatMap(({ info, template }) => {
      const used = partsUsedBy(template, templates.surroundings.layout, partials);
      return (name === layoutName ? used.layout : used.partials.has(name)) ? info.name : [];
    });
  }

  function view(name: string): TemplatePart {
    const stored = shelf.stored(keyOf(name));
    const own = current(name);
    const content = own ?? (name === layoutName ? builtinPart : null);
    if (content === null) {
      throw new SendwrightError("template.not_found", `There is no part of templates "${name}".`);
    }
    return {
      name,
      ...content,
      isBuiltIn: name === layoutName,
      isEdited: own !== null,
      version: stored?.version ?? 0,
      usedBy: usersOf(name),
      updatedAt: stored?.updatedAt ?? null,
      updatedBy: stored?.updatedBy ?? null,
    };
  }

  async function find(name: string): Promise<TemplatePart> {
    await shelf.refresh();
    return view(name);
  }

  /** Looks at the part by itself, then at each template that has it in it. */
  async function check(name: string, part: PartContent | null): Promise<void> {
    const next = surroundingsWith(templates.surroundings, name, part);
    if (part !== null) {
      const issues = partFaults(name, part, next);
      if (issues.length > 0) throw faulty(issues, "template.invalid");
    }
    const users = new Set([...usersOf(name)]);
    let goEndsAt = performance.now() + maxGoMs;
    for (const { info, template } of [...templates.entries]) {
      if (!users.has(info.name)) continue;
      const [issue] = checkTemplate(template, next);
      // One that was at fault before is not this part's doing.
      if (issue !== undefined && checkTemplate(template, templates.surroundings).length === 0) {
        const place = issue.pointer.replace(/^\/sources\//, "");
        const detail = `would break the template "${info.name}" (${place}): ${issue.detail}`;
        throw faulty([{ pointer: "/mjml", detail }], "template.invalid");
      }
      if (performance.now() < goEndsAt) continue;
      await nextTurn();
      goEndsAt = performance.now() + maxGoMs;
    }
  }

  async function version(name: string, number: number): Promise<TemplatePartVersion> {
    await find(name);
    if (number === 0 && name === layoutName) {
      return { name, version: 0, at: null, by: null, note: null, change: "created", ...builtinPart };
    }
    const { content, createdAt: at, createdBy: by, ...rest } = await history.version(keyOf(name), number);
    return { name, at, by, ...rest, ...(content === null ? builtinPart : readPartContent(content)) };
  }

  return {
    async list() {
      await shelf.refresh();
      const names = shelf.partNames().filter((name) => name !== layoutName);
      return [layoutName, ...names].map(view);
    },
    get: find,
    version,

    async save(name, input, actor) {
      await history.write(keyOf(name), actor, async () => {
        const result = partEdit.safeParse(input);
        const issues = result.success ? [] : issuesOf(result.error.issues);
        if (!templateName.safeParse(name).success) issues.push({ pointer: "/name", detail: nameRule });
        if (!result.success || issues.length > 0) throw faulty(issues);
        const { mjml, text, version: latest, note } = result.data;
        const content = { mjml, text };
        await check(name, content);
        const before = current(name);
        if (isDeepStrictEqual(before, content) && shelf.stored(keyOf(name))?.version === latest) return null;
        const isNew = before === null && name !== layoutName;
        const change = isNew ? "created" : "edited";
        return { content, change, note: note || null, version: latest, detail: {} };
      });
      return view(name);
    },

    async remove(name, actor) {
      const { isEdited } = await find(name);
      if (name !== layoutName) return history.remove(keyOf(name), actor, () => check(name, null));
      if (!isEdited) return;
      await history.write(keyOf(name), actor, async () => {
        await check(name, null);
        return { content: null, change: "reset", note: null, version: null, detail: {} };
      });
    },

    async versions(name) {
      await find(name);
      const made = await history.versions(keyOf(name));
      return made.map(({ createdAt: at, createdBy: by, ...rest }) => ({ ...rest, at, by }));
    },

    async restore(name, number, latest, actor) {
      const { mjml, text, change } = await version(name, number);
      await history.write(keyOf(name), actor, async () => {
        const content = number === 0 || change === "reset" ? null : { mjml, text };
        await check(name, content);
        return { content, change: "restored", note: null, version: latest, detail: { restored: number } };
      });
      return view(name);
    },
  };
}

const builtinPart: PartContent = { mjml: builtinLayout.mjml, text: builtinLayout.text };
