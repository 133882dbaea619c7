import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { type Egress, familyOf } from "../net/egress.ts";
import type { StageRecorder } from "./observer.ts";
import type { Dial, Wire } from "./wire.ts";

export interface Dialed {
  readonly wire: Wire;
  /** The address that answered. */
  readonly address: string;
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly egress: Egress;
  readonly dial: Dial;
  readonly clock: Clock;
  /** For the lookup and all addresses together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly stages: StageRecorder;
}

/** The limit for each address but the last, so that one that drops packets leaves time for the next. */
const maxAddressMs = 10_000;

/**
 * From a name to an open connection. RFC 5321 §5.1: each address is tried in order until one answers.
 * @throws SendwrightError `smtp.resolve`, `egress.refused`, `smtp.connect`, `smtp.timeout`, `smtp.closed`.
 */
export async function dialWithFallback(options: DialOptions): Promise<Dialed> {
  const { host, port, egress, dial, clock, timeoutMs, stages } = options;
  const endsAt = clock.monotonic() + timeoutMs;

  stages.start("resolve");
  const { addresses, refused } = await inTime(options, timeoutMs, () => egress.resolve(host, port)).catch(
    (error) => {
      if (error instanceof SendwrightError) throw error;
      throw failure("resolve", `Sendwright couldn't look up ${host}`, error);
    },
  );
  stages.pass("resolve", {
    addresses: addresses.map(({ address }) => address),
    resolved: addresses,
    refused,
  });

  stages.start("connect");
  const failures: { address: string; family: 4 | 6; error: string; durationMs: number }[] = [];
  let last: unknown = new TimedOut();
  for (const [index, to] of addresses.entries()) {
    const leftMs = endsAt - clock.monotonic();
    if (leftMs <= 0) break;
    const others = addresses.length - index - 1;
    const shareMs = others === 0 ? leftMs : Math.min(maxAddressMs, leftMs / (others + 1));
    stages.found({ trying: to.address, failures });
    const startedAt = clock.monotonic();
    try {
      const wire = await inTime(options, shareMs, (signal) => dial(to, port, signal));
      const { localAddress } = wire;
      stages.pass("connect", {
        ...to,
        ...(localAddress === undefined ? {} : { localFamily: familyOf(localAddress) }),
        failures,
      });
      return { wire, address: to.address };
    } catch (error) {
      last = error;
      failures.push({ ...to, error: codeOf(error), durationMs: clock.monotonic() - startedAt });
      stages.found({ failures });
      if (options.signal?.aborted) break;
    }
  }
  const tried = failures.map(({ address, error }) => `${address}: ${error}`).join(", ");
  throw failure("connect", `Couldn't connect to ${host}:${port} (${tried})`, last);
}

/** The error for the cause: no time left, cut off by the signal, or an error of the operating system. */
function failure(stage: "resolve" | "connect", what: string, cause: unknown): SendwrightError {
  const systemCode = codeOf(cause);
  const details = { cause, smtp: { stage, systemCode } };
  if (systemCode === "ABORT_ERR")
    return new SendwrightError("smtp.closed", `${what}: Sendwright cancelled the connection.`, details);
  if (systemCode === "ETIMEDOUT")
    return new SendwrightError("smtp.timeout", `${what}: it timed out.`, details);
  return new SendwrightError(
    "smtp.connect",
    `${what}. Check the server, the port and the firewalls in between.`,
    details,
  );
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "ABORT_ERR";
}

class TimedOut extends Error {
  readonly code = "ETIMEDOUT";
}

/** Runs the work until the time is up or the caller's signal is aborted; a later result is dropped. */
async function inTime<Value>(
  { clock, signal }: DialOptions,
  ms: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const end = new AbortController();
  const cut = () => end.abort();
  const cancel = clock.after(ms, () => end.abort(new TimedOut()));
  signal?.addEventListener("abort", cut, { once: true });
  if (signal?.aborted) cut();
  try {
    const ended = new Promise<never>((_, reject) => {
      end.signal.addEventListener("abort", () => reject(end.signal.reason), { once: true });
    });
    end.signal.throwIfAborted();
    return await Promise.race([work(end.signal), ended]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", cut);
  }
}
