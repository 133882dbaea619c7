import type { Clock } from "../clock.ts";
import type { Actor } from "../model.ts";
import { writeAudit } from "../store/audit-log.ts";
import { endPause, findSmtpConfig } from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";

/**
 * Ends the pause of a config: whoever mended the trouble need not wait for the next try. Where there is no
 * such config, or no pause, nothing happens. The caller tells the couriers.
 */
export async function resumeSmtpConfig(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  id: string,
  actor: Actor,
): Promise<void> {
  await store.transaction(async (db) => {
    const config = await findSmtpConfig(db, id);
    if (config === undefined || !(await endPause(db, id))) return;
    const detail = { name: config.name };
    await writeAudit(db, { at: clock.now(), actor, action: "smtp_config.resumed", target: id, detail });
  });
}
