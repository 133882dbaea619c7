import { z } from "zod";
import { rfc3339OrNull } from "../../core/format.ts";
import { parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import { partEdit } from "../../templates/library/parts.ts";
import { json, jsonBody, noContent, route, routes } from "../route.ts";
import { restoreRequest, versionNumber } from "../schema/common.ts";
import {
  templatePart,
  templatePartList,
  templatePartVersion,
  templateVersionList,
} from "../schema/templates.ts";
import { templatePartView, templateVersionView } from "./views.ts";

const params = z.object({ name: z.string().meta({ description: "Name of the part", example: "layout" }) });
const versionParams = params.extend({
  version: versionNumber.meta({ description: "Number of the version; 0 is the built-in layout" }),
});
const limits = { bytes: 1024 * 1024 };

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List template parts",
  description:
    'Lists the layout around all emails, and the partials that templates call with `{% render "name" %}`. `next` is always null.',
  responses: { 200: json(templatePartList, "Template parts") },
});

const get = route({
  for: "admin",
  method: "get",
  path: "/{name}",
  summary: "Get a template part",
  description: "Gets a template part with its sources and the names of the templates that use it.",
  request: { params },
  responses: { 200: json(templatePart, "Template part") },
});

const save = route({
  for: "admin",
  method: "put",
  path: "/{name}",
  summary: "Save a template part",
  description:
    "Saves a template part. Send the edited response of GET. A new name with version 0 creates a partial. Sendwright first renders each template that uses the part. If the change would break one, it is rejected and the response names the template.",
  limits,
  request: {
    params,
    body: jsonBody(partEdit, {
      mjml: "<mj-text>Questions? Write to help@example.com.</mj-text>",
      text: "Questions? Write to help@example.com.",
      version: 0,
    }),
  },
  responses: { 200: json(templatePart, "Template part as saved") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{name}",
  summary: "Reset or delete a template part",
  description: "Resets the layout to the built-in one. Deletes any other part, unless a template uses it.",
  request: { params },
  responses: { 204: noContent },
});

const versions = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions",
  summary: "List versions of a template part",
  description: "Lists versions, newest first. `next` is always null.",
  request: { params },
  responses: { 200: json(templateVersionList, "Versions") },
});

const version = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions/{version}",
  summary: "Get a version of a template part",
  description: "Gets a version with its sources. Version 0 is the built-in layout.",
  request: { params: versionParams },
  responses: { 200: json(templatePartVersion, "Version") },
});

const restore = route({
  for: "admin",
  method: "post",
  path: "/{name}/versions/{version}/restore",
  summary: "Restore a version of a template part",
  description: "Saves the version as a new version, with the checks of PUT.",
  request: { params: versionParams, body: jsonBody(restoreRequest, { version: 3 }) },
  responses: { 200: json(templatePart, "Template part as saved") },
});

export function templatePartRoutes({ templateParts }: Services) {
  return routes()
    .openapi(list, async (c) =>
      c.json({ items: (await templateParts.list()).map(templatePartView), next: null }, 200),
    )
    .openapi(get, async (c) =>
      c.json(templatePartView(await templateParts.get(c.req.valid("param").name)), 200),
    )
    .openapi(save, async (c) => {
      const { name } = c.req.valid("param");
      const saved = await templateParts.save(name, c.req.valid("json"), c.get("caller").actor);
      return c.json(templatePartView(saved), 200);
    })
    .openapi(remove, async (c) => {
      await templateParts.remove(c.req.valid("param").name, c.get("caller").actor);
      return c.body(null, 204);
    })
    .openapi(versions, async (c) => {
      const items = await templateParts.versions(c.req.valid("param").name);
      return c.json({ items: items.map(templateVersionView), next: null }, 200);
    })
    .openapi(version, async (c) => {
      const { name, version: number } = c.req.valid("param");
      const { at, ...found } = await templateParts.version(name, number);
      return c.json({ ...found, at: rfc3339OrNull(at) }, 200);
    })
    .openapi(restore, async (c) => {
      const { name, version: number } = c.req.valid("param");
      const { version: latest } = parse(restoreRequest, c.req.valid("json"));
      return c.json(
        templatePartView(await templateParts.restore(name, number, latest, c.get("caller").actor)),
        200,
      );
    });
}
