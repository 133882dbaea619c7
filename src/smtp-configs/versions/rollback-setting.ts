import { z } from "zod";
import type { Db } from "../../store/schema.ts";
import { readSetting, writeSetting } from "../../store/tables/settings.ts";

const settingKey = "return_failed_changes";

export const rollbackFields = { returnFailedChanges: z.boolean("must be true or false") };

/** Whether a config is rolled back to its earlier version if a change of it fails with its first emails. */
export async function readRollbackSetting(db: Db): Promise<boolean> {
  return z.boolean().parse((await readSetting(db, settingKey)) ?? false);
}

/** @returns the names of what is different now */
export async function changeRollbackSetting(db: Db, value: boolean | undefined): Promise<string[]> {
  if (value === undefined || value === (await readRollbackSetting(db))) return [];
  await writeSetting(db, settingKey, value);
  return ["returnFailedChanges"];
}
