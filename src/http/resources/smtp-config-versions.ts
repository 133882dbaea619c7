import { z } from "zod";
import { parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import { smtpConfigTest, smtpConfigUpdate } from "../../smtp-configs/settings.ts";
import { idParams, json, jsonBody, noContent, route, routes } from "../route.ts";
import { smtpConfig, smtpConfigDraftReply, smtpConfigVersionList } from "../schema/smtp-configs.ts";
import { smtpConfigDraftView, smtpConfigVersionView, smtpConfigView } from "./smtp-config-views.ts";
import { smtpConfigLimits } from "./smtp-configs.ts";
import { draftTest, runTest, testReply } from "./test-stream.ts";

const seenVersion = z.strictObject({ version: z.int() });
const versionParams = z.object({
  ...idParams.shape,
  version: z.coerce.number().int().min(1).meta({ description: "An earlier version" }),
});

const list = route({
  for: "admin",
  method: "get",
  path: "/{id}/versions",
  summary: "List the versions of an SMTP config",
  description:
    "The current one first, then up to twenty earlier ones: who saved what, and whether it was tested. Passwords and certificates are not shown, only that they changed.",
  request: { params: idParams },
  responses: { 200: json(smtpConfigVersionList, "The versions") },
});

const restore = route({
  for: "admin",
  method: "post",
  path: "/{id}/versions/{version}/restore",
  summary: "Return to an earlier version",
  description:
    "With the password that was saved with it. It becomes the latest version; the one it replaces is kept as an earlier one. `version` in the body is the latest that the caller saw: another gives 409 `config.version_conflict`.",
  request: { params: versionParams, body: jsonBody(seenVersion, { version: 4 }) },
  responses: { 200: json(smtpConfig, "The config") },
});

const getDraft = route({
  for: "admin",
  method: "get",
  path: "/{id}/draft",
  summary: "Get the draft of an SMTP config",
  description: "What may become its next version, while the current one goes on; null where there is none.",
  request: { params: idParams },
  responses: { 200: json(smtpConfigDraftReply, "The draft") },
});

const putDraft = route({
  for: "admin",
  method: "put",
  path: "/{id}/draft",
  summary: "Save a draft of an SMTP config",
  description:
    "Takes the same as PUT of the config, and changes nothing of what sends. An earlier draft is replaced. The mask keeps the password of the earlier draft or of the config, whichever is for the same destination.",
  limits: smtpConfigLimits,
  request: {
    params: idParams,
    body: jsonBody(smtpConfigUpdate, {
      smtpServer: "smtp.example.com",
      smtpPort: 465,
      username: "app@example.com",
      password: "correct horse battery staple",
      fromEmail: "hello@example.com",
      version: 4,
    }),
  },
  responses: { 200: json(smtpConfigDraftReply, "The draft") },
});

const discardDraft = route({
  for: "admin",
  method: "delete",
  path: "/{id}/draft",
  summary: "Discard the draft of an SMTP config",
  description: "The config stays as it is. Where there is no draft, nothing happens.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const testDraft = route({
  for: "admin",
  method: "post",
  path: "/{id}/draft/test",
  summary: "Test the draft of an SMTP config",
  description:
    "As the test of a saved config. The result is kept with the draft, and goes with it when it is activated.",
  request: {
    params: idParams,
    body: jsonBody(smtpConfigTest, { sendTo: "jo@example.com" }, { optional: true }),
  },
  responses: { 200: testReply },
});

const activate = route({
  for: "admin",
  method: "post",
  path: "/{id}/draft/activate",
  summary: "Put the draft in the place of the config",
  description:
    "Also an untested one: `lastTest` of the config is null then. Where the config was saved since the draft was: 409 `config.version_conflict`. Should the new version fail before any email was taken through it, `returnTo` of the config names the version to restore; with the setting `returnFailedChanges` that happens by itself.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config") },
});

export function smtpConfigVersionRoutes({ configs, drafts, versions, tests, log }: Services) {
  return routes()
    .openapi(list, async (c) => {
      const items = await versions.list(c.req.valid("param").id);
      return c.json({ items: items.map(smtpConfigVersionView), next: null }, 200);
    })
    .openapi(restore, async (c) => {
      const { id, version } = c.req.valid("param");
      const seen = parse(seenVersion, c.req.valid("json"));
      await versions.restore(id, version, seen.version, c.get("caller").actor);
      return c.json(smtpConfigView(await configs.get(id)), 200);
    })
    .openapi(getDraft, async (c) => {
      const draft = await drafts.get(c.req.valid("param").id);
      return c.json({ draft: draft === null ? null : smtpConfigDraftView(draft) }, 200);
    })
    .openapi(putDraft, async (c) => {
      const input = parse(smtpConfigUpdate, c.req.valid("json"));
      const draft = await drafts.save(c.req.valid("param").id, input, c.get("caller").actor);
      return c.json({ draft: smtpConfigDraftView(draft) }, 200);
    })
    .openapi(discardDraft, async (c) => {
      await drafts.discard(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    })
    .openapi(testDraft, (c) =>
      runTest(c, tests, log, draftTest(c.req.valid("param").id, c.req.valid("json"))),
    )
    .openapi(activate, async (c) => {
      const { id } = c.req.valid("param");
      await drafts.activate(id, c.get("caller").actor);
      return c.json(smtpConfigView(await configs.get(id)), 200);
    });
}
