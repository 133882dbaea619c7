import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import type { Changed } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";

/** How SMTP configs are monitored, and who gets alert emails. */
export interface MonitoringSettings {
  /** Hours between two checks of a config; 0 turns checks off. */
  readonly checkEveryHours: number;
  /** Null stands for all admins of the stand-alone server; an empty list turns alert emails off. */
  readonly alertEmails: readonly string[] | null;
}

const settingKey = "watch";
const defaults: MonitoringSettings = { checkEveryHours: 24, alertEmails: null };
const maxHours = 30 * 24;
const maxAddresses = 20;

const hours = `must be a whole number of hours from 1 to ${maxHours}, or 0 for never`;
export const monitoringFields = {
  checkEveryHours: z.int({ error: hours, abort: true }).min(0, hours).max(maxHours, hours),
  alertEmails: z
    .array(z.string("must be text").refine(isAddress, "must be an email address"), "must be a list or null")
    .max(maxAddresses, `must have at most ${maxAddresses} addresses`)
    .nullable(),
};

const stored = z.strictObject(monitoringFields);

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch (error) {
    if (isSendwrightError(error)) return false;
    throw error;
  }
}

export async function readMonitoring(db: Db): Promise<MonitoringSettings> {
  const saved = await readSetting(db, settingKey);
  return saved === undefined ? defaults : stored.parse(saved);
}

/**
 * Stores the fields that are given; the others stay as they are.
 * @returns the names of the fields that have changed
 */
export async function changeMonitoring(db: Db, given: Changed<MonitoringSettings>): Promise<string[]> {
  const before = await readMonitoring(db);
  const next: MonitoringSettings = {
    checkEveryHours: given.checkEveryHours ?? before.checkEveryHours,
    alertEmails: given.alertEmails === undefined ? before.alertEmails : given.alertEmails,
  };
  const names = Object.keys(next) as (keyof MonitoringSettings)[];
  const changed = names.filter((name) => !isDeepStrictEqual(next[name], before[name]));
  if (changed.length > 0) await writeSetting(db, settingKey, next);
  return changed;
}
