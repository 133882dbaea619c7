import type { Clock } from "../core/clock.ts";
import type { Actor } from "../core/model.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import type { ConfigSource } from "./repository.ts";

/**
 * Ends the pause of a config: whoever mended the trouble need not wait for the next try. Where there is no
 * such config, or no pause, nothing happens. The caller tells the delivery workers.
 */
export async function resumeSmtpConfig(
  { store, source, clock }: { readonly store: Store; readonly source: ConfigSource; readonly clock: Clock },
  id: string,
  actor: Actor,
): Promise<void> {
  await store.transaction(async (db) => {
    const config = await source.find(db, id);
    if (config === undefined || !(await source.resume(db, id))) return;
    const detail = { name: config.name };
    await writeAudit(db, { at: clock.now(), actor, action: "smtp_config.resumed", target: id, detail });
  });
}
