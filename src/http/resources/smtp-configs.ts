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
  summary: "List the SMTP configs",
  description: "In the order in which they are tried. There are few: `next` is always null.",
  responses: { 200: json(smtpConfigList, "The configs, with their passwords masked") },
});

const create = route({
  for: "admin",
  method: "post",
  path: "/",
  summary: "Add an SMTP config",
  description:
    "Required: `smtpServer`, `smtpPort`, `fromEmail`. Without a `username` there is no sign-in. `takeOverFromSandbox` turns off, in the same transaction, the configs that send to the built-in sandbox.",
  limits: smtpConfigLimits,
  request: { body: jsonBody(smtpConfigCreateRequest, exampleConfig) },
  responses: { 201: json(smtpConfig, "The new config") },
});

const get = route({
  for: "admin",
  method: "get",
  path: "/{id}",
  summary: "Get an SMTP config",
  description: "`password` is the constant mask where one is saved, and null otherwise.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config") },
});

const update = route({
  for: "admin",
  method: "put",
  path: "/{id}",
  summary: "Replace an SMTP config",
  description:
    "Takes what GET gave, edited; what is left out gets its default. As `password` the mask keeps the saved one, null removes it, other text replaces it. The saved one is kept only for the same server, port, TLS settings, CA, sign-in method and username: otherwise 409 `config.password_required`. A `version` that is not the latest: 409 `config.version_conflict`.",
  limits: smtpConfigLimits,
  request: { params: idParams, body: jsonBody(smtpConfigUpdate, exampleEdit) },
  responses: { 200: json(smtpConfig, "The config as saved") },
});

const remove = route({
  for: "admin",
  method: "delete",
  path: "/{id}",
  summary: "Delete an SMTP config",
  description: "Its password goes with it. Emails keep what was logged of their attempts.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const arrange = route({
  for: "admin",
  method: "post",
  path: "/order",
  summary: "Put the SMTP configs in order",
  description:
    "`ids` names all of them, the one to be tried first in front. Where others were added or deleted since: 409 `config.version_conflict`.",
  // A thousand ids.
  limits: { bytes: 64 * 1024 },
  request: {
    body: jsonBody(smtpConfigOrder, {
      ids: ["0199f7a2-5b3c-7d10-8f21-6a1be0c4d2e9", "0199f7a1-1c44-7a05-9b32-2f8fd0a7c611"],
    }),
  },
  responses: { 200: json(smtpConfigList, "The configs in their new order") },
});

const enable = route({
  for: "admin",
  method: "post",
  path: "/{id}/enable",
  summary: "Switch an SMTP config on",
  description: "Emails may be sent through it from now on. One that is on stays on.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config") },
});

const disable = route({
  for: "admin",
  method: "post",
  path: "/{id}/disable",
  summary: "Switch an SMTP config off",
  description: "Nothing is sent through it from now on; its settings and its password stay.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config") },
});

const resume = route({
  for: "admin",
  method: "post",
  path: "/{id}/resume",
  summary: "Use a paused SMTP config again",
  description:
    "Ends its pause at once, for whoever knows that the trouble is over: otherwise the next email after `pausedUntil` finds out. One that is not paused stays as it is.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config") },
});

const check = route({
  for: "admin",
  method: "post",
  path: "/{id}/check",
  summary: "Check an SMTP config now",
  description:
    "What is done on schedule, at once: a connection as far as the sender, without an email, and the sender's domain in the DNS. The config then has it in `lastCheck`; what wants attention is among the alerts. One that is being checked, or too many at once: 429.",
  request: { params: idParams },
  responses: { 200: json(smtpConfig, "The config, checked") },
});

const discover = route({
  for: "admin",
  method: "post",
  path: "/discover",
  summary: "Find the settings for an email address",
  description:
    "From the catalogue of providers, the domain's SRV records (RFC 6186, RFC 8314), its MX, and usual names. What is found is tried out as far as EHLO inside TLS: nobody signs in. It takes 8 seconds at most.",
  request: { body: jsonBody(smtpConfigSearch, { email: "jo@example.com" }) },
  responses: { 200: json(discovery, "What was found") },
});

const dnsChecked =
  "SPF, DKIM and DMARC of the from email's domain, and where its mail goes (MX), judged by the SMTP server that sends. Only the DNS is asked.";

const dnsDraft = route({
  for: "admin",
  method: "post",
  path: "/dns",
  summary: "Check a sender's domain in the DNS",
  description: dnsChecked,
  request: {
    body: jsonBody(smtpConfigSender, { fromEmail: "hello@example.com", smtpServer: "smtp.example.com" }),
  },
  responses: { 200: json(dnsReport, "What was found") },
});

const dnsSaved = route({
  for: "admin",
  method: "get",
  path: "/{id}/dns",
  summary: "Check the sender's domain of an SMTP config",
  description: dnsChecked,
  request: { params: idParams },
  responses: { 200: json(dnsReport, "What was found") },
});

const sendTo = "With `sendTo` it sends a real email to that address; without, it stops before the message.";
const streaming =
  "Where it fails before the sign-in, a few usual ports of the same server are tried without credentials: see `corrections`. `warnings` names fields that look wrong, such as a password with an invisible character. With `Accept: text/event-stream`, an event `progress` (`{ stage, evidence }`) tells that a stage has begun or found something, `stage` follows each stage, `correction` each other way that was tried, and `report` ends the stream.";

const testDraft = route({
  for: "admin",
  method: "post",
  path: "/test",
  summary: "Test settings that are not saved",
  description: `${sendTo} It is not in the email log, which has only what went through a saved config. ${streaming} The mask is refused.`,
  limits: smtpConfigLimits,
  request: { body: jsonBody(smtpConfigDraft, { ...exampleConfig, sendTo: "jo@example.com" }) },
  responses: { 200: testReply },
});

const testSaved = route({
  for: "admin",
  method: "post",
  path: "/{id}/test",
  summary: "Test a saved SMTP config",
  description: `Without a body, or with \`sendTo\` alone, the config as saved; otherwise the form as edited, with the password guarded as in PUT. ${sendTo} If what was tested is what is saved, that email is in the email log, final at once, with the template \`test-email\`; \`emailId\` in the evidence of the stage \`message\` names it. ${streaming}`,
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
