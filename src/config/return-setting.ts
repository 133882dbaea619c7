import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Actor } from "../model.ts";
import { writeAudit } from "../store/audit-log.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";

const settingKey = "return_failed_changes";

/** Whether a config returns by itself to its earlier version, should a change of it fail with its first emails. */
export async function readReturnSetting(db: Db): Promise<boolean> {
  return z.boolean().parse((await readSetting(db, settingKey)) ?? false);
}

export async function saveReturnSetting(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  value: boolean,
  actor: Actor,
): Promise<void> {
  await store.transaction(async (db) => {
    if ((await readReturnSetting(db)) === value) return;
    await writeSetting(db, settingKey, value);
    const detail = { changed: ["returnFailedChanges"] };
    await writeAudit(db, { at: clock.now(), actor, action: "settings.updated", target: null, detail });
  });
}
