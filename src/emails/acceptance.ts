import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { Batcher } from "../core/batcher.ts";
import type { Clock } from "../core/clock.ts";
import { type Issue, isSendwrightError, SendwrightError } from "../core/errors.ts";
import { freeMemory } from "../core/free-memory.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Actor } from "../core/model.ts";
import { invalidInput, parse } from "../core/parse.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Store } from "../store/store.ts";
import { insertEmails, isKeyTaken, type NewEmail } from "../store/tables/email-inserts.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { plainData } from "../templates/engine/plain-data.ts";
import type { Templates } from "../templates/engine/templates.ts";
import { encodeAttachments, freeEncoded, prepareEmail } from "./compose.ts";
import { type Accepted, earlierReply, hashRequest, idempotencyKey } from "./idempotency.ts";
import type { Intake } from "./intake.ts";
import { KnownConfigs } from "./known-configs.ts";
import { emailRequest, type ParsedEmailRequest } from "./request.ts";
import { checkRequestSize } from "./request-size.ts";
import { unsendableTexts } from "./unsendable-texts.ts";

export interface AcceptOptions {
  readonly caller: Actor;
  /** For 24 hours, the same key and request from the same caller get the first reply again. */
  readonly idempotencyKey?: string | undefined;
}

export interface AcceptanceDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly configSource: ConfigSource;
  readonly templates: Templates;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Says whether there is room for more. */
  readonly intake: Intake;
  /** Called after a commit that leaves something to deliver. */
  readonly onQueued: () => void;
}

/** The most emails that are stored in one transaction. */
const maxBatch = 64;
const maxBatchBytes = 8_000_000;

/** Accepts emails: what it has accepted is stored, and will be delivered. */
export class Acceptance {
  readonly #dependencies: AcceptanceDependencies;
  readonly #batcher: Batcher<NewEmail, boolean>;
  readonly #configs: KnownConfigs;

