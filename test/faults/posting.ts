import { setTimeout as pause } from "node:timers/promises";
import type { EmailSummary } from "../../src/http/schema/emails.ts";
import type { Reply, Service } from "../service/service.ts";
import type { TakenMessage } from "./relay.ts";

/** An application that is answered 503, or cut off, waits for so long before it tries again. */
const againMs = 50;
/** Anything takes far less, also where leases have to run out; what waits for longer waits in vain. */
const patienceMs = 150_000;

/** What an application knows of an email that was accepted. */
export interface AcceptedEmail {
  readonly id: string;
  readonly messageId: string;
}

export interface PostingOptions {
  /** Where the next request goes. */
  readonly to: () => Promise<Service>;
  /** Called after each answer, also one that is not yes. */
  readonly onAnswer?: (status: number) => void;
}

/** An application that posts emails as one should: with a key each, and again until it is answered 202. */
export class Posting implements Disposable {
  /** By their subjects, which are their keys. */
  readonly accepted = new Map<string, AcceptedEmail>();
  readonly #options: PostingOptions;
  readonly #begun: Promise<void>[] = [];
  #asked = 0;
  #onAccepted = () => {};
  #stopped = false;

  constructor(options: PostingOptions) {
    this.#options = options;
  }

  /** Resolves once the email is accepted. */
  async post(subject: string): Promise<void> {
    const giveUpAt = performance.now() + patienceMs;
    while (!this.#stopped) {
      if (performance.now() > giveUpAt) throw new Error(`${subject} was not accepted for all that time.`);
      const service = await this.#options.to();
      const reply = await tryToPost(service, subject);
      if (reply !== null) this.#options.onAnswer?.(reply.status);
      if (reply?.status === 202) {
        this.accepted.set(subject, reply.body);
        this.#onAccepted();
        return;
      }
      if (reply !== null && reply.status !== 503) throw new Error(`${subject} was answered ${reply.status}.`);
      await pause(againMs);
    }
  }

  /** Posts some at once, and each next one when one of these is accepted. */
  async postAll(subjects: readonly string[], atOnce = 8): Promise<void> {
    const left = [...subjects];
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await this.post(next);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /** The same in the background; `done` waits for it. */
  begin(subjects: readonly string[]): void {
    this.#asked += subjects.length;
    const all = this.postAll(subjects);
    all.catch(() => {}); // `done` throws it.
    this.#begun.push(all);
  }

  /** Resolves once no more than so many of those that were begun wait to be accepted. */
  async leaves(count: number): Promise<void> {
    while (this.#asked - this.accepted.size > count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onAccepted = resolve;
      await Promise.race([promise, this.done()]);
    }
  }

  /** Resolves once all that was begun is accepted. */
  async done(): Promise<void> {
    await Promise.all(this.#begun);
  }

  /** Gives up what is not accepted yet. */
  [Symbol.dispose](): void {
    this.#stopped = true;
  }
}

/** Null where the connection broke before the answer was there. */
async function tryToPost(service: Service, subject: string): Promise<Reply<AcceptedEmail> | null> {
  const email = { to: "jo@example.com", subject, text: "Hello Jo" };
  try {
    return await service.call<AcceptedEmail>("POST", "/api/emails", email, {
      "idempotency-key": subject.replaceAll(" ", "-"),
    });
  } catch (error) {
    // What `fetch` throws for the network's trouble.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** All emails that the API knows of, by their subjects. @throws Error where one was stored twice. */
export async function emailsOf(service: Service): Promise<ReadonlyMap<string, EmailSummary>> {
  const found = new Map<string, EmailSummary>();
  for (let after = ""; ; ) {
    const { body } = await service.call<{ items: EmailSummary[]; next: string | null }>(
      "GET",
      `/api/emails?limit=200${after}`,
    );
    for (const email of body.items) {
      if (found.has(email.subject)) throw new Error(`${email.subject} was stored twice.`);
      found.set(email.subject, email);
    }
    if (body.next === null) return found;
    after = `&after=${body.next}`;
  }
}

/** Resolves when no email waits or is under way. */
export async function allFinal(service: Service): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const { status, body } = await service.call<{ emails: { queued: number; sending: number } }>(
      "GET",
      "/api/health",
    );
    if (status === 200 && body.emails.queued + body.emails.sending === 0) return;
    if (performance.now() > giveUpAt) throw new Error(`Some emails wait in vain: ${JSON.stringify(body)}`);
    await pause(againMs);
  }
}

/** What was promised and not kept: all of it empty is well. */
export interface Verdict {
  /** Subjects of emails that were accepted and are not in the log as they were. */
  readonly unknown: readonly string[];
  /** Accepted, and no relay has them. */
  readonly lost: readonly string[];
  readonly notSent: readonly string[];
  /** More than one copy, and nothing that says so. */
  readonly unmarked: readonly string[];
  /** The relay has them, and nobody has posted them. */
  readonly strange: readonly string[];
}

/** What the numbers of a run are, for a line to be read. */
export interface Figures {
  readonly accepted: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly marked: number;
}

/** Compares what the application, the log and the relay say. */
export function judge(
  accepted: ReadonlyMap<string, AcceptedEmail>,
  log: ReadonlyMap<string, EmailSummary>,
  taken: readonly TakenMessage[],
): { readonly verdict: Verdict; readonly figures: Figures } {
  const copies = Map.groupBy(taken, ({ messageId }) => messageId);
  const count = (messageId: string) => copies.get(messageId)?.length ?? 0;
  const all = [...accepted];
  const marked = (subject: string) => log.get(subject)?.possibleDuplicate === true;
  const subjectsOf = (of: (subject: string, email: AcceptedEmail) => boolean) =>
    all.filter(([subject, email]) => of(subject, email)).map(([subject]) => subject);
  const known = new Set(all.map(([, { messageId }]) => messageId));
  return {
    verdict: {
      unknown: subjectsOf((subject, { id, messageId }) => {
        const stored = log.get(subject);
        return stored?.id !== id || stored.messageId !== messageId;
      }),
      lost: subjectsOf((_, { messageId }) => count(messageId) === 0),
      notSent: subjectsOf((subject) => log.get(subject)?.state !== "sent"),
      unmarked: subjectsOf((subject, { messageId }) => count(messageId) > 1 && !marked(subject)),
      strange: [...copies.keys()].filter((messageId) => !known.has(messageId)),
    },
    figures: {
      accepted: accepted.size,
      delivered: copies.size,
      duplicates: taken.length - copies.size,
      marked: subjectsOf(marked).length,
    },
  };
}

export const nothingWrong: Verdict = { unknown: [], lost: [], notSent: [], unmarked: [], strange: [] };
