import type { Clock } from "../../core/clock.ts";
import { SendwrightError } from "../../core/errors.ts";
import type { Actor, TemplateChange } from "../../core/model.ts";
import type { Store } from "../../store/store.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import {
  deleteTemplate,
  findTemplate,
  findTemplateVersion,
  listTemplateVersions,
  nextTemplatesRevision,
  readTemplatesRevision,
  type StoredTemplate,
  saveTemplate,
  type TemplateKey,
  type TemplateVersion,
} from "../../store/tables/templates.ts";
import type { TemplateCache } from "./cache.ts";

export interface NewVersion {
  /** Null: the built-in one is used again. */
  readonly content: unknown;
  readonly change: TemplateChange;
  readonly note: string | null;
  /** The version that was edited, 0 for none; null where that does not matter. */
  readonly version: number | null;
  /** For the audit log: names, never contents. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface TemplateHistoryDependencies {
  readonly store: Store;
  readonly cache: TemplateCache;
  readonly clock: Clock;
  /** Called after a change: other nodes may be told. */
  readonly onChanged: () => void;
}

/** How templates and their parts are written: each change is a new version, checked before it is stored. */
export class TemplateHistory {
  readonly #store: Store;
  readonly #cache: TemplateCache;
  readonly #clock: Clock;
  readonly #onChanged: () => void;

  constructor({ store, cache, clock, onChanged }: TemplateHistoryDependencies) {
    this.#store = store;
    this.#cache = cache;
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  /**
   * Writes what `make` gives. It looks at the templates in memory, which are the newest when it is called; it is
   * called again if another writer was faster. Null writes nothing.
   * @throws SendwrightError `template.version_conflict` and whatever `make` throws.
   */
  write(
    key: TemplateKey,
    actor: Actor,
    make: () => NewVersion | null | Promise<NewVersion | null>,
  ): Promise<void> {
    return this.#unlessOutdated(make, async (db, made) => {
      if (made === null) return;
      const current = await findTemplate(db, key);
      const latest = current?.version ?? 0;
      if (made.version !== null && made.version !== latest) throw versionConflict(key, current);
      const now = this.#clock.now();
      const version = latest + 1;
      const stored: StoredTemplate = {
        ...key,
        version,
        revision: await nextTemplatesRevision(db),
        content: made.content,
        createdAt: current?.createdAt ?? now,
        updatedAt: now,
        updatedBy: actor.name,
      };
      await saveTemplate(db, stored, made);
      const action = `${auditKind(key)}.${made.change === "edited" ? "updated" : made.change}`;
      const detail = { version, ...made.detail, ...(made.note === null ? {} : { note: made.note }) };
      await writeAudit(db, { at: now, actor, action, target: key.name, detail });
    });
  }

  /** Deletes it with its versions, once `check` has let it pass. */
  remove(key: TemplateKey, actor: Actor, check: () => void | Promise<void>): Promise<void> {
    return this.#unlessOutdated(check, async (db) => {
      await deleteTemplate(db, key);
      await nextTemplatesRevision(db);
      const action = `${auditKind(key)}.deleted`;
      await writeAudit(db, { at: this.#clock.now(), actor, action, target: key.name, detail: {} });
    });
  }

  /** The newest first. */
  versions(key: TemplateKey): Promise<TemplateVersion[]> {
    return listTemplateVersions(this.#store.reader, key);
  }

  /** @throws SendwrightError `template.not_found` */
  async version(key: TemplateKey, version: number): Promise<TemplateVersion & { readonly content: unknown }> {
    const found = await findTemplateVersion(this.#store.reader, key, version);
    if (found !== undefined) return found;
    throw new SendwrightError("template.not_found", `Version ${version} of "${key.name}" not found.`);
  }

  /** Decides by the templates in memory, and writes if they are still the newest; otherwise starts again. */
  async #unlessOutdated<T>(
    decide: () => T | Promise<T>,
    work: (db: Parameters<typeof saveTemplate>[0], decided: T) => Promise<void>,
  ): Promise<void> {
    for (let isWritten = false; !isWritten; ) {
      const revision = await this.#cache.reload();
      const decided = await decide();
      isWritten = await this.#store.exclusively(async (db) => {
        if ((await readTemplatesRevision(db)) !== revision) return false;
        await work(db, decided);
        return true;
      });
    }
    await this.#cache.reload();
    this.#onChanged();
  }
}

function auditKind({ kind }: TemplateKey): string {
  return kind === "template" ? "template" : "template_part";
}

function versionConflict({ name }: TemplateKey, current: StoredTemplate | undefined): SendwrightError {
  return new SendwrightError(
    "template.version_conflict",
    current === undefined
      ? `"${name}" was never saved or was deleted. Save it with version 0.`
      : `${current.updatedBy} saved version ${current.version} of "${name}". Reload it and repeat your changes.`,
  );
}
