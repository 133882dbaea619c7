import type { OpenedConfig } from "../config/open.ts";
import { isPosthornError } from "../errors.ts";
import { type ConnectOptions, connect } from "../smtp/connection.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { Fix } from "./explanations/row.ts";

/** Somebody has waited for the test already. A server that answers at all does so at once. */
const patience = { connectMs: 3_000, overallMs: 5_000 } as const satisfies Partial<Timeouts>;

/**
 * Tries the fields of a fix that say how the relay is reached: a button that leads nowhere is worse than
 * none. Nothing secret is sent, as the try ends before the sign-in.
 * @returns whether SMTP is spoken there, or would be but for the certificate, which is a problem of its own;
 * true also for a fix that concerns none of these fields.
 */
export async function leadsOn(
  fix: Fix,
  { relay }: OpenedConfig,
  options: Pick<ConnectOptions, "egress" | "clock" | "signal">,
): Promise<boolean> {
  const { smtpPort: port = relay.port, useTls, tlsMode = "auto" } = fix;
  if (fix.smtpPort === undefined && useTls === undefined) return true;
  const tls: Relay["tls"] = tlsFor(useTls ?? relay.tls !== "none", tlsMode, port);
  let certificateShown = false;
  try {
    const connection = await connect({
      ...options,
      relay: { ...relay, port, tls },
      credentials: null,
      allowCleartextAuth: false,
      timeouts: patience,
      observer: {
        stage: ({ stage, evidence }) => {
          if (stage === "tls" && evidence !== undefined) certificateShown = "fingerprint256" in evidence;
        },
      },
    });
    // Nobody waits for the goodbye.
    void connection.quit();
    return true;
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    return certificateShown && error.code === "smtp.tls";
  }
}
