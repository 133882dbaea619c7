import type { Context } from "hono";
import { smallBytes } from "../../core/content-memory.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { freeMemory } from "../../core/free-memory.ts";
import type { ServerEnv } from "../route.ts";
import { type JsonLimits, JsonSize, type TextPlace } from "./json-size.ts";

/** What a body may be at most. */
export interface BodyLimits extends JsonLimits {
  readonly bytes: number;
}

/** A body as it came, and the memory that is held for it. */
export interface ReceivedBody {
  readonly size: number;
  readonly longTexts: readonly TextPlace[];
  /** All bytes, once: from then on they are the caller's alone. */
  take(): Uint8Array;
  /** Releases the memory. */
  release(): void;
}

/** What is refused is read on and thrown away up to here; a client that sends more is cut off. */
const maxDiscardedBytes = 64 * 1024 * 1024;

/**
 * Reads a body, once there is memory for as much as it announces. One that announces nothing is small until it has
 * shown otherwise, and then as large as its route allows.
 *
 * A body that is refused is not kept, but read to its end: a client that listens only once it has sent everything
 * gets its answer, and the connection serves its next request. A client that waits for `100 Continue` gets its answer
 * at once.
 * @throws SendwrightError `request.too_large`, `server.busy`, and `input.invalid` for a body that holds too much
 */
export async function receiveBody(c: Context<ServerEnv>, limits: BodyLimits): Promise<ReceivedBody> {
  const announced = announcedBytes(c.req.header("content-length"));
  const memory = new HeldMemory(c);
  const measure = new JsonSize(limits);
  let refusal =
    announced !== null && announced > limits.bytes
      ? tooLarge(limits)
      : await memory.hold(announced ?? smallBytes);
  if (refusal !== null && isWaitingToSend(c)) throw refusal;
  const bytes = new Bytes(refusal === null ? (announced ?? 0) : 0);
  const release = () => {
    bytes.take();
    memory.release();
  };
  let size = 0;
  try {
    if (refusal !== null) await memory.discard();
    for await (const chunk of chunksOf(c)) {
      size += chunk.length;
      if (size > maxDiscardedBytes) break;
      if (refusal === null) {
        if (size > limits.bytes) refusal = tooLarge(limits);
        else if (size > memory.bytes) refusal = await memory.hold(limits.bytes);
        refusal ??= measure.add(chunk);
        if (refusal !== null) {
          release();
          await memory.discard();
        }
      }
      const isKept = refusal === null && bytes.add(chunk);
      // Gigabytes of them would have the garbage collector at work all the time. Those of a host are the host's.
      if (!isKept && isListening(c)) freeMemory(chunk);
    }
    if (size > limits.bytes) throw tooLarge(limits);
    if (refusal !== null) throw refusal;
    return { size, longTexts: measure.longTexts, take: () => bytes.take(), release };
  } catch (error) {
    release();
    // What reading fails with when the client is gone says less than that it is.
    c.req.raw.signal.throwIfAborted();
    throw error;
  }
}

/** The bytes of a body, in one piece from the beginning if its length is known: then no second copy is made. */
class Bytes {
  #whole: Uint8Array;
  #length = 0;
  readonly #rest: Uint8Array[] = [];

  constructor(expected: number) {
    this.#whole = Buffer.allocUnsafeSlow(expected);
  }

  /** @returns whether the chunk itself is kept, and not a copy. */
  add(chunk: Uint8Array): boolean {
    if (this.#rest.length > 0 || this.#length + chunk.length > this.#whole.length) {
      this.#rest.push(chunk);
      return true;
    }
    this.#whole.set(chunk, this.#length);
    this.#length += chunk.length;
    return false;
  }

  take(): Uint8Array {
    const whole = this.#whole.subarray(0, this.#length);
    this.#whole = new Uint8Array();
    this.#length = 0;
    const rest = this.#rest.splice(0);
    return rest.length === 0 ? whole : Buffer.concat([whole, ...rest]);
  }
}

/** The memory that one request holds for its body. */
class HeldMemory {
  readonly #c: Context<ServerEnv>;
  readonly #releases: (() => void)[] = [];
  #bytes = 0;

  constructor(c: Context<ServerEnv>) {
    this.#c = c;
  }

  /** The size of the body that the memory suffices for. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns why there is none. @throws the reason of the request's signal if its client is gone. */
  async hold(bytes: number): Promise<SendwrightError | null> {
    try {
      this.#releases.push(await this.#c.get("memory").hold(bytes, this.#c.req.raw.signal));
      this.#bytes = bytes;
      return null;
    } catch (error) {
      if (isSendwrightError(error)) return error;
      throw error;
    }
  }

  /** Waits until the rest of the body may be thrown away. */
  async discard(): Promise<void> {
    this.#releases.push(await this.#c.get("memory").discard(this.#c.req.raw.signal));
  }

  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}

/** Past the web stream of the request where Node's own is known: making one of the other copies every byte. */
function chunksOf({ env, req }: Context<ServerEnv>): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  if (env?.incoming === undefined) return req.raw.body ?? [];
  if (isContinueAwaited(req)) env.outgoing?.writeContinue();
  return env.incoming;
}

/** Whether Sendwright listens itself, and is not called by a host. */
function isListening({ env }: Context<ServerEnv>): boolean {
  return env?.incoming !== undefined;
}

/** Null without a length, as in a body that is sent in chunks. */
function announcedBytes(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

/** Whether the client has sent nothing yet, and sends nothing until it is told to. */
function isWaitingToSend({ env, req }: Context<ServerEnv>): boolean {
  return isContinueAwaited(req) && env?.incoming?.readableLength === 0;
}

/** RFC 9110 §10.1.1. */
function isContinueAwaited(req: Context["req"]): boolean {
  return req.header("expect")?.toLowerCase() === "100-continue";
}

function tooLarge({ bytes }: BodyLimits): SendwrightError {
  return new SendwrightError("request.too_large", `The body has more than ${bytes} bytes. Send less.`);
}
