import type { Clock } from "../core/clock.ts";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import type { Egress } from "../net/egress.ts";
import type { Capabilities } from "../smtp/capabilities.ts";
import { connect } from "../smtp/connection.ts";
import type { Relay } from "../smtp/relay.ts";

/** What came of trying a relay out. */
export type CandidateResult =
  | {
      readonly works: true;
      /** From the EHLO inside TLS, where there is TLS. */
      readonly capabilities: Capabilities;
    }
  | { readonly works: false; readonly error: SendwrightError };

export interface CandidateOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** For everything together. */
  readonly timeoutMs: number;
  /** Cuts the connection. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries a relay that may be the right one, with the client that also sends: as far as EHLO, inside TLS
 * where it is to be used, and then goodbye. Nobody signs in, so that a wrong guess learns nothing.
 * @throws what is no failure of the relay, and the reason of `signal`.
 */
export async function tryCandidate(relay: Relay, options: CandidateOptions): Promise<CandidateResult> {
  const { egress, clock, timeoutMs, signal } = options;
  // Nothing here may take longer than all of it.
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
    const connection = await connect({
      relay,
      credentials: null,
      allowCleartextAuth: false,
      egress,
      clock,
      timeouts,
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    });
    // Nobody waits for the goodbye.
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
