import { setImmediate as nextTurn } from "node:timers/promises";
import type { MiddlewareHandler } from "hono";
import { SendwrightError } from "../../core/errors.ts";
import { unsupportedType } from "../problem.ts";
import { type JsonLimits, JsonSize } from "./json-size.ts";

const longBytes = 1024 * 1024;

/** What a body may be at most. */
export interface BodyLimits extends JsonLimits {
  readonly bytes: number;
}

/** What is too large is read on and thrown away up to here; a client that sends more is cut off. */
const maxDiscardedBytes = 64 * 1024 * 1024;

/**
 * Takes JSON alone, and reads it before the handler does.
 * @param required whether there must be a body; where not, an empty one is read as `{}`.
 * @throws SendwrightError `request.unsupported_type`, `request.too_large`, `request.malformed`, and
 *   `input.invalid` for a body that holds too much
 */
export function jsonOnly(required: boolean, limits: BodyLimits): MiddlewareHandler {
  return async (c, next) => {
    const type = c.req.header("content-type");
    const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
    // An optional body is one that may be missing, not one of another type.
    if (!isJson && (required || type !== undefined)) throw unsupportedType();
    if (isJson) {
      const text = await readText(c.req.raw, limits);
      // Some clients name the type of every body, also of none.
      const body = text === "" && !required ? "{}" : text;
      // Hono's cache holds promises, whatever its type says.
      Object.assign(c.req.bodyCache, { text: Promise.resolve(body) });
    }
    await next();
  };
}

/**
 * A body that is too large, or holds too much, is not kept, but read to its end: a client that listens only once it has sent
 * everything gets its answer, and the connection serves its next request.
 */
async function readText(request: Request, limits: BodyLimits): Promise<string> {
  const maxBytes = limits.bytes;
  const chunks: Uint8Array[] = [];
  const measure = new JsonSize(limits);
  let tooMuch: SendwrightError | null = null;
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxDiscardedBytes) break;
    if (size <= maxBytes) tooMuch ??= measure.add(chunk);
    if (size <= maxBytes && tooMuch === null) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) {
    throw new SendwrightError("request.too_large", `The body has more than ${maxBytes} bytes.`);
  }
  if (tooMuch !== null) throw tooMuch;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
    // Decoding and parsing each take their time where a body is long, and others want to be served too.
    if (size > longBytes) await nextTurn();
    return text;
  } catch {
    throw new SendwrightError("request.malformed", "The body is not UTF-8 (RFC 8259 §8.1).");
  }
}
