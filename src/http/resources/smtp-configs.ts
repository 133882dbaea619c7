import { z } from "zod";
import { parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import {
  smtpConfigCreateRequest,
  smtpConfigDraft,
  smtpConfigEdited,
  smtpConfigOrder,
  smtpConfigSearch,
  smtpConfigSender,
  smtpConfigUpdate,
} from "../../smtp-configs/settings.ts";
import { idParams, json, jsonBody, noContent, route, routes } from "../route.ts";
import { smtpConfig, smtpConfigList } from "../schema/smtp-configs.ts";
import { discovery, dnsReport } from "../schema/tests.ts";
import { smtpConfigView } from "./smtp-config-views.ts";
import { runTest, savedTest, testReply } from "./test-stream.ts";
import { dnsReportView } from "./views.ts";

/** A CA certificate bundle of 262,144 characters, and the rest of a form. */
export const smtpConfigLimits = { bytes: 320 * 1024 };

const exampleConfig = {
  smtpServer: "smtp.example.com",
  smtpPort: 587,
  username: "app@example.com",
  password: "correct horse battery staple",
  fromEmail: "hello@example.com",
  fromName: "Example",
};
const exampleEdit = { ...exampleConfig, password: "********", version: 1 };

const list = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "List SMTP configs",
  description: "Lists SMTP configs in the order in which Sendwright uses them. `next` is always null.",
  responses: { 200: json(smtpConfigList, "SMTP configs, with passwords masked") },
});

const create = route({
  for: "admin",
  method: "post",
  path: "/",
  summary: "Create an SMTP config",
  description:
    "Creates an SMTP config. `smtpServer`, `smtpPort` and `fromEmail` are required. Without `username`, Sendwright does not authenticate. `takeOverFromSandbox` turns off the configs that send to the sandbox, in the same transaction.",
  limits: smtpConfigLimits,
  request: { body: jsonBody(smtpConfigCreateRequest, exampleConfig) },
  responses: { 201: json(smtpConfig, "New SMTP config") },
});

const get = route({
  for: "admin",
  method: "get",
  path: "/{id}",
  summary: "Get an SMTP config",
  description: "Gets an SMTP config. `password` is the mask if a password is saved, and null if not.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config") },
});

const update = route({
  for: "admin",
  method: "put",
  path: "/{id}",
  summary: "Replace an SMTP config",
  description:
    "Replaces an SMTP config. Send the edited response of GET; omitted fields get their defaults. As `password`, the mask keeps the saved password, null removes it and other text replaces it. The saved password is kept only for the same server, port, TLS settings, CA, authentication method and username. Otherwise the response is 409 `config.password_required`. It is 409 `config.version_conflict` if `version` is not the latest.",
  limits: smtpConfigLimits,
  request: { params: idParams, body: jsonBody(smtpConfigUpdate, exampleEdit) },
  responses: { 200: json(smtpConfig, "SMTP config as saved") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{id}",
  summary: "Delete an SMTP config",
  description: "Deletes an SMTP config with its password. Emails keep the log of their attempts.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const arrange = route({
  for: "admin",
  method: "post",
  path: "/order",
  summary: "Reorder SMTP configs",
  description:
    "Sets the order in which Sendwright uses the configs. `ids` lists all of them, the first one first. The response is 409 `config.version_conflict` if a config was created or deleted since.",
  // A thousand ids.
  limits: { bytes: 64 * 1024 },
  request: {
    body: jsonBody(smtpConfigOrder, {
      ids: ["0199f7a2-5b3c-7d10-8f21-6a1be0c4d2e9", "0199f7a1-1c44-7a05-9b32-2f8fd0a7c611"],
    }),
  },
  responses: { 200: json(smtpConfigList, "SMTP configs in their new order") },
});

const enable = route({
  for: "admin",
  method: "post",
  path: "/{id}/enable",
  summary: "Turn on an SMTP config",
  description: "Turns on an SMTP config, so emails can be sent through it. Does nothing if it is already on.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config") },
});

const disable = route({
  for: "admin",
  method: "post",
  path: "/{id}/disable",
  summary: "Turn off an SMTP config",
  description:
    "Turns off an SMTP config, so no emails are sent through it. Its settings and password are kept.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config") },
});

const resume = route({
  for: "admin",
  method: "post",
  path: "/{id}/resume",
  summary: "Resume a paused SMTP config",
  description:
    "Resumes a paused SMTP config now, instead of with the first email after `pausedUntil`. Does nothing if it is not paused.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config") },
});

const check = route({
  for: "admin",
  method: "post",
  path: "/{id}/check",
  summary: "Check an SMTP config",
  description:
    "Runs the scheduled check now. It connects up to the sender, without sending an email, and checks the DNS of the sender's domain. The result is stored in `lastCheck`; problems raise alerts. The response is 429 if a check is already running or too many are.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "SMTP config with the result") },
});

const discover = route({
  for: "admin",
  method: "post",
  path: "/discover",
  summary: "Discover SMTP settings for an email address",
  description:
    "Discovers SMTP settings from the provider catalog, the domain's SRV records (RFC 6186, RFC 8314), its MX records and common host names. Each candidate is tested up to EHLO inside TLS, without authentication. The response is sent within 8 seconds.",
  request: { body: jsonBody(smtpConfigSearch, { email: "jo@example.com" }) },
  responses: { 200: json(discovery, "Discovered settings") },
});

