import { z } from "zod";
import type { Db } from "../../store/schema.ts";
import { readSetting, writeSetting } from "../../store/tables/settings.ts";

const settingKey = "return_failed_changes";

export const returnFields = { returnFailedChanges: z.boolean("must be true or false") };

/** Whether a config returns by itself to its earlier version, should a change of it fail with its first emails. */
export async function readReturnSetting(db: Db): Promise<boolean> {
  return z.boolean().parse((await readSetting(db, settingKey)) ?? false);
}

/** @returns the names of what is different now */
export async function changeReturnSetting(db: Db, value: boolean | undefined): Promise<string[]> {
  if (value === undefined || value === (await readReturnSetting(db))) return [];
  await writeSetting(db, settingKey, value);
  return ["returnFailedChanges"];
}
