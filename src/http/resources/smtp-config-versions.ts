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
  version: z.coerce.number().int().min(1).meta({ description: "Number of an earlier version" }),
});

const list = route({
  for: "admin",
  method: "get",
  path: "/{id}/versions",
  summary: "List versions of an SMTP config",
  description:
    "Lists the current version, then up to 20 earlier ones: who saved what, and whether it was tested. Changed passwords and certificates are listed without their values.",
  request: { params: idParams },
  responses: { 200: json(smtpConfigVersionList, "Versions") },
});

const restore = route({
  for: "admin",
  method: "post",
  path: "/{id}/versions/{version}/restore",
  summary: "Restore a version of an SMTP config",
  description:
    "Restores a version with the password that was saved with it. It becomes the latest version; the replaced one is kept as an earlier version. `version` in the body is the latest version that you read. The response is 409 `config.version_conflict` if there is a newer one.",
  request: { params: versionParams, body: jsonBody(seenVersion, { version: 4 }) },
  responses: { 200: json(smtpConfig, "SMTP config") },
});

const getDraft = route({
  for: "admin",
  method: "get",
  path: "/{id}/draft",
  summary: "Get the draft of an SMTP config",
  description:
    "Gets the draft of an SMTP config: unsaved settings that do not send yet. Null if no draft exists.",
  request: { params: idParams },
  responses: { 200: json(smtpConfigDraftReply, "Draft") },
});

const putDraft = route({
  for: "admin",
  method: "put",
  path: "/{id}/draft",
  summary: "Save a draft of an SMTP config",
  description:
    "Saves a draft with the fields of PUT. The config keeps sending with its current settings. An earlier draft is replaced. The mask keeps the password of the earlier draft or of the config, if it is for the same destination.",
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
  responses: { 200: json(smtpConfigDraftReply, "Draft") },
});

const discardDraft = route({
  for: "admin",
  method: "delete",
  path: "/{id}/draft",
  summary: "Discard the draft of an SMTP config",
  description: "Discards the draft. The config is unchanged. If there is no draft, nothing happens.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const testDraft = route({
  for: "admin",
  method: "post",
  path: "/{id}/draft/test",
  summary: "Test the draft of an SMTP config",
  description:
    "Tests the draft in the same way as a saved config. The result is stored with the draft and kept when you activate it.",
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
  summary: "Activate the draft of an SMTP config",
  description:
    "Replaces the config by its draft, even if the draft is untested; `lastTest` is null then. The response is 409 `config.version_conflict` if the config was saved after the draft. If the new version fails before the server accepted an email, `returnTo` names the version to restore. With the setting `returnFailedChanges`, Sendwright restores it automatically.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config") },
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
