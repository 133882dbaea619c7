import { z } from "zod";
import type { Caller } from "../../accounts/caller.ts";
import { invalidInput, parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import { type PreviewRequest, previewRequest, renderDraft } from "../../templates/library/preview.ts";
import { templateEdit } from "../../templates/library/templates.ts";
import { authorize, json, jsonBody, noContent, route, routes } from "../route.ts";
import { restoreRequest, versionNumber } from "../schema/common.ts";
import {
  templateDetail,
  templateList,
  templatePreview,
  templateTest,
  templateVersionDetail,
  templateVersionList,
} from "../schema/templates.ts";
import { templateDetailView, templateVersionDetailView, templateVersionView, templateView } from "./views.ts";

const params = z.object({
  name: z.string().meta({ description: "Name of the template", example: "password-reset" }),
});
const versionParams = params.extend({
  version: versionNumber.meta({ description: "Number of the version; 0 is the built-in template" }),
});
/** Fifty languages, each as long as a source may be, would be more; nobody writes that. */
const limits = { bytes: 4 * 1024 * 1024, depth: 24, values: 50_000, names: 2_000 };

const list = route({
  for: "sender",
  method: "get",
  path: "/",
  summary: "List templates",
  description:
    "Lists templates, each with the JSON Schema of its data and an example. `next` is always null.",
  responses: { 200: json(templateList, "Templates") },
});

const get = route({
  for: "sender",
  method: "get",
  path: "/{name}",
  summary: "Get a template",
  description:
    "Gets a template with the JSON Schema of its data, an example, and its source in each language.",
  request: { params },
  responses: { 200: json(templateDetail, "Template") },
});

const save = route({
  for: "admin",
  method: "put",
  path: "/{name}",
  summary: "Save a template",
  description:
    "Saves a template. Send the edited response of GET. A new name with version 0 creates a template. Sendwright first renders it with its example in each language, and returns every error with its line and column. Only the sources of a built-in template can be changed. Each save with changes creates a version. Emails accepted from then on use it.",
  limits,
  request: {
    params,
    body: jsonBody(templateEdit, {
      description: "Welcomes a new customer",
      schema: {
        type: "object",
        properties: { name: { type: "string", maxLength: 100 } },
        required: ["name"],
        additionalProperties: false,
      },
      example: { name: "Jo" },
      sources: {
        en: { subject: "Welcome, {{ name }}", mjml: "<mj-text>Good to have you here.</mj-text>" },
      },
      version: 0,
      note: "First draft",
    }),
  },
  responses: { 200: json(templateDetail, "Template as saved") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{name}",
  summary: "Reset or delete a template",
  description:
    "Resets a built-in template and keeps its versions. Deletes any other template with its versions. Emails already accepted are still sent.",
  request: { params },
  responses: { 204: noContent },
});

const versions = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions",
  summary: "List versions of a template",
  description: "Lists versions, newest first, without version 0, the built-in one. `next` is always null.",
  request: { params },
  responses: { 200: json(templateVersionList, "Versions") },
});

const version = route({
  for: "admin",
  method: "get",
  path: "/{name}/versions/{version}",
  summary: "Get a version of a template",
  description: "Gets a version with its sources. Version 0 is the built-in template.",
  request: { params: versionParams },
  responses: { 200: json(templateVersionDetail, "Version") },
});

const restore = route({
  for: "admin",
  method: "post",
  path: "/{name}/versions/{version}/restore",
  summary: "Restore a version of a template",
  description: "Saves the version as a new version, if it works with the current template parts.",
  request: { params: versionParams, body: jsonBody(restoreRequest, { version: 3 }) },
  responses: { 200: json(templateDetail, "Template as saved") },
});

const preview = route({
  for: "sender",
  method: "post",
  path: "/{name}/preview",
  summary: "Render a template",
  description:
    "Renders a template without sending an email. `data` defaults to the template's example. Admins can pass `source` to render unsaved text, even for a name that is not saved yet, and `brand` or `part` for another look.",
  limits,
  request: {
    params,
    body: jsonBody(previewRequest, {
      locale: "en",
      data: { name: "Jo", url: "https://example.com/reset?code=…" },
    }),
  },
  responses: { 200: json(templatePreview, "Subject, HTML, text and warnings") },
});

