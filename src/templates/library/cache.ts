import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { TemplateKind } from "../../core/model.ts";
import type { Store } from "../../store/store.ts";
import {
  listTemplateKeys,
  listTemplatesSince,
  readTemplatesRevision,
  type StoredTemplate,
  type TemplateKey,
} from "../../store/tables/templates.ts";
import { builtinLayout } from "../builtin/layout.ts";
import { describeTemplate, type Partial } from "../engine/template.ts";
import { builtinEntries, type LoadedTemplates, type TemplateEntry } from "../engine/templates.ts";
import { readBrand } from "./brand.ts";
import { entryOf, layoutOf, readPartContent, readTemplateContent } from "./content.ts";

/** Where others may change templates, this often what they wrote is looked for. */
const lookEveryMs = 5_000;
/** And so soon after they announced something; they announce every email, too. */
const announcedLookMs = 1_000;

/** Keeps the templates in memory as the database has them, so that rendering never waits for it. */
export interface TemplateShelf {
  /**
   * Reads what has changed since it was last called.
   * @returns the revision that is in memory now.
   */
  refresh(): Promise<number>;
  /** What is stored of one, as of the last refresh. */
  stored(key: TemplateKey): StoredTemplate | undefined;
  /** Names of the parts that are stored, without those that are reset. */
  partNames(): readonly string[];
  /** Begins to look for what other nodes write. */
  start(): void;
  stop(): Promise<void>;
}

export interface TemplateShelfParts {
  readonly store: Store;
  readonly templates: LoadedTemplates;
  readonly clock: Clock;
  readonly log: Log;
}

export function createTemplateShelf({ store, templates, clock, log }: TemplateShelfParts): TemplateShelf {
  let rows: ReadonlyMap<string, StoredTemplate> = new Map();
  let entries: ReadonlyMap<string, TemplateEntry> = new Map();
  let revision = -1;
  let underWay: Promise<unknown> = Promise.resolve();
  let lookAt = Number.POSITIVE_INFINITY;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let cancelTimer = () => {};
  let stopped = false;

  async function look(): Promise<number> {
    lookedAt = clock.now();
    const newest = await readTemplatesRevision(store.reader);
    if (newest === revision) return revision;
    const [keys, changed, brand] = await Promise.all([
      listTemplateKeys(store.reader),
      listTemplatesSince(store.reader, Math.max(revision, 0)),
      readBrand(store.reader),
    ]);
    const found = new Map([...rows, ...changed.map((row) => [idOf(row), row] as const)]);
    const kept = new Set(keys.map(idOf));
    rows = new Map([...found].filter(([id]) => kept.has(id)));
    const fresh = new Set(changed.map(idOf));
    entries = new Map(
      [...rows].flatMap(([id, row]) => {
        const entry = fresh.has(id) ? readEntry(row) : entries.get(id);
        return entry === undefined ? [] : [[id, entry] as const];
      }),
    );
    const { layout, ...partials } = Object.fromEntries(
      [...rows.values()].flatMap((row) => {
        const part = row.kind === "part" ? readPart(row) : null;
        return part === null ? [] : [[row.name, part] as const];
      }),
    );
    templates.replace({
      entries: [...entries.values()],
      layout:
        layout === undefined ? builtinLayout : layoutOf({ mjml: layout.mjml, text: layout.text ?? null }),
      partials,
      brand,
    });
    revision = newest;
    return revision;
  }

  function readEntry({ kind, name, version, content }: StoredTemplate): TemplateEntry | undefined {
    if (kind !== "template") return undefined;
    const builtin = builtinEntries.get(name);
    if (content === null) {
      if (builtin === undefined) return undefined;
      const standing = { isBuiltIn: true, isEdited: false, version };
      return {
        template: builtin.template,
        info: describeTemplate(builtin.template, standing, builtin.info.schema),
      };
    }
    try {
      return entryOf(name, readTemplateContent(content), version);
    } catch (error) {
      log.error({ err: error, template: name }, "a stored template cannot be read and is left out");
      return undefined;
    }
  }

  function readPart({ name, content }: StoredTemplate): Partial | null {
    if (content === null) return null;
    try {
      const { mjml, text } = readPartContent(content);
      return text === null ? { mjml } : { mjml, text };
    } catch (error) {
      log.error({ err: error, part: name }, "a stored part of templates cannot be read and is left out");
      return null;
    }
  }

  function refresh(): Promise<number> {
    const next = underWay.then(look, look);
    underWay = next.catch(() => {});
    return next;
  }

  function lookAround(): void {
    lookAt = Number.POSITIVE_INFINITY;
    refresh()
      .catch((error: unknown) =>
        log.warn({ err: error }, "templates could not be read again; they stay as they are"),
      )
      .finally(() => {
        // What was announced meanwhile may have come too late for this one.
        if (lookAt === Number.POSITIVE_INFINITY) setTimer(lookEveryMs);
      });
  }

  function setTimer(delayMs: number): void {
    if (stopped) return;
    cancelTimer();
    lookAt = clock.now() + delayMs;
    cancelTimer = clock.after(delayMs, lookAround);
  }

  return {
    refresh,
    stored: (key) => rows.get(idOf(key)),
    partNames: () =>
      [...rows.values()].flatMap(({ kind, name, content }) =>
        kind === "part" && content !== null ? name : [],
      ),
    start() {
      if (!store.shared) return;
      store.onAnnounced(() => {
        const soon = Math.max(0, lookedAt + announcedLookMs - clock.now());
        if (clock.now() + soon < lookAt) setTimer(soon);
      });
      setTimer(lookEveryMs);
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await underWay;
    },
  };
}

function idOf({ kind, name }: { readonly kind: TemplateKind; readonly name: string }): string {
  return `${kind}/${name}`;
}
