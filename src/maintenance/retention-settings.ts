import { z } from "zod";
import type { Changed } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";

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

const days = () => {
  const error = `must be a whole number of days from 1 to ${maxDays}`;
  // Abort: what is no whole number is told of once.
  return z.int({ error, abort: true }).min(1, { error }).max(maxDays, { error });
};

export const retentionFields = { contentRetentionDays: days(), emailRetentionDays: days() };

const stored = z
  .strictObject(retentionFields)
  .refine(({ contentRetentionDays, emailRetentionDays }) => contentRetentionDays <= emailRetentionDays);

/** As saved, or the defaults. */
export async function readRetention(db: Db): Promise<RetentionSettings> {
  const saved = await readSetting(db, settingKey);
  // What cannot be read must not be guessed: the wrong guess deletes.
  return saved === undefined ? defaultRetention : stored.parse(saved);
}

/**
 * Stores what is given; the rest stays as it is.
 * @returns the names of what is different now
 * @throws SendwrightError `input.invalid` if contents would be kept longer than their emails
 */
export async function changeRetention(db: Db, given: Changed<RetentionSettings>): Promise<string[]> {
  const before = await readRetention(db);
  const next: RetentionSettings = {
    contentRetentionDays: given.contentRetentionDays ?? before.contentRetentionDays,
    emailRetentionDays: given.emailRetentionDays ?? before.emailRetentionDays,
  };
  if (next.contentRetentionDays > next.emailRetentionDays) {
    // Said of what the caller has sent, not of what was saved before.
    const issue =
      given.contentRetentionDays === undefined
        ? { pointer: "/emailRetentionDays", detail: "must not be shorter than the retention of content" }
        : { pointer: "/contentRetentionDays", detail: "must not be longer than the retention of emails" };
    throw invalidInput([issue]);
  }
  const names = Object.keys(next) as (keyof RetentionSettings)[];
  const changed = names.filter((name) => next[name] !== before[name]);
  if (changed.length > 0) await writeSetting(db, settingKey, next);
  return changed;
}
