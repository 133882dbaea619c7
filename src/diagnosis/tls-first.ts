import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import { connectWithoutSending } from "../guard/connect-without-sending.ts";
import type { Egress } from "../net/egress.ts";
import type { StageEvent } from "../smtp/observer.ts";
import type { Timeouts } from "../smtp/timeouts.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import { isTlsSpoken } from "./try-alternatives.ts";

interface TlsFirstOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  /** The client went away, or the test has run out of time. */
  readonly ended: AbortSignal;
  /** False for a check on schedule, which may wait for a late greeting: no person waits for its result. */
  readonly isAwaited: boolean;
}

/** A server that greets at all mostly does so within this time. */
const silenceMs = 1_000;
const tryMs = 5_000;
const tryTimeouts: Partial<Timeouts> = {
  connectMs: tryMs,
  tlsMs: tryMs,
  greetingMs: tryMs,
  commandMs: tryMs,
  overallMs: tryMs,
};

/**
 * Finds out on a second connection whether a server that does not greet waits for TLS: a person should not wait for
 * the whole time limit of a greeting that cannot come. Nothing but a TLS handshake is said there.
 */
export class TlsFirst {
  readonly #target: ResolvedConfig;
  readonly #options: TlsFirstOptions;
  readonly #found = new AbortController();
  readonly #over = new AbortController();
  #cancel: (() => void) | null = null;

  constructor(target: ResolvedConfig, options: TlsFirstOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Aborted once the port has spoken TLS: the greeting that is waited for will not come. */
  get found(): AbortSignal {
    return this.#found.signal;
  }

  /** Follows the stages of the test. */
  stage({ stage, status }: Pick<StageEvent, "stage" | "status">): void {
    if (stage !== "greeting") return;
    if (status !== "started") {
      this.close();
      return;
    }
    const { tls, port } = this.#target.relay;
    // On port 25 TLS never starts first, and servers there delay their greeting to catch clients that speak first.
    if (tls === "implicit" || port === 25 || !this.#options.isAwaited) return;
    this.#cancel = this.#options.clock.after(silenceMs, () => void this.#shakeHands());
  }

  /** Ends the second connection, if there is one. */
  close(): void {
    this.#cancel?.();
    this.#over.abort();
  }

  async #shakeHands(): Promise<void> {
    const { egress, clock, ended } = this.#options;
    const { relay, credentials } = this.#target;
    try {
      const connection = await connectWithoutSending({
        relay: { ...relay, tls: "implicit" },
        credentials: null,
        hide: credentials,
        allowCleartextAuth: false,
        egress,
        clock,
        timeouts: tryTimeouts,
        signal: AbortSignal.any([ended, this.#over.signal]),
        observer: {
          stage: ({ stage, status }) => {
            if (stage === "tls" && status === "passed") this.#find();
          },
        },
      });
      connection.destroy();
    } catch (error) {
      if (!isSendwrightError(error)) throw error;
      if (isTlsSpoken(error)) this.#find();
    }
  }

  #find(): void {
    // A greeting that came in this time settles it.
    if (!this.#over.signal.aborted) this.#found.abort();
  }
}
