import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Actor } from "../model.ts";
import { writeAudit } from "../store/audit-log.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";

/** How long emails are kept, counted from when they became final: what still waits is kept. */
export interface RetentionSettings {
  /** Then the contents are deleted; what became of the email stays readable. */
  readonly contentRetentionDays: number;
  /** Then the email is deleted, with its recipients and attempts. */
  readonly emailRetentionDays: number;
}

const defaultRetention: RetentionSettings = { contentRetentionDays: 30, emailRetentionDays: 90 };

const settingKey = "retention";
const maxDays = 3650;

function days() {
  const error = (issue: { input?: unknown }) =>
    issue.input === undefined ? "is required" : `must be a whole number of days from 1 to ${maxDays}`;
  // Abort: what is no whole number is told of once.
  return z.int({ error, abort: true }).min(1, { error }).max(maxDays, { error });
}

export const retentionSettings = z
  .strictObject({ contentRetentionDays: days(), emailRetentionDays: days() }, "must be an object")
  .refine(({ contentRetentionDays, emailRetentionDays }) => contentRetentionDays <= emailRetentionDays, {
    path: ["contentRetentionDays"],
    error: "must not be longer than emails are kept",
  });

/** As saved, or the defaults. */
export async function readRetention(db: Db): Promise<RetentionSettings> {
  const saved = await readSetting(db, settingKey);
  // What cannot be read must not be guessed: the wrong guess deletes.
  return saved === undefined ? defaultRetention : retentionSettings.parse(saved);
}

export async function saveRetention(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  settings: RetentionSettings,
  actor: Actor,
): Promise<void> {
  await store.transaction(async (db) => {
    const before = await readRetention(db);
    const names = Object.keys(settings) as (keyof RetentionSettings)[];
    const changed = names.filter((name) => settings[name] !== before[name]);
    if (changed.length === 0) return;
    await writeSetting(db, settingKey, settings);
    const entry = { at: clock.now(), actor, action: "settings.updated", target: null };
    await writeAudit(db, { ...entry, detail: { changed } });
  });
}
