import { SendwrightError } from "../../core/errors.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Services } from "../../services.ts";
import { idParams, json, noContent, route, routes } from "../route.ts";
import { sandboxEmail, sandboxEmailList } from "../schema/sandbox.ts";
import { messageReply, messageResponse } from "./message-reply.ts";
import { sandboxEmailSummaryView, sandboxEmailView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List captured emails",
  description:
    "Lists captured emails, newest first. The sandbox keeps the last 200, in memory. `next` is always null.",
  responses: { 200: json(sandboxEmailList, "Captured emails") },
});

const get = route({
  for: "admin",
  method: "get",
  path: "/{id}",
  summary: "Get a captured email",
  description: "Gets a captured email, parsed. Show the HTML in a frame without scripts.",
  request: { params: idParams },
  responses: { 200: json(sandboxEmail, "Captured email") },
});

const source = route({
  for: "admin",
  method: "get",
  path: "/{id}/source",
  summary: "Get a captured email's source",
  description: "Gets the message exactly as the sandbox received it.",
  request: { params: idParams },
  responses: { 200: messageReply },
});

const clear = route({
  for: "admin",
  method: "delete",
  path: "/",
  summary: "Delete captured emails",
  description: "Deletes all captured emails.",
  responses: { 204: noContent },
});

export function sandboxRoutes({ sandbox }: Services) {
  return routes()
    .openapi(list, (c) => {
      return c.json({ items: running(sandbox).list().map(sandboxEmailSummaryView), next: null }, 200);
    })
    .openapi(get, (c) => {
      const { id } = c.req.valid("param");
      return c.json(sandboxEmailView(running(sandbox).get(id) ?? notFound(id)), 200);
    })
    .openapi(source, (c) => {
      const { id } = c.req.valid("param");
      return messageResponse(running(sandbox).source(id) ?? notFound(id), id);
    })
    .openapi(clear, (c) => {
      running(sandbox).clear();
      return c.body(null, 204);
    });
}

function running(sandbox: Sandbox | null): Sandbox {
  if (sandbox !== null) return sandbox;
  throw new SendwrightError(
    "sandbox.unavailable",
    "The sandbox is off. Set SENDWRIGHT_SANDBOX_PORT to a port such as 4651 to turn it on.",
  );
}

function notFound(id: string): never {
  throw new SendwrightError("email.not_found", `Email ${JSON.stringify(id)} not found in the sandbox.`);
}