const testRequest = previewRequest.omit({ brand: true, part: true }).extend({
  to: z.string().optional().describe("Your email address, which is the default. Required for API keys"),
});

const test = route({
  for: "admin",
  method: "post",
  path: "/{name}/test",
  summary: "Send a test email from a template",
  description:
    "Sends a test email with the saved template, or with unsaved text in `source`. It is sent like any other email, with the tag `test`. Signed-in admins can send it to their own address only.",
  limits,
  request: { params, body: jsonBody(testRequest, { locale: "en" }) },
  responses: { 202: json(templateTest, "Email queued") },
});

export function templateRoutes({ templates, savedTemplates, outbox, clock }: Services) {
  /** What is saved is sent by its name; what is not, as it was rendered here. */
  function testContent(name: string, draft: PreviewRequest) {
    const { locale, data = templates.find(name)?.info.example } = draft;
    if (draft.source === undefined) return { template: name, data, locale };
    const { preview, sensitive, expiresAfterMs } = renderDraft(templates, name, draft);
    const { subject, html, text } = preview;
    const expiry = expiresAfterMs === null ? {} : { expiresAt: new Date(clock.now() + expiresAfterMs) };
    return { subject, html, text, sensitive, ...expiry };
  }

  return routes()
    .openapi(list, (c) => c.json({ items: templates.list().map(templateView), next: null }, 200))
    .openapi(get, async (c) =>
      c.json(templateDetailView(await savedTemplates.get(c.req.valid("param").name)), 200),
    )
    .openapi(save, async (c) => {
      const { name } = c.req.valid("param");
      const saved = await savedTemplates.save(name, c.req.valid("json"), c.get("caller").actor);
      return c.json(templateDetailView(saved), 200);
    })
    .openapi(remove, async (c) => {
      await savedTemplates.remove(c.req.valid("param").name, c.get("caller").actor);
      return c.body(null, 204);
    })
    .openapi(versions, async (c) => {
      const items = await savedTemplates.versions(c.req.valid("param").name);
      return c.json({ items: items.map(templateVersionView), next: null }, 200);
    })
    .openapi(version, async (c) => {
      const { name, version: number } = c.req.valid("param");
      return c.json(templateVersionDetailView(await savedTemplates.version(name, number)), 200);
    })
    .openapi(restore, async (c) => {
      const { name, version: number } = c.req.valid("param");
      const { version: latest } = parse(restoreRequest, c.req.valid("json"));
      const saved = await savedTemplates.restore(name, number, latest, c.get("caller").actor);
      return c.json(templateDetailView(saved), 200);
    })
    .openapi(preview, async (c) => {
      const body = parse(previewRequest, c.req.valid("json"));
      // Whoever may only send has no business with what is being written.
      const isDraft = [body.source, body.brand, body.part].some((unsaved) => unsaved !== undefined);
      if (isDraft) await authorize(c, "admin");
      const { preview } = renderDraft(templates, c.req.valid("param").name, body);
      return c.json({ ...preview, warnings: [...preview.warnings] }, 200);
    })
    .openapi(test, async (c) => {
      const { name } = c.req.valid("param");
      const { to, ...draft } = parse(testRequest, c.req.valid("json"));
      const caller = c.get("caller");
      const address = ownAddress(caller, to);
      const email = { to: address, tags: ["test"], ...testContent(name, draft) };
      const { id, messageId, state } = await outbox.accept(email, { caller: caller.actor });
      return c.json({ id, messageId, state, to: address }, 202);
    });
}

/** Tests are no way to write to others in the name of a template. */
function ownAddress({ email }: Caller, wanted: string | undefined): string {
  const wrong = (detail: string) => invalidInput([{ pointer: "/to", detail }]);
  if (email === null) {
    if (wanted === undefined) throw wrong("is required, because this caller has no email address");
    return wanted;
  }
  if (wanted !== undefined && wanted.toLowerCase() !== email.toLowerCase()) {
    throw wrong(`must be your own address (${email}) or left out`);
  }
  return email;
}
