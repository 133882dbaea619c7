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
import type { TemplateShelf } from "./cache.ts";

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

/** How templates and their parts are written: each change is a new version, checked before it is kept. */
export interface TemplateHistory {
  /**
   * Writes what `make` gives. It looks at the templates in memory, which are the newest when it is called; it
   * is called again if somebody else has written meanwhile. Null writes nothing.
   * @throws SendwrightError `template.version_conflict` and whatever `make` throws.
   */
  write(
    key: TemplateKey,
    actor: Actor,
    make: () => NewVersion | null | Promise<NewVersion | null>,
  ): Promise<void>;
  /** Deletes it with its versions, once `check` has let it pass. */
  remove(key: TemplateKey, actor: Actor, check: () => void | Promise<void>): Promise<void>;
  /** The newest first. */
  versions(key: TemplateKey): Promise<TemplateVersion[]>;
  /** @throws SendwrightError `template.not_found` */
  version(key: TemplateKey, version: number): Promise<TemplateVersion & { readonly content: unknown }>;
}

export interface TemplateHistoryParts {
  readonly store: Store;
  readonly shelf: TemplateShelf;
  readonly clock: Clock;
  /** Called after a change: other nodes may be told. */
  readonly onChanged: () => void;
}

export function createTemplateHistory({
  store,
  shelf,
  clock,
  onChanged,
}: TemplateHistoryParts): TemplateHistory {
  const kindWord = ({ kind }: TemplateKey) => (kind === "template" ? "template" : "template_part");

  /** Looks, decides, and writes if what it looked at is still so. */
  async function unlessOutdated<T>(
    decide: () => T | Promise<T>,
    work: (db: Parameters<typeof saveTemplate>[0], decided: T) => Promise<void>,
  ): Promise<void> {
    for (let isWritten = false; !isWritten; ) {
      const revision = await shelf.refresh();
      const decided = await decide();
      isWritten = await store.exclusively(async (db) => {
        if ((await readTemplatesRevision(db)) !== revision) return false;
        await work(db, decided);
        return true;
      });
    }
    await shelf.refresh();
    onChanged();
  }

  return {
    write: (key, actor, make) =>
      unlessOutdated(make, async (db, made) => {
        if (made === null) return;
        const current = await findTemplate(db, key);
        const latest = current?.version ?? 0;
        if (made.version !== null && made.version !== latest) throw versionConflict(key, current);
        const now = clock.now();
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
        const action = `${kindWord(key)}.${made.change === "edited" ? "updated" : made.change}`;
        const detail = { version, ...made.detail, ...(made.note === null ? {} : { note: made.note }) };
        await writeAudit(db, { at: now, actor, action, target: key.name, detail });
      }),

    remove: (key, actor, check) =>
      unlessOutdated(check, async (db) => {
        await deleteTemplate(db, key);
        await nextTemplatesRevision(db);
        const action = `${kindWord(key)}.deleted`;
        await writeAudit(db, { at: clock.now(), actor, action, target: key.name, detail: {} });
      }),

    versions: (key) => listTemplateVersions(store.reader, key),

    async version(key, version) {
      const found = await findTemplateVersion(store.reader, key, version);
      if (found !== undefined) return found;
      throw new SendwrightError("template.not_found", `There is no version ${version} of "${key.name}".`);
    },
  };
}

function versionConflict({ name }: TemplateKey, current: StoredTemplate | undefined): SendwrightError {
  return new SendwrightError(
    "template.version_conflict",
    current === undefined
      ? `"${name}" has never been saved, or was deleted in the meantime: its version is 0.`
      : `"${name}" was saved by ${current.updatedBy} in the meantime (version ${current.version}). Load it again and repeat your changes.`,
  );
}
