import { z } from "zod";
import type { ServerOptions } from "../../core/environment.ts";
import { SendwrightError } from "../../core/errors.ts";

const source = z.object({
  subject: z.string(),
  preheader: z.string().nullable(),
  mjml: z.string(),
  text: z.string().nullable(),
});
export type Source = z.output<typeof source>;

const template = z.object({
  name: z.string(),
  description: z.string(),
  sensitive: z.boolean(),
  expiresAfterMs: z.number().nullable(),
  schema: z.record(z.string(), z.unknown()),
  example: z.record(z.string(), z.unknown()),
  isBuiltIn: z.boolean(),
  isEdited: z.boolean(),
  version: z.number(),
  sources: z.record(z.string(), source),
});
export type RemoteTemplate = z.output<typeof template>;

const part = z.object({
  name: z.string(),
  isBuiltIn: z.boolean(),
  isEdited: z.boolean(),
  version: z.number(),
  mjml: z.string(),
  text: z.string().nullable(),
});
export type RemotePart = z.output<typeof part>;

const problem = z.object({ detail: z.string(), errors: z.array(z.looseObject({})).optional() });

/** The templates of a running server, over its API. */
export interface TemplateApi {
  templates(): Promise<RemoteTemplate[]>;
  parts(): Promise<RemotePart[]>;
  /** @returns the version that it has now. */
  saveTemplate(name: string, body: unknown): Promise<number>;
  savePart(name: string, body: unknown): Promise<number>;
}

/**
 * @param url where the server is; by default on this machine, at the port of the environment.
 * @throws SendwrightError `auth.required` without SENDWRIGHT_API_KEY. Its functions throw
 *   `server.unavailable`, or `input.invalid` with what the server said.
 */
export function connectTemplateApi(url: string | undefined, options: ServerOptions): TemplateApi {
  const base = url ?? `http://127.0.0.1:${options.port}`;
  const { apiKey } = options;
  if (apiKey === undefined) {
    throw new SendwrightError("auth.required", "Set SENDWRIGHT_API_KEY to an API key with scope admin.");
  }

  async function call<Shape>(path: string, shape: z.ZodType<Shape>, body?: unknown): Promise<Shape> {
    const address = new URL(path, base.endsWith("/") ? base : `${base}/`);
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const request = body === undefined ? {} : { method: "PUT", body: JSON.stringify(body) };
    let response: Response;
    try {
      // A key goes to the server that was named, and to none that this one names.
      response = await fetch(address, { headers, redirect: "error", ...request });
    } catch (cause) {
      throw new SendwrightError(
        "server.unavailable",
        `Can't reach Sendwright at ${base}. Start it, or check --url.`,
        {
          cause,
        },
      );
    }
    const reply: unknown = await response.json().catch(() => null);
    if (response.ok) {
      const result = shape.safeParse(reply);
      if (result.success) return result.data;
    }
    const parsed = problem.safeParse(reply);
    const detail = parsed.success ? parsed.data.detail : `it responded with status ${response.status}.`;
    throw new SendwrightError("input.invalid", `${base}: ${detail}`);
  }

  return {
    async templates() {
      const { items } = await call(
        "api/templates",
        z.object({ items: z.array(template.omit({ sources: true })) }),
      );
      const found: RemoteTemplate[] = [];
      for (const { name } of items) found.push(await call(`api/templates/${name}`, template));
      return found;
    },
    parts: async () => (await call("api/template-parts", z.object({ items: z.array(part) }))).items,
    saveTemplate: async (name, body) => (await call(`api/templates/${name}`, template, body)).version,
    savePart: async (name, body) => (await call(`api/template-parts/${name}`, part, body)).version,
  };
}
