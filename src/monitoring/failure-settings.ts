import { z } from "zod";
import type { Changed } from "../core/model.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";

/** When an alert says that too many emails fail. */
export interface FailureSettings {
  /** Percent of the emails of one hour; 0 turns the alert off. */
  readonly failureAlertPercent: number;
  /** With fewer emails in an hour, no alert is raised. */
  readonly failureAlertMinEmails: number;
}

const settingKey = "failure_alert";
const defaults: FailureSettings = { failureAlertPercent: 20, failureAlertMinEmails: 20 };
const maxEmails = 1_000_000;

const percent = "must be a whole number from 1 to 100, or 0 for never";
const emails = `must be a whole number from 1 to ${maxEmails}`;
export const failureFields = {
  failureAlertPercent: z.int({ error: percent, abort: true }).min(0, percent).max(100, percent),
  failureAlertMinEmails: z.int({ error: emails, abort: true }).min(1, emails).max(maxEmails, emails),
};

const stored = z.strictObject(failureFields);

export async function readFailureSettings(db: Db): Promise<FailureSettings> {
  const saved = await readSetting(db, settingKey);
  return saved === undefined ? defaults : stored.parse(saved);
}

/**
 * Stores the fields that are given; the others stay as they are.
 * @returns the names of the fields that have changed
 */
export async function changeFailureSettings(db: Db, given: Changed<FailureSettings>): Promise<string[]> {
  const before = await readFailureSettings(db);
  const next: FailureSettings = {
    failureAlertPercent: given.failureAlertPercent ?? before.failureAlertPercent,
    failureAlertMinEmails: given.failureAlertMinEmails ?? before.failureAlertMinEmails,
  };
  const names = Object.keys(next) as (keyof FailureSettings)[];
  const changed = names.filter((name) => next[name] !== before[name]);
  if (changed.length > 0) await writeSetting(db, settingKey, next);
  return changed;
}
