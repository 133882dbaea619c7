import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import type { Changed } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";

/** How SMTP configs are watched, and who is told. */
export interface WatchSettings {
  /** A config is checked when its last check is older; 0: never. */
  readonly checkEveryHours: number;
  /** Null: all admins of the stand-alone server. An empty list: nobody. */
  readonly alertEmails: readonly string[] | null;
}

const settingKey = "watch";
const defaultWatch: WatchSettings = { checkEveryHours: 24, alertEmails: null };
const maxHours = 30 * 24;
const maxAddresses = 20;

const hours = `must be a whole number of hours from 1 to ${maxHours}, or 0 for never`;
export const watchFields = {
  checkEveryHours: z.int({ error: hours, abort: true }).min(0, hours).max(maxHours, hours),
  alertEmails: z
    .array(z.string("must be text").refine(isAddress, "must be an email address"), "must be a list or null")
    .max(maxAddresses, `must have at most ${maxAddresses} addresses`)
    .nullable(),
};

const stored = z.strictObject(watchFields);

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch (error) {
    if (isSendwrightError(error)) return false;
    throw error;
  }
}

export async function readWatch(db: Db): Promise<WatchSettings> {
  const saved = await readSetting(db, settingKey);
  return saved === undefined ? defaultWatch : stored.parse(saved);
}

/**
 * Stores what is given; the rest stays as it is.
 * @returns the names of what is different now
 */
export async function changeWatch(db: Db, given: Changed<WatchSettings>): Promise<string[]> {
  const before = await readWatch(db);
  const next: WatchSettings = {
    checkEveryHours: given.checkEveryHours ?? before.checkEveryHours,
    alertEmails: given.alertEmails === undefined ? before.alertEmails : given.alertEmails,
  };
  const names = Object.keys(next) as (keyof WatchSettings)[];
  const changed = names.filter((name) => !isDeepStrictEqual(next[name], before[name]));
  if (changed.length > 0) await writeSetting(db, settingKey, next);
  return changed;
}
