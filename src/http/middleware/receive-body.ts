import type { Context } from "hono";
import { smallBytes } from "../../core/content-memory.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { ServerEnv } from "../route.ts";
import { type JsonLimits, JsonSize } from "./json-size.ts";

/** What a body may be at most. */
export interface BodyLimits extends JsonLimits {
  readonly bytes: number;
}

/** A body as it came, and the memory that is held for it. */
export interface ReceivedBody {
  readonly chunks: Uint8Array[];
  /** Bytes of all chunks. */
  readonly size: number;
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
  const memory = new HeldMemory(c);
  const measure = new JsonSize(limits);
  const chunks: Uint8Array[] = [];
  const announced = announcedBytes(c.req.header("content-length"));
  let size = announced ?? 0;
  let refusal = size > limits.bytes ? tooLarge(limits) : await memory.hold(announced ?? smallBytes);
  if (refusal !== null && isWaitingToSend(c)) throw refusal;
  size = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.length;
      if (size > maxDiscardedBytes) break;
      if (size > limits.bytes) refusal = tooLarge(limits);
      else if (size > memory.bytes) refusal ??= await memory.hold(limits.bytes);
      refusal ??= measure.add(chunk);
      if (refusal === null) chunks.push(chunk);
      else memory.release(chunks);
    }
    if (refusal !== null) throw refusal;
    return { chunks, size, release: () => memory.release(chunks) };
  } catch (error) {
    memory.release(chunks);
    throw error;
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

  release(chunks: Uint8Array[]): void {
    chunks.length = 0;
    for (const release of this.#releases.splice(0)) release();
  }
}

/** Null without a length, as in a body that is sent in chunks. */
function announcedBytes(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

/** Whether the client sends nothing until it is told to (RFC 9110 §10.1.1), and has sent nothing yet. */
function isWaitingToSend({ env, req }: Context<ServerEnv>): boolean {
  return req.header("expect")?.toLowerCase() === "100-continue" && env.incoming?.readableLength === 0;
}

function tooLarge({ bytes }: BodyLimits): SendwrightError {
  return new SendwrightError("request.too_large", `The body has more than ${bytes} bytes.`);
}
