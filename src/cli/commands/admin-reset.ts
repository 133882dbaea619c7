import { createResetLink } from "../../accounts/admin-link.ts";
import { systemClock } from "../../core/clock.ts";
import type { ServerOptions } from "../../core/environment.ts";
import { openStoreBeside } from "../../store/store.ts";
import { databaseOf } from "../secret-source.ts";

/** Prints a one-time link that makes an admin or gives one a new password; the server may go on meanwhile. */
export async function adminResetCommand(options: ServerOptions): Promise<number> {
  const store = await openStoreBeside(databaseOf(options));
  try {
    const baseUrl = options.publicUrl ?? `http://${options.host}:${options.port}`;
    console.log("Open this link within an hour to set an admin's password. It can be used once:");
    console.log(await createResetLink(store.db, systemClock, baseUrl));
    return 0;
  } finally {
    await store.close();
  }
}
