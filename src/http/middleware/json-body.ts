import type { Context, MiddlewareHandler } from "hono";
import { longBytes } from "../../core/content-memory.ts";
import { SendwrightError } from "../../core/errors.ts";
import { freeMemory } from "../../core/free-memory.ts";
import { unsupportedEncoding, unsupportedType } from "../problem.ts";
import type { ServerEnv } from "../route.ts";
import { parseJson } from "./json-parse.ts";
import { type BodyLimits, type ReceivedBody, receiveBody } from "./receive-body.ts";

/**
 * Takes JSON alone, and reads it before the handler does, once there is memory for it. The memory is released after
 * the handler.
 * @param required whether there must be a body; where not, an empty one is read as `{}`.
 * @throws SendwrightError `request.unsupported_type`, `request.unsupported_encoding`, `request.too_large`,
 *   `request.malformed`, `server.busy`, and `input.invalid` for a body that holds too much
 */
export function jsonOnly(required: boolean, limits: BodyLimits): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const coding = c.req.header("content-encoding")?.trim() ?? "";
    if (coding !== "" && coding.toLowerCase() !== "identity") throw unsupportedEncoding(coding);
    const type = c.req.header("content-type");
    const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
    // An optional body is one that may be missing, not one of another type.
    if (!isJson && (required || type !== undefined)) throw unsupportedType();
    if (!isJson) return next();
    const body = await receiveBody(c, limits);
    try {
      await c.get("memory").process(body.size, async () => {
        await handOver(c, body, { charset: charsetOf(type), required });
        await next();
      });
    } finally {
      body.release();
    }
  };
}

/** The charset that a type names, if it is another one than UTF-8. It means nothing in a JSON body (RFC 8259 §11). */
function charsetOf(type: string): string | null {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1] ?? "utf-8";
  return /^(?:utf-?8|us-ascii)$/i.test(charset) ? null : charset;
}

/**
 * Gives a body to the handler: a long one parsed, because that takes its time and others want to be served too.
 * @throws SendwrightError `request.malformed`, `request.unsupported_type`, `request.unsupported_encoding`
 */
async function handOver(
  c: Context<ServerEnv>,
  { size, longTexts, take }: ReceivedBody,
  { charset, required }: { readonly charset: string | null; readonly required: boolean },
): Promise<void> {
  const bytes = take();
  const [first, second] = bytes;
  // As the magic number of RFC 1952 §2.3.1.
  if (first === 0x1f && second === 0x8b) throw unsupportedEncoding("gzip");
  try {
    // JSON in UTF-16 or UTF-32 has a zero among its first two bytes, or a mark that is not UTF-8.
    if (first === 0 || second === 0) throw new TypeError("UTF-16");
    if (size > longBytes) {
      const value = await parseJson(bytes, longTexts);
      return handOverParsed(c, () => Promise.resolve(value));
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Some clients name the type of every body, also of none.
    handOverText(c, text === "" && !required ? "{}" : text);
  } catch (error) {
    // The handler's own parser would say the same.
    if (error instanceof SyntaxError) return handOverParsed(c, () => Promise.reject(error));
    if (charset !== null) throw unsupportedType(charset);
    throw new SendwrightError(
      "request.malformed",
      "The body is not UTF-8 (RFC 8259 §8.1). Send it as UTF-8.",
    );
  } finally {
    freeMemory(bytes);
  }
}

/** The handler parses it: once, so that it is not kept until the reply. */
function handOverText(c: Context<ServerEnv>, text: string): void {
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

/** Once too. */
function handOverParsed({ req }: Context<ServerEnv>, json: () => Promise<unknown>): void {
  Object.defineProperty(req, "json", {
    configurable: true,
    value: () => {
      Reflect.deleteProperty(req, "json");
      return json();
    },
  });
}
