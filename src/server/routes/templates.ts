import { z } from "zod";
import { parse } from "../../parse.ts";
import type { Posthorn } from "../../posthorn.ts";
import { json, jsonBody, route, routes } from "../route.ts";
import { templateInfo, templateList, templatePreview, templatePreviewRequest } from "../schemas.ts";
import { templateView } from "../views.ts";

const params = z.object({ name: z.string().meta({ description: "Its name", example: "password-reset" }) });

const list = route({
  for: "sender",
  method: "get",
  path: "/",
  summary: "List the templates",
  description: "Each with the JSON Schema of its data and an example. `next` is always null.",
  responses: { 200: json(templateList, "The templates") },
});

const get = route({
  for: "sender",
  method: "get",
  path: "/{name}",
  summary: "Get a template",
  description: "With the JSON Schema of its data and an example.",
  request: { params },
  responses: { 200: json(templateInfo, "The template") },
});

const preview = route({
  for: "sender",
  method: "post",
  path: "/{name}/preview",
  summary: "Render a template",
  description: "Nothing is sent. Without `data` it is the template's example.",
  request: {
    params,
    body: jsonBody(templatePreviewRequest, {
      locale: "en",
      data: { name: "Jo", url: "https://example.com/reset?code=…" },
    }),
  },
  responses: { 200: json(templatePreview, "Subject, HTML and text") },
});

export function templateRoutes({ templates }: Posthorn) {
  return routes()
    .openapi(list, (c) => c.json({ items: templates.list().map(templateView), next: null }, 200))
    .openapi(get, (c) => c.json(templateView(templates.get(c.req.valid("param").name)), 200))
    .openapi(preview, (c) => {
      const { name } = c.req.valid("param");
      const { example } = templates.get(name);
      const { data = example, locale } = parse(templatePreviewRequest, c.req.valid("json"));
      return c.json(templates.render(name, { data, ...(locale === undefined ? {} : { locale }) }), 200);
    });
}