  constructor(dependencies: AcceptanceDependencies) {
    this.#dependencies = dependencies;
    this.#configs = new KnownConfigs(dependencies);
    const { store } = dependencies;
    const storeBatch = async (emails: readonly NewEmail[]) => {
      await store.transact([insertEmails(store.db, emails), store.announcement()]);
      return emails.map(() => true);
    };
    this.#batcher = new Batcher(storeBatch, {
      maxItems: maxBatch,
      // Of several connections, one may wait for the disk while the next is filled.
      concurrency: store.shared ? 2 : 1,
      sizeOf: ({ content }) => content.length,
      maxSize: maxBatchBytes,
    });
  }

  /**
   * Checks, renders, composes and stores an email. It returns after the commit: from then on the
   * email survives whatever the disk survives.
   * @param input an EmailRequest; nothing is assumed about it.
   * @throws SendwrightError `input.invalid`, `address.invalid`, `header.invalid`, `template.not_found`,
   *   `template.invalid`, `message.too_large`, `idempotency.conflict`, `queue.full`, `disk.full`, `store.unavailable`
   */
  async accept(input: unknown, { caller, idempotencyKey }: AcceptOptions): Promise<Accepted> {
    const { templates, secrets, clock, metrics, intake, onQueued } = this.#dependencies;
    const request = parseRequest(input, templates);
    const idempotency =
      idempotencyKey === undefined ? null : { key: idempotencyKey, requestHash: hashRequest(input) };
    const earlier = await earlierReply(this.#dependencies, caller, idempotency);
    if (earlier !== null) return earlier;
    await intake.check();
    const now = clock.now();
    const named = request.config === undefined ? null : await this.#configs.named(request.config);
    const via = named === null ? null : { configId: named.id, fallback: request.fallback ?? false };
    const domain = await this.#domainOf(request, named);
    const encoded = await encodeAttachments(request);
    const prepared = prepareEmail(encoded, { caller, now, domain, templates, secrets, via });
    freeEncoded(encoded);
    intake.add();
    const isStored = await this.#store({ ...prepared, idempotency });
    freeMemory(prepared.content);
    if (isStored) {
      metrics.accepted(clock.now() - now);
      onQueued();
      const { id, messageId, state } = prepared.email;
      return { id, messageId, state, repeated: false };
    }
    // Another request with the same key was stored since.
    const faster = await earlierReply(this.#dependencies, caller, idempotency);
    if (faster !== null) return faster;
    throw new SendwrightError("store.unavailable", "Sendwright couldn't store the email. Send it again.");
  }

  /**
   * Accepts many emails at once, each on its own: an error in one keeps no other from being stored.
   * @param inputs EmailRequests, each with an optional `idempotencyKey` of its own.
   * @param options a key here gives each email without one the key `<key>/<index>`.
   * @returns for each, in their order, what `accept` returns or throws.
   */
  async acceptAll(
    inputs: readonly unknown[],
    options: AcceptOptions,
  ): Promise<(Accepted | SendwrightError)[]> {
    const replies: Promise<Accepted | SendwrightError>[] = [];
    for (const [index, input] of inputs.entries()) {
      replies.push(this.#acceptOneOf(input, index, options).catch(refusal));
      // Rendering takes long, and other requests are to be served in between.
      await nextTurn();
    }
    return Promise.all(replies);
  }

  async #acceptOneOf(input: unknown, index: number, { caller, idempotencyKey: whole }: AcceptOptions) {
    const { request, key } = withoutKey(input);
    const otherwise = whole === undefined ? undefined : `${whole}/${index}`;
    return this.accept(request, { caller, idempotencyKey: key ?? otherwise });
  }

  /** @returns false if the email's idempotency key has been used. */
  async #store(email: NewEmail): Promise<boolean> {
    try {
      return await this.#batcher.add(email);
    } catch (error) {
      if (isKeyTaken(error)) return false;
      throw error;
    }
  }

  /** The right side of the Message-ID: the domain that the email is sent for (RFC 5322 §3.6.4). */
  async #domainOf({ from }: ParsedEmailRequest, named: SmtpConfig | null): Promise<string> {
    const address = from?.address ?? named?.settings.fromEmail ?? (await this.#configs.defaultSender());
    return address?.slice(address.lastIndexOf("@") + 1) ?? "sendwright.invalid";
  }
}

/** An error that is not about the email fails the whole call. */
function refusal(error: unknown): SendwrightError {
  if (isSendwrightError(error)) return error;
  throw error;
}

/** In a batch, each email may bring its own idempotency key. */
function withoutKey(input: unknown): { readonly request: unknown; readonly key: string | undefined } {
  if (typeof input !== "object" || input === null || !("idempotencyKey" in input)) {
    return { request: input, key: undefined };
  }
  const { idempotencyKey: own, ...request } = input;
  return { request, key: parse(z.object({ idempotencyKey }), { idempotencyKey: own }).idempotencyKey };
}

/** Reports errors in the request and in the template's data together, so a caller can fix both at once. */
function parseRequest(input: unknown, templates: Templates): ParsedEmailRequest {
  checkRequestSize(input);
  const unsendable = unsendableTexts(input);
  try {
    const request = parse(emailRequest, input);
    // Only plain data can be hashed, which the schema does not check.
    if (request.data !== undefined) plainData(request.data);
    if (unsendable.length > 0) throw invalidInput(unsendable);
    return request;
  } catch (error) {
    if (!isSendwrightError(error, "input.invalid")) throw error;
    const others = [...error.issues, ...templateIssues(input, templates)];
    // What else is wrong with such a text follows from that.
    const follows = ({ pointer }: Issue) =>
      unsendable.some((issue) => `${issue.pointer}/`.startsWith(`${pointer}/`));
    throw invalidInput([...unsendable, ...others.filter((issue) => issue.pointer === "" || !follows(issue))]);
  }
}

function templateIssues(input: unknown, templates: Templates): readonly Issue[] {
  if (typeof input !== "object" || input === null || !("template" in input)) return [];
  if (typeof input.template !== "string") return [];
  try {
    templates.render(input.template, { data: "data" in input ? input.data : {} });
    return [];
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return error.issues;
  }
}
