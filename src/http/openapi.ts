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
        "Sends email for your application. Errors are problems (RFC 9457) that name every invalid field. Times are RFC 3339 in UTC. To read a long list, pass `next` of a page as `after` to get the next one.",
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
    description: "API key (`sw_…`). A key with scope `send` can send emails, and read and resend its own.",
  });
  openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "sendwright.session_token",
    description: "Session cookie of an admin.",
  });
}