const dnsChecked =
  "Checks SPF, DKIM, DMARC and MX of the From email's domain for the SMTP server that sends. Only queries the DNS.";

const dnsDraft = route({
  for: "admin",
  method: "post",
  path: "/dns",
  summary: "Check DNS records of a sender",
  description: dnsChecked,
  request: {
    body: jsonBody(smtpConfigSender, { fromEmail: "hello@example.com", smtpServer: "smtp.example.com" }),
  },
  responses: { 200: json(dnsReport, "Discovered settings") },
});

const dnsSaved = route({
  for: "admin",
  method: "get",
  path: "/{id}/dns",
  summary: "Check DNS records of an SMTP config",
  description: dnsChecked,
  request: { params: idParams },
  responses: { 200: json(dnsReport, "Discovered settings") },
});

const sendTo =
  "With `sendTo`, the test sends an email to that address. Otherwise it stops before the message.";
const streaming =
  "If the test fails before authentication, Sendwright tests other common ports of the same server without credentials (see `corrections`). `warnings` lists suspicious fields, such as a password with an invisible character. With `Accept: text/event-stream`, the response is a stream. A `progress` event (`{ stage, evidence }`) reports a stage that started or found something. A `stage` event follows each stage, and a `correction` event each other port. A `report` event ends the stream.";

const testDraft = route({
  for: "admin",
  method: "post",
  path: "/test",
  summary: "Test unsaved SMTP settings",
  description: `Tests SMTP settings before you save them. ${sendTo} The email is not logged, because the log covers saved configs only. ${streaming} The mask is not allowed as a password.`,
  limits: smtpConfigLimits,
  request: { body: jsonBody(smtpConfigDraft, { ...exampleConfig, sendTo: "jo@example.com" }) },
  responses: { 200: testReply },
});

const testSaved = route({
  for: "admin",
  method: "post",
  path: "/{id}/test",
  summary: "Test a saved SMTP config",
  description: `Tests the saved config if the body is empty or has \`sendTo\` only. Otherwise tests the edited settings, with the password rules of PUT. ${sendTo} If the tested settings are saved, the email is logged as final with the template \`test-email\`. \`emailId\` in the evidence of the stage \`message\` is its ID. ${streaming}`,
  limits: smtpConfigLimits,
  request: {
    params: idParams,
    body: jsonBody(
      z.union([smtpConfigEdited, z.strictObject({ sendTo: z.string().nullish() })]),
      { sendTo: "jo@example.com" },
      { optional: true },
    ),
  },
  responses: { 200: testReply },
});

export function smtpConfigRoutes(services: Services) {
  const { configs, tests, discovery: search, senderDns, monitor, sandbox, log } = services;
  return routes()
    .openapi(list, async (c) =>
      c.json({ items: (await configs.list()).map(smtpConfigView), next: null }, 200),
    )
    .openapi(create, async (c) => {
      const { takeOverFromSandbox, ...input } = parse(smtpConfigCreateRequest, c.req.valid("json"));
      const sandboxPort = takeOverFromSandbox ? (sandbox?.port ?? null) : null;
      const created = await configs.create(input, c.get("caller").actor, sandboxPort);
      return c.json(smtpConfigView(created), 201);
    })
    .openapi(discover, async (c) => {
      const { signal } = c.req.raw;
      return c.json(await search.find(c.req.valid("json"), c.get("caller").actor, signal), 200);
    })
    .openapi(dnsDraft, async (c) => {
      const report = await senderDns.draft(c.req.valid("json"), c.get("caller").actor);
      return c.json(dnsReportView(report), 200);
    })
    .openapi(dnsSaved, async (c) => {
      const report = await senderDns.saved(c.req.valid("param").id, c.get("caller").actor);
      return c.json(dnsReportView(report), 200);
    })
    .openapi(testDraft, (c) =>
      runTest(c, tests, log, { target: { kind: "unsaved", form: c.req.valid("json") } }),
    )
    .openapi(get, async (c) => c.json(smtpConfigView(await configs.get(c.req.valid("param").id)), 200))
    .openapi(update, async (c) => {
      const input = parse(smtpConfigUpdate, c.req.valid("json"));
      const { id } = c.req.valid("param");
      return c.json(smtpConfigView(await configs.update(id, input, c.get("caller").actor)), 200);
    })
    .openapi(remove, async (c) => {
      await configs.remove(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    })
    .openapi(arrange, async (c) => {
      const { ids } = parse(smtpConfigOrder, c.req.valid("json"));
      const arranged = await configs.arrange(ids, c.get("caller").actor);
      return c.json({ items: arranged.map(smtpConfigView), next: null }, 200);
    })
    .openapi(enable, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(smtpConfigView(await configs.setEnabled(id, true, c.get("caller").actor)), 200);
    })
    .openapi(disable, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(smtpConfigView(await configs.setEnabled(id, false, c.get("caller").actor)), 200);
    })
    .openapi(resume, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(smtpConfigView(await configs.resume(id, c.get("caller").actor)), 200);
    })
    .openapi(check, async (c) => {
      const { id } = c.req.valid("param");
      await monitor.checkNow(id, c.get("caller").actor);
      return c.json(smtpConfigView(await configs.get(id)), 200);
    })
    .openapi(testSaved, (c) =>
      runTest(c, tests, log, savedTest(c.req.valid("param").id, c.req.valid("json"))),
    );
}
