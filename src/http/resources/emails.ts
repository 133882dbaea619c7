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
    "Queues an email. The response is sent once the email is stored; Sendwright then delivers it, or its log says why not. Send either `template` and `data`, or `subject` with `html` or `text`. `config` names the SMTP config to send through. With `fallback`, other configs may send the email if that one cannot. With an `Idempotency-Key`, repeating a request returns the first response, even after a lost connection. Each caller has its own keys. An email has at most 50 recipients, 100 attachments and 100 headers. The composed message has at most 25,000,000 bytes, which leaves about 18 MB for files. `calendar` turns the email into an invitation. The response is 503 with `Retry-After` if Sendwright is out of memory (`server.busy`), the queue is full (`queue.full`) or the disk is (`disk.full`). Nothing is stored then.",
  limits: emailLimits,
  request: {
    headers: keyHeader("Key of your choice, such as a UUID"),
    body: jsonBody(emailRequest, {
      to: "jo@example.com",
      template: "password-reset",
      data: { name: "Jo", url: "https://example.com/reset?code=…" },
    }),
  },
  responses: { 202: json(accepted, "Email queued") },
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
  summary: "Send emails in a batch",
  description:
    "Queues up to 500 emails. Each is validated separately, so one invalid email does not block the rest. Each can have an `idempotencyKey`. An `Idempotency-Key` for the batch gives one to every email without its own.",
  limits: batchLimits,
  request: {
    headers: keyHeader("Key for the batch. Repeat it only with the same emails in the same order"),
    body: jsonBody(emailBatch, {
      emails: [{ to: "jo@example.com", subject: "Hello", text: "Hi Jo" }],
    }),
  },
  responses: { 202: json(batchResults, "Result of each email, in order") },
});

const list = route({
  for: "sender",
  method: "get",
  path: "/",
  summary: "List emails",
  description: "Lists emails, newest first. A key with scope `send` sees its own emails only.",
  request: {
    query: pageQuery.extend(emailCriteria),
  },
  responses: { 200: json(emailList, "Page of emails") },
});

const get = route({
  for: "sender",
  method: "get",
  path: "/{id}",
  summary: "Get an email",
  description:
    "Gets an email with its state, the outcome for each recipient, and each attempt with the SMTP server's reply.",
  request: { params: idParams },
  responses: { 200: json(email, "Email") },
});

const source = route({
  for: "sender",
  method: "get",
  path: "/{id}/source",
  summary: "Get an email's source",
  description:
    "Gets the message as composed, without the From and Reply-To that an SMTP config may add. Fails for sensitive emails and after the content is deleted.",
  request: { params: idParams },
  responses: { 200: messageReply },
});

const preview = route({
  for: "sender",
  method: "get",
  path: "/{id}/preview",
  summary: "Get an email's content",
  description:
    "Gets the HTML and text as sent. Show the HTML in a frame without scripts. Fails for sensitive emails and after the content is deleted.",
  request: { params: idParams },
  responses: { 200: json(emailPreview, "HTML and text") },
});

const retry = route({
  for: "admin",
  method: "post",
  path: "/{id}/retry",
  summary: "Retry an email",
  description:
    "Queues the email again for the recipients that have not received it. Fails after the content is deleted. Fails for test emails, which test one SMTP config.",
  request: { params: idParams },
  responses: { 204: noContent },
});

const resend = route({
  for: "sender",
  method: "post",
  path: "/{id}/resend",
  summary: "Resend an email",
  description:
    "Queues a copy of a final email for all its recipients, including those that received it, for 24 hours. The copy is a new email with a new ID, `Message-ID` and `Date`, because receivers drop repeated Message-IDs. Everything else is the same, byte for byte. The response is 409 if the email is not final, is a test email or names a deleted SMTP config. It is 410 if the content is deleted or sensitive. A key with scope `send` can resend its own emails.",
  request: {
    params: idParams,
    headers: keyHeader("Key of your choice. Repeating it returns the first response, for 24 hours"),
  },
  responses: { 202: json(accepted, "Copy queued") },
});

const cancel = route({
  for: "admin",
  method: "post",
  path: "/{id}/cancel",
  summary: "Cancel an email",
  description: "Cancels an email. Only queued emails can be cancelled.",
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
    throw new SendwrightError("email.not_found", `Email ${JSON.stringify(id)} not found.`);
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
