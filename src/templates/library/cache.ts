import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { TemplateKind } from "../../core/model.ts";
import { Poll, type Service } from "../../core/service.ts";
import type { Store } from "../../store/store.ts";
import {
  listTemplateKeys,
  listTemplatesSince,
  readTemplatesRevision,
  type StoredTemplate,
  type TemplateKey,
} from "../../store/tables/templates.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { describeTemplate, type Layout, type Partial } from "../engine/template.ts";
import { builtinEntries, type LoadedTemplates, type TemplateEntry } from "../engine/templates.ts";
import { readBrand } from "./brand.ts";
import { entryOf, layoutOf, readPartContent, readTemplateContent } from "./content.ts";

/** Milliseconds between polls for what other nodes wrote. */
const pollMs = 5_000;
/** Milliseconds at least between polls for announcements: every accepted email is announced, too. */
const announcedPollMs = 1_000;

export interface TemplateCacheDependencies {
  readonly store: Store;
  readonly templates: LoadedTemplates;
  readonly clock: Clock;
  readonly log: Log;
}

/** Holds the templates in memory as the database has them, so rendering never waits for it. */
export class TemplateCache implements Service {
  readonly #store: Store;
  readonly #templates: LoadedTemplates;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #poll: Poll;
  #rows: ReadonlyMap<string, StoredTemplate> = new Map();
  #entries: ReadonlyMap<string, TemplateEntry> = new Map();
  /** Of what is in memory; -1 before the first reload. */
  #revision = -1;
  /** When the last read began. */
  #readAt = Number.NEGATIVE_INFINITY;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor({ store, templates, clock, log }: TemplateCacheDependencies) {
    this.#store = store;
    this.#templates = templates;
    this.#clock = clock;
    this.#log = log;
    const run = async () => {
      await this.reload();
      return pollMs;
    };
    const failure = "template reload failed; keeping templates in memory";
    this.#poll = new Poll({ clock, log }, { run, firstMs: pollMs, retryMs: pollMs, failure });
  }

  /** Reads what is stored and, if other nodes may write, polls from then on. */
  async start(): Promise<void> {
    await this.reload();
    if (!this.#store.shared) return;
    this.#store.onAnnounced(() => {
      this.#poll.wakeIn(Math.max(0, this.#readAt + announcedPollMs - this.#clock.now()));
    });
    this.#poll.start();
  }

  async stop(): Promise<void> {
    await this.#poll.stop();
    await this.#reloading;
  }

  /**
   * Reads what has changed since the last reload.
   * @returns the revision that is in memory now.
   */
  reload(): Promise<number> {
    const read = () => this.#read();
    const next = this.#reloading.then(read, read);
    this.#reloading = next.catch(() => {});
    return next;
  }

  /** What is stored of a template or part, as of the last reload. */
  stored(key: TemplateKey): StoredTemplate | undefined {
    return this.#rows.get(idOf(key));
  }

  /** Names of the parts that are stored, without those that are reset. */
  partNames(): readonly string[] {
    return [...this.#rows.values()].flatMap(({ kind, name, content }) =>
      kind === "part" && content !== null ? name : [],
    );
  }

  async #read(): Promise<number> {
    const { reader } = this.#store;
    this.#readAt = this.#clock.now();
    const newest = await readTemplatesRevision(reader);
    if (newest === this.#revision) return newest;
    const [keys, changed, brand] = await Promise.all([
      listTemplateKeys(reader),
      listTemplatesSince(reader, Math.max(this.#revision, 0)),
      readBrand(reader),
    ]);
    const found = new Map([...this.#rows, ...changed.map((row) => [idOf(row), row] as const)]);
    const kept = new Set(keys.map(idOf));
    this.#rows = new Map([...found].filter(([id]) => kept.has(id)));
    this.#entries = this.#entriesAfter(new Set(changed.map(idOf)));
    this.#templates.replace({ entries: [...this.#entries.values()], ...this.#readParts(), brand });
    this.#revision = newest;
    return newest;
  }

  /** The templates by their IDs; only those that changed are read again. */
  #entriesAfter(changed: ReadonlySet<string>): ReadonlyMap<string, TemplateEntry> {
    return new Map(
      [...this.#rows].flatMap(([id, row]) => {
        const entry = changed.has(id) ? this.#readEntry(row) : this.#entries.get(id);
        return entry === undefined ? [] : [[id, entry] as const];
      }),
    );
  }

  #readParts(): { readonly layout: Layout; readonly partials: Readonly<Record<string, Partial>> } {
    const { layout, ...partials } = Object.fromEntries(
      [...this.#rows.values()].flatMap((row) => {
        const part = row.kind === "part" ? this.#readPart(row) : null;
        return part === null ? [] : [[row.name, part] as const];
      }),
    );
    if (layout === undefined) return { layout: builtinLayout, partials };
    return { layout: layoutOf({ mjml: layout.mjml, text: layout.text ?? null }), partials };
  }

  #readEntry({ kind, name, version, content }: StoredTemplate): TemplateEntry | undefined {
    if (kind !== "template") return undefined;
    const builtin = builtinEntries.get(name);
    if (content === null) {
      if (builtin === undefined) return undefined;
      const { template, info } = builtin;
      const origin = { isBuiltIn: true, isEdited: false, version };
      return { template, info: describeTemplate(template, origin, info.schema) };
    }
    try {
      return entryOf(name, readTemplateContent(content), version);
    } catch (error) {
      this.#log.error({ err: error, template: name }, "stored template unreadable; skipping it");
      return undefined;
    }
  }

  #readPart({ name, content }: StoredTemplate): Partial | null {
    if (content === null) return null;
    try {
      const { mjml, text } = readPartContent(content);
      return text === null ? { mjml } : { mjml, text };
    } catch (error) {
      this.#log.error({ err: error, part: name }, "stored template part unreadable; skipping it");
      return null;
    }
  }
}

function idOf({ kind, name }: { readonly kind: TemplateKind; readonly name: string }): string {
  return `${kind}/${name}`;
}
