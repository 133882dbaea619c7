import type { MiddlewareHandler } from "hono";
import { PosthornError } from "../errors.ts";
import { unsupportedType } from "./problem.ts";

/** What is too large is read on and thrown away up to here; a client that sends more is cut off. */
const maxDiscardedBytes = 64 * 1024 * 1024;

/**
 * Takes JSON alone, and reads it before the handler does.
 * @param required whether there must be a body; where not, an empty one is read as `{}`.
 * @throws PosthornError `request.unsupported_type`, `request.too_large`, `request.malformed`
 */
export function jsonOnly(required: boolean, maxBytes: number): MiddlewareHandler {
  return async (c, next) => {
    const type = c.req.header("content-type");
    const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
    // An optional body is one that may be missing, not one of another type.
    if (!isJson && (required || type !== undefined)) throw unsupportedType();
    if (isJson) {
      const text = await readText(c.req.raw, maxBytes);
      // Some clients name the type of every body, also of none.
      const body = text === "" && !required ? "{}" : text;
      // Hono's cache holds promises, whatever its type says.
      Object.assign(c.req.bodyCache, { text: Promise.resolve(body) });
    }
    await next();
  };
}

/**
 * A body that is too large is not kept, but read to its end: a client that listens only once it has sent
 * everything gets its answer, and the connection serves its next request.
 */
async function readText(request: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (size > maxDiscardedBytes) break;
    else chunks.length = 0;
  }
  if (size > maxBytes) {
    throw new PosthornError("request.too_large", `The body has more than ${maxBytes} bytes.`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new PosthornError("request.malformed", "The body is not UTF-8 (RFC 8259 §8.1).");
  }
}
