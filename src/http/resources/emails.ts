import { z } from "zod";
import type { Caller } from "../../accounts/caller.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { invalidInput, parse } from "../../core/parse.ts";
import { criteriaOf, emailCriteria } from "../../emails/criteria.ts";
import type { EmailDetail, EmailSummary } from "../../emails/emails.ts";
import { idempotencyKey } from "../../emails/idempotency.ts";
import { emailRequest } from "../../emails/request.ts";
import type { Services } from "../../services.ts";
import { accountHider } from "../../smtp/account.ts";
import { allUsernames } from "../../smtp-configs/usernames.ts";
import { inBrief, problemOf } from "../problem.ts";
import { idParams, json, jsonBody, noContent, pageQuery, route, routes } from "../route.ts";
import { accepted, batchResults, email, emailList, emailPreview } from "../schema/emails.ts";
import { messageReply, messageResponse } from "./message-reply.ts";
import { emailSummaryView, emailView, type HidesAccount } from "./views.ts";

/** Attachments in base64, and the data of a template. */
const emailLimits = { bytes: 40 * 1024 * 1024, values: 25_000, names: 2_000 };
/** In one process the whole is parsed in one go: the values are fewer than 500 emails of that size have. */
const batchLimits = { ...emailLimits, values: 500_000 };

/** Of all problems that one reply to a batch tells of. */
const maxProblemBytes = 400_000;

const keyHeader = (description: string) =>
  z.object({
    "idempotency-key": idempotencyKey.optional().meta({ description, example: "order-1042-shipped" }),
  });

const send = route({
  for: "sender",
  method: "post",
  path: "/",
  summary: "Send an email",
  description:
    "Answered once the email is stored: from then on it is delivered, or the log says why not. Either `template` and `data`, or `subject` with `html` or `text`. `config` names the SMTP config to send through; with `fallback`, others may send what it can't. With an `Idempotency-Key` the same request again gives the first answer again, also after a lost connection; the key belongs to the caller. An email has at most 50 recipients, 100 attachments and 100 headers, and 25,000,000 bytes as composed: about 18 MB of files. `calendar` makes it an invitation. Replies with 503 and `Retry-After` while there is no memory (`server.busy`), the queue is full (`queue.full`) or the disk is (`disk.full`): nothing was stored.",
  limits: emailLimits,
  request: {
    headers: keyHeader("Of the caller's choice, such as a UUID"),
    body: jsonBody(emailRequest, {
      to: "jo@example.com",
      template: "password-reset",
      data: { name: "Jo", url: "https://example.com/reset?code=…" },
    }),
  },
  responses: { 202: json(accepted, "Stored, and about to be delivered") },
});

const emailBatch = z.strictObject({
  emails: z
    .array(emailRequest.safeExtend({ idempotencyKey: idempotencyKey.optional() }))
    .min(1)
    .max(500),
});

const sendBatch = route({
  for: "sender",
  method: "post",
  path: "/batch",
  summary: "Send many emails",
  description:
    "Up to 500, each by itself: what is wrong with one keeps no other from being stored. Each may have an `idempotencyKey`; an `Idempotency-Key` of the whole gives one to each that has none.",
  limits: batchLimits,
  request: {
    headers: keyHeader("For the whole; send it with the same emails in the same order"),
    body: jsonBody(emailBatch, {
      emails: [{ to: "jo@example.com", subject: "Hello", text: "Hi Jo" }],
    }),
  },
  responses: { 202: json(batchResults, "A result for each, in their order") },
});

const list = route({
  for: "sender",
  method: "get",
  path: "/",
  summary: "List emails",
  description: "The newest first. A key with the scope `send` sees those that it sent.",
  request: {
    query: pageQuery.extend(emailCriteria),
  },
  responses: { 200: json(emailList, "A page of the log") },
});

const get = route({
  for: "sender",
  method: "get",
  path: "/{id}",
  summary: "Get an email",
  description: "Its state, the outcome for each recipient, and each attempt with what the relay said.",
  request: { params: idParams },
  responses: { 200: json(email, "The email") },
});

const source = route({
  for: "sender",
  method: "get",
  path: "/{id}/source",
  summary: "Get an email's source",
  description:
    "The message as composed, but for From and Reply-To, which the SMTP config may add. Refused for sensitive emails, and once the contents are gone.",
  request: { params: idParams },
  responses: { 200: messageReply },
});

const preview = route({
  for: "sender",
  method: "get",
  path: "/{id}/preview",
  summary: "Get an email's contents",
  description: "The HTML is what was sent: show it in a frame without scripts. Refused where the source is.",
  request: { params: idParams },
  responses: { 200: json(emailPreview, "HTML and text") },
});

const retry = route({
  for: "admin",
  method: "post",
  path: "/{id}/retry",
  summary: "Try an email again",
  description:
    "For the recipients that have not got it. Refused once the contents are gone, and for the emails of Test Connection: they are about one SMTP config.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const resend = route({
  for: "sender",
  method: "post",
  path: "/{id}/resend",
  summary: "Resend an email",
  description:
    "Queues a copy of a final email for all its recipients, also those that got it, for 24 hours. The copy is a new email: it has an ID, a `Message-ID` and a `Date` of its own, because receivers drop repeated Message-IDs. Everything else is the same, byte for byte. The response is 409 if the email isn't final, is a test email or names an SMTP config that was deleted, and 410 if its content is deleted or sensitive. A key with the scope `send` resends what it sent.",
  request: {
    params: idParams,
    headers: keyHeader("The same key from the same caller gives the first response again, for 24 hours"),
  },
  responses: { 202: json(accepted, "The copy is stored and queued") },
});

