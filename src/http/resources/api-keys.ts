import type { ApiKeys } from "../../accounts/api-keys.ts";
import { parse } from "../../core/parse.ts";
import { idParams, json, jsonBody, noContent, route, routes } from "../route.ts";
import { apiKeyList, apiKeyRequest, newApiKey } from "../schema/accounts.ts";
import { apiKeyView } from "./views.ts";

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List API keys",
  description: "Lists API keys, newest first, without the keys themselves. `next` is always null.",
  responses: { 200: json(apiKeyList, "API keys") },
});

const create = route({
  for: "admin",
  method: "post",
  path: "/",
  summary: "Create an API key",
  description: "Creates an API key. Only this response contains `key`, because Sendwright stores its hash.",
  request: { body: jsonBody(apiKeyRequest, { name: "Web shop", scope: "send" }) },
  responses: { 201: json(newApiKey, "The new key") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{id}",
  summary: "Delete an API key",
  description: "Deletes the key. Sendwright rejects requests with it from now on.",
  request: { params: idParams },
  responses: { 204: noContent },
});

export function apiKeyRoutes(apiKeys: ApiKeys) {
  return routes()
    .openapi(list, async (c) => c.json({ items: (await apiKeys.list()).map(apiKeyView), next: null }, 200))
    .openapi(create, async (c) => {
      const { key, ...created } = await apiKeys.create(
        parse(apiKeyRequest, c.req.valid("json")),
        c.get("caller").actor,
      );
      return c.json({ ...apiKeyView(created), key }, 201);
    })
    .openapi(remove, async (c) => {
      await apiKeys.remove(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    });
}
