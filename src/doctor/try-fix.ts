import type { OpenedConfig } from "../config/open.ts";
import { isPosthornError } from "../errors.ts";
import { type ConnectOptions, connect } from "../smtp/connection.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import { clearAnswers, type Fix } from "./explanations/row.ts";

/** Somebody has waited for the test already. A server that answers at all does so at once. */
const patience = { connectMs: 3_000, overallMs: 5_000 } as const satisfies Partial<Timeouts>;

/**
 * Tries the fields of a fix that say how the relay is reached: a button that leads nowhere is worse than
 * none. Nothing secret is sent, as the try ends before the sign-in.
 * @returns whether SMTP is spoken there, or TLS with a fault (such as a certificate that is refused), which is
 * the next problem; true also for a fix that concerns none of these fields.
 */
export async function leadsOn(
  fix: Fix,
  { relay }: OpenedConfig,
  options: Pick<ConnectOptions, "egress" | "clock" | "signal">,
): Promise<boolean> {
  const { smtpPort: port = relay.port, useTls, tlsMode = "auto" } = fix;
  if (fix.smtpPort === undefined && useTls === undefined) return true;
  const tls: Relay["tls"] = tlsFor(useTls ?? relay.tls !== "none", tlsMode, port);
  try {
    const connection = await connect({
      ...options,
      relay: { ...relay, port, tls },
      credentials: null,
      allowCleartextAuth: false,
      timeouts: patience,
    });
    // Nobody waits for the goodbye.
    void connection.quit();
    return true;
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    return error.code === "smtp.tls" && !clearAnswers.includes(error.smtp?.systemCode ?? "");
  }
}
