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

const params = z.object({ name: z.string().meta({ description: "Its name", example: "layout" }) });
const versionParams = params.extend({
  version: versionNumber.meta({ description: "0 is the built-in layout" }),
});
const limits = { bytes: 1024 * 1024 };

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List the parts of templates",
  description:
    'The layout that all emails have around them, and the partials that templates call with `{% render "name" %}`. `next` is always null.',
  responses: { 200: json(templatePartList, "The parts") },
});

const get = route({
  for: "admin",
  method: "get",
  path: "/{name}",
  summary: "Get a part of templates",
  description: "With its sources, and the names of the templates that have it in them.",
  request: { params },
  responses: { 200: json(templatePart, "The part") },
});

const save = route({
  for: "admin",
  method: "put",
  path: "/{name}",
  summary: "Save a part of templates",
  description:
    "Takes what GET gave, edited; a new name, with version 0, makes a partial. Each template that has it in it is rendered first: a change that would break one is refused, and says which.",
  limits,
  request: {
    params,
    body: jsonBody(partEdit, {
      mjml: "<mj-text>Questions? Write to help@example.com.</mj-text>",
      text: "Questions? Write to help@example.com.",
      version: 0,
    }),
  },
  responses: { 200: json(templatePart, "The part as saved") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{name}",
  summary: "Reset or delete a part of templates",
  description: "The layout is used as it came again. Another part is deleted, unless a template needs it.",
  request: { params },
  responses: { 204: noContent },
});

const versions = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions",
  summary: "List the versions of a part",
  description: "The newest first. `next` is always null.",
  request: { params },
  responses: { 200: json(templateVersionList, "The versions") },
});

const version = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions/{version}",
  summary: "Get a version of a part",
  description: "With its sources. Version 0 is the built-in layout.",
  request: { params: versionParams },
  responses: { 200: json(templatePartVersion, "The version") },
});

const restore = route({
  for: "admin",
  method: "post",
  path: "/{name}/versions/{version}/restore",
  summary: "Restore a version of a part",
  description: "It is saved as a new version, with the checks of PUT.",
  request: { params: versionParams, body: jsonBody(restoreRequest, { version: 3 }) },
  responses: { 200: json(templatePart, "The part as saved") },
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
