import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServerEnv } from "./route.ts";

type Document = ReturnType<OpenAPIHono<ServerEnv>["getOpenAPI31Document"]>;

/** The OpenAPI document of an app. Every route may answer with a problem: that is said here, once. */
export function openApiDocument(app: Pick<OpenAPIHono<ServerEnv>, "getOpenAPI31Document">): Document {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Posthorn",
      version: "1",
      description:
        "Outgoing email for an application. Failures are problems (RFC 9457) that name every wrong field at once; times are RFC 3339 in UTC; lists are read page by page with `next` and `after`.",
      license: { name: "MIT" },
    },
    // Relative to the document itself, and so right under any base path.
    servers: [{ url: "..", description: "This server" }],
  });
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of [path.get, path.put, path.post, path.delete]) {
      if (operation?.responses === undefined) continue;
      operation.responses.default = { $ref: "#/components/responses/Problem" };
    }
  }
  return document;
}

/** Parts of the document that no route has on its own. */
export function describeCommonParts({ openAPIRegistry }: Pick<OpenAPIHono<ServerEnv>, "openAPIRegistry">) {
  openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description: "An API key (`ph_…`). One with the scope `send` posts emails and reads those it sent.",
  });
  openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "posthorn.session_token",
    description: "The cookie of a signed-in admin.",
  });
  openAPIRegistry.registerComponent("responses", "Problem", {
    description: "What went wrong, and the remedy",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
}
