import { setImmediate as nextTurn } from "node:timers/promises";
import type { Context, MiddlewareHandler } from "hono";
import { longBytes } from "../../core/content-memory.ts";
import { SendwrightError } from "../../core/errors.ts";
import { freeMemory } from "../../core/free-memory.ts";
import { unsupportedType } from "../problem.ts";
import type { ServerEnv } from "../route.ts";
import { type BodyLimits, type ReceivedBody, receiveBody } from "./receive-body.ts";

/**
 * Takes JSON alone, and reads it before the handler does, once there is memory for it. The memory is released after
 * the handler.
 * @param required whether there must be a body; where not, an empty one is read as `{}`.
 * @throws SendwrightError `request.unsupported_type`, `request.too_large`, `request.malformed`, `server.busy`, and
 *   `input.invalid` for a body that holds too much
 */
export function jsonOnly(required: boolean, limits: BodyLimits): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const type = c.req.header("content-type");
    const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
    // An optional body is one that may be missing, not one of another type.
    if (!isJson && (required || type !== undefined)) throw unsupportedType();
    if (!isJson) return next();
    const body = await receiveBody(c, limits);
    try {
      await c.get("memory").process(body.size, async () => {
        const text = decode(body);
        // Decoding and parsing each take their time where a body is long, and others want to be served too.
        if (body.size > longBytes) await nextTurn();
        // Some clients name the type of every body, also of none.
        handOver(c, text === "" && !required ? "{}" : text);
        await next();
      });
    } finally {
      body.release();
    }
  };
}

function decode(body: ReceivedBody): string {
  const bytes = body.take();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SendwrightError("request.malformed", "The body is not UTF-8 (RFC 8259 §8.1).");
  } finally {
    freeMemory(bytes);
  }
}

/** Gives a text to the handler, which parses it: once, so that it is not kept until the reply. */
function handOver(c: Context<ServerEnv>, text: string): void {
  const { bodyCache } = c.req;
  Object.defineProperty(bodyCache, "text", {
    configurable: true,
    enumerable: true,
    get() {
      delete bodyCache.text;
      // Hono's cache holds promises, whatever its type says.
      return Promise.resolve(text);
    },
  });
}
