import { systemClock } from "../../core/clock.ts";
import type { ServerOptions } from "../../core/environment.ts";
import { SendwrightError } from "../../core/errors.ts";
import { rotate } from "../../maintenance/key-rotation.ts";
import { isServed, openStoreBeside } from "../../store/store.ts";
import { databaseOf, unlockBeside } from "../secret-source.ts";

/**
 * Re-encrypts everything under SENDWRIGHT_SECRET; a run that was stopped is resumed by running it again.
 * A server may go on meanwhile, once it was started with the new secret.
 * @returns the exit code: 0 once everything is under the new secret.
 */
export async function rotateCommand(
  options: ServerOptions,
  { dryRun }: { dryRun: boolean },
): Promise<number> {
  const database = databaseOf(options);
  const store = await openStoreBeside(database);
  try {
    const secrets = await unlockBeside(store, options);
    if (secrets.newKey !== null && !dryRun && isServed(database)) {
      throw new SendwrightError(
        "secret.mismatch",
        "The running server doesn't have the new secret. Restart it with the same SENDWRIGHT_SECRET and SENDWRIGHT_PREVIOUS_SECRETS as here, then run this again.",
      );
    }
    const report = await rotate({
      store,
      secrets,
      clock: systemClock,
      actor: { id: "system", name: "sendwright rotate" },
      dryRun,
      onProgress: ({ kind, id, outcome, reason }) => {
        const word = dryRun && outcome === "rotated" ? "would be rotated" : outcome;
        console.log(`${kind} ${id}: ${word}${reason === null ? "" : ` (${reason})`}`);
      },
    });
    console.log(
      `${report.rotated} ${dryRun ? "to rotate" : "rotated"}, ${report.current} already current, ${report.failed.length} failed.`,
    );
    if (report.failed.length > 0) {
      console.log("Failed items are unchanged. Fix the problems above, then run this again.");
      return 1;
    }
    if (!dryRun) console.log("SENDWRIGHT_PREVIOUS_SECRETS is no longer needed.");
    return 0;
  } finally {
    await store.close();
  }
}