const cancel = route({
  for: "admin",
  method: "post",
  path: "/{id}/cancel",
  summary: "Cancel an email",
  description: "Possible while it is queued.",
  request: { params: idParams },
  responses: { 204: noContent },
});

/** An email as it is read: in a list without its attempts. */
type ReadEmail = EmailSummary & Partial<Pick<EmailDetail, "attempts">>;

export function emailRoutes({ outbox, log, store, configSource }: Services) {
  /** A key that only sends does not learn which account a config signs in with. @returns null for admins */
  async function hiderFor({ scope }: Caller, emails: readonly ReadEmail[]): Promise<HidesAccount | null> {
    if (scope === "admin") return null;
    // Of a config that was deleted, the log still knows whom it signed in as.
    const logged = emails.flatMap(({ attempts = [] }) =>
      attempts.flatMap(({ failure }) => failure?.username ?? []),
    );
    const isTold = emails.some(({ recipients, attempts = [] }) =>
      [...recipients, ...attempts].some(({ reply }) => reply !== null),
    );
    return accountHider(isTold ? [...(await allUsernames(store.db, configSource)), ...logged] : logged);
  }

  /** What a key did not send does not exist for it. */
  async function visible(id: string, caller: Caller) {
    const found = await outbox.get(id);
    if (caller.scope === "admin" || found.caller === caller.actor.id) return found;
    throw new SendwrightError("email.not_found", `There is no email ${JSON.stringify(id)}.`);
  }

  return routes()
    .openapi(send, async (c) => {
      const options = {
        caller: c.get("caller").actor,
        idempotencyKey: c.req.valid("header")["idempotency-key"],
      };
      try {
        const { id, messageId, state } = await outbox.accept(c.req.valid("json"), options);
        return c.json({ id, messageId, state }, 202);
      } catch (error) {
        throw asRequestFault(error);
      }
    })
    .openapi(sendBatch, async (c) => {
      const { emails } = parse(
        z.strictObject({ emails: z.array(z.unknown()).min(1).max(500) }),
        c.req.valid("json"),
      );
      const answers = await outbox.acceptAll(emails, {
        caller: c.get("caller").actor,
        idempotencyKey: c.req.valid("header")["idempotency-key"],
      });
      // A 202 says that something was stored.
      const stop = answers.find(isForAll);
      if (stop !== undefined && answers.every((answer) => isSendwrightError(answer))) throw stop;
      const results = answers.map((answer) => {
        if (answer instanceof SendwrightError) {
          const problem = problemOf(asRequestFault(answer), log);
          return { problem: inBrief(problem, maxProblemBytes / answers.length) };
        }
        const { id, messageId, state } = answer;
        return { id, messageId, state };
      });
      return c.json({ results }, 202);
    })
    .openapi(list, async (c) => {
      const caller = c.get("caller");
      const own = caller.scope === "admin" ? {} : { caller: caller.actor.id };
      const { items, next } = await outbox.list({ ...criteriaOf(c.req.valid("query")), ...own });
      const hides = await hiderFor(caller, items);
      return c.json({ items: items.map((item) => emailSummaryView(item, hides)), next }, 200);
    })
    .openapi(get, async (c) => {
      const caller = c.get("caller");
      const email = await visible(c.req.valid("param").id, caller);
      return c.json(emailView(email, await hiderFor(caller, [email]), caller.actor), 200);
    })
    .openapi(source, async (c) => {
      const { id } = await visible(c.req.valid("param").id, c.get("caller"));
      return messageResponse(await outbox.source(id), id);
    })
    .openapi(preview, async (c) => {
      const { id } = await visible(c.req.valid("param").id, c.get("caller"));
      return c.json(await outbox.preview(id), 200);
    })
    .openapi(retry, async (c) => {
      await outbox.retry(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    })
    .openapi(resend, async (c) => {
      const caller = c.get("caller");
      const { id } = await visible(c.req.valid("param").id, caller);
      const idempotencyKey = c.req.valid("header")["idempotency-key"];
      const copy = await outbox.resend(id, { caller: caller.actor, idempotencyKey });
      return c.json({ id: copy.id, messageId: copy.messageId, state: copy.state }, 202);
    })
    .openapi(cancel, async (c) => {
      await outbox.cancel(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    });
}

/** An error that is not about one email: none is stored at the moment. */
function isForAll(answer: unknown): answer is SendwrightError {
  return (["store.unavailable", "queue.full", "disk.full"] as const).some((code) =>
    isSendwrightError(answer, code),
  );
}

/** Here the name of a template is a field of the request, and not the address of what was asked for. */
function asRequestFault<Failure>(error: Failure) {
  return isSendwrightError(error, "template.not_found") ? invalidInput(error.issues) : error;
}
