import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import { connectWithoutSending } from "../guard/connect-without-sending.ts";
import type { Egress } from "../net/egress.ts";
import type { Capabilities } from "../smtp/capabilities.ts";
import type { Relay } from "../smtp/relay.ts";

/** The result of trying a relay. */
export type TryResult =
  | {
      readonly works: true;
      /** From the last EHLO, which is inside TLS unless the relay is tried without TLS. */
      readonly capabilities: Capabilities;
    }
  | { readonly works: false; readonly error: SendwrightError };

export interface TryRelayOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** For the whole try. */
  readonly timeoutMs: number;
  /** Cuts the connection. */
  readonly signal?: AbortSignal;
}

/**
 * Tries a relay with the client that also sends: up to EHLO, inside TLS if the relay uses it, then QUIT.
 * It does not sign in, because a wrong guess must not learn a password.
 * @throws the reason of `signal`, and any error that is not a failure of the relay.
 */
export async function tryRelay(relay: Relay, options: TryRelayOptions): Promise<TryResult> {
  const { egress, clock, timeoutMs, signal } = options;
  // Each step may use up the whole time.
  const timeouts = {
    connectMs: timeoutMs,
    tlsMs: timeoutMs,
    greetingMs: timeoutMs,
    commandMs: timeoutMs,
    overallMs: timeoutMs,
  };
  const ended = new AbortController();
  const endDeadline = clock.after(timeoutMs, () => ended.abort());
  try {
    const connection = await connectWithoutSending({
      relay,
      credentials: null,
      allowCleartextAuth: false,
      egress,
      clock,
      timeouts,
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    });
    // The result does not wait for the reply to QUIT.
    void connection.quit();
    return { works: true, capabilities: connection.capabilities };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isSendwrightError(error)) throw error;
    return { works: false, error };
  } finally {
    endDeadline();
  }
}
