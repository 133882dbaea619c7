import type { IncomingMessage, ServerResponse } from "node:http";
import { createRoute, OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Caller, Identified } from "../accounts/caller.ts";
import type { ContentMemory } from "../core/content-memory.ts";
import { SendwrightError } from "../core/errors.ts";
import { bytes as inWords } from "../core/format.ts";
import { invalidInput, issuesOf } from "../core/parse.ts";
import { hostReply } from "./host-reply.ts";
import { requestSchema } from "./json-schema.ts";
import { jsonOnly } from "./middleware/json-body.ts";
import type { BodyLimits } from "./middleware/receive-body.ts";
import { problem } from "./schema/common.ts";

export interface ServerEnv {
  Bindings: {
    /** Node's request, where Sendwright listens itself. */
    readonly incoming?: IncomingMessage;
    /** Node's reply to it. */
    readonly outgoing?: ServerResponse;
  };
  Variables: {
    /** Finds out who calls, once for a request; null for nobody known. */
    identify: () => Promise<Identified>;
    /** What bodies are held in. */
    memory: ContentMemory;
    /** Set before each route that is not for anyone. */
    caller: Caller;
  };
}

/** `anyone`; `sender`: who has a key to send, or an admin; `admin`. */
export type Audience = "anyone" | "sender" | "admin";

/** Enough for each form that holds no file, no list and no template. */
const usualBody: BodyLimits = { bytes: 16 * 1024, depth: 16, values: 2_000, names: 200 };

export type App = OpenAPIHono<ServerEnv>;

type SecurityRequirement = NonNullable<RouteConfig["security"]>[number];

type RouteDefinition = Omit<RouteConfig, "middleware" | "security"> & {
  /** Who may call it. */
  readonly for: Audience;
  /** Of its body. */
  readonly limits?: Partial<BodyLimits>;
};

/**
 * One route, described once: the description is both what the OpenAPI document says and what is
 * enforced before the handler runs.
 */
export function route<const Definition extends RouteDefinition>(definition: Definition) {
  const { for: audience, limits, ...rest } = definition;
  const body = rest.request?.body;
  const bodyLimits = { ...usualBody, ...limits };
  const middleware: MiddlewareHandler<ServerEnv>[] = [allow(audience)];
  if (body !== undefined) middleware.push(jsonOnly(body.required === true, bodyLimits));
  const config = body === undefined ? rest : withLimits<typeof rest>(rest, body, bodyLimits);
  const security: SecurityRequirement[] = audience === "anyone" ? [] : [{ session: [] }, { apiKey: [] }];
  // Said of every route, but left out of its type: a typed client throws on a problem, whichever it is.
  const responses: Definition["responses"] = { ...config.responses, default: problemReply };
  const described = { ...config, responses, security, middleware };
  // TypeScript takes an optional member of a type parameter for one that may be undefined; the call of `route`
  // has proved that the definition is that of a route.
  return createRoute(described as never) as typeof described;
}

/** The limits as they are enforced: in words for people, as `x-body-limits` for programs. */
function withLimits<Config>(
  config: Config & { readonly request?: object | undefined },
  body: object,
  limits: BodyLimits,
): Config {
  const { bytes, values, names, depth } = limits;
  const description = `Body in UTF-8, at most ${inWords(bytes)}, ${values.toLocaleString("en")} values, ${names.toLocaleString("en")} different field names and ${depth} levels.`;
  return {
    ...config,
    "x-body-limits": limits,
    request: { ...config.request, body: { ...body, description } },
  };
}

/** An empty app for one thing's routes. Parameters that do not fit are problems like any other. */
export function routes(
  options: { readonly getPath?: (request: Request) => string } = {},
): OpenAPIHono<ServerEnv> {
  return new OpenAPIHono<ServerEnv>({
    ...options,
    defaultHook(result) {
      // The validator also passes what it checked, which its type leaves out.
      const { data } = result as { readonly data?: unknown };
      if (!result.success) throw invalidInput(issuesOf(result.error.issues, data));
    },
  });
}

/**
 * A JSON body in the document, handed to the handler as it came: the room that takes it parses it, and so
 * a rule stands in one place.
 */
export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
  example: z.input<Schema>,
  options: { readonly optional?: true } = {},
) {
  const documented = z.custom<z.input<Schema>>().meta({ type: "object", ...requestSchema(schema), example });
  return { content: { "application/json": { schema: documented } }, required: options.optional !== true };
}

/** A JSON reply in the document. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

const problemReply = {
  description: "Problem and its remedy",
  content: { "application/problem+json": { schema: problem } },
};

export const noContent = { description: "Done" };
export const idParams = z.object({ id: z.string().meta({ description: "ID in the path" }) });

/** `?after=…&limit=…` of a list. */
export const pageQuery = z.strictObject({
  after: z.string().min(1).optional().describe("`next` of the previous page"),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("Maximum items of the page"),
});

/**
 * Who calls, if they may.
 * @throws SendwrightError `auth.required`, `auth.forbidden`
 * @throws HTTPException with the reply of the host, where it has one
 */
export async function authorize(
  c: Context<ServerEnv>,
  audience: Exclude<Audience, "anyone">,
): Promise<Caller> {
  const caller = await c.get("identify")();
  if (caller instanceof Response) throw hostReply(caller);
  if (caller === null) {
    throw new SendwrightError(
      "auth.required",
      "Sign in, or send an API key with the header Authorization: Bearer <key>.",
    );
  }
  if (audience === "admin" && caller.scope !== "admin") {
    throw new SendwrightError(
      "auth.forbidden",
      "This API key can only send emails and read its own. Use a key with scope admin.",
    );
  }
  return caller;
}

function allow(audience: Audience): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    if (audience !== "anyone") c.set("caller", await authorize(c, audience));
    await next();
  };
}
