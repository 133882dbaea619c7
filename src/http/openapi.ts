import type { App } from "./route.ts";

/**
 * The OpenAPI document of an app.
 * @param serverUrl what its paths are relative to; itself relative to the document.
 */
export function openApiDocument(app: App, serverUrl: string): ReturnType<App["getOpenAPI31Document"]> {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Sendwright",
      version: "1",
      description:
        "Outgoing email for an application. Failures are problems (RFC 9457) that name every wrong field at once; times are RFC 3339 in UTC; lists are read page by page with `next` and `after`.",
      license: { name: "MIT" },
    },
    servers: [{ url: serverUrl, description: "This server" }],
  });
}

/** The two ways to say who calls, to which routes refer. */
export function describeSecurity({ openAPIRegistry }: App): void {
  openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description:
      "An API key (`sw_…`). One with the scope `send` posts emails, and reads and resends those it sent.",
  });
  openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "sendwright.session_token",
    description: "The cookie of a signed-in admin.",
  });
}
