import { SendwrightError } from "../core/errors.ts";
import type { Offer, SmtpReply, Stage } from "../core/model.ts";
import { chooseMechanisms, exchange, type Mechanism, refusalIn, refusesMechanism } from "./auth.ts";
import { type Capabilities, capabilitiesOf, noCapabilities } from "./capabilities.ts";
import type { Evidence } from "./observer.ts";
import { mask, type Redactor } from "./redact.ts";
import type { Credentials, Relay } from "./relay.ts";
import { classOf, quote } from "./reply.ts";

/**
 * What the session asks of whoever holds the socket. Only after `await` does it expect a reply;
 * after the others, null.
 */
export type Step =
  /** Send the command, if any, and read one reply. `shown` is the command as a transcript may show it. */
  | { readonly kind: "await"; readonly stage: Stage; readonly command?: string; readonly shown?: string }
  /** Negotiate TLS and verify the relay. Nothing that was received in the clear may be left over. */
  | { readonly kind: "secure" }
  /** Something is known of the stage, whether it passes or fails. */
  | { readonly kind: "found"; readonly stage: Stage; readonly evidence: Evidence }
  | { readonly kind: "passed"; readonly stage: Stage; readonly evidence: Evidence }
  | { readonly kind: "skipped"; readonly stage: Stage };

type Steps<Result> = Generator<Step, Result, SmtpReply | null>;

export interface SessionOptions {
  readonly relay: Relay;
  /** The name that EHLO says: never null here, as only the socket knows this machine's address. */
  readonly ehloName: string;
  readonly credentials: Credentials | null;
  readonly allowCleartextAuth: boolean;
  /** For what the relay offered, where a message repeats it: EHLO is understood as it was said. */
  readonly redactor: Redactor;
}

/**
 * The opening of an SMTP session as a pure state machine: greeting, EHLO, STARTTLS, sign-in. It takes
 * replies and gives commands; a transaction may begin when it returns.
 *
 * @returns what the latest EHLO offered.
 * @throws SendwrightError `smtp.rejected`, `smtp.protocol`, `smtp.starttls_missing`,
 * `smtp.auth_unavailable`, `smtp.auth_rejected`.
 */
export function* openSession(options: SessionOptions): Steps<Capabilities> {
  const { relay, credentials } = options;
  if (relay.tls === "implicit") yield { kind: "secure" };

  // RFC 5321 §4.3.1: the client waits for the greeting.
  const greeting = yield* ask({ kind: "await", stage: "greeting" });
  if (classOf(greeting) !== 2) throw refused(options, "greeting", greeting);
  yield { kind: "passed", stage: "greeting", evidence: { text: greeting.lines.join("\n") } };

  let capabilities = yield* hello(options);
  if (relay.tls === "starttls") {
    yield* startTls(options, capabilities);
    // RFC 3207 §4.2: all that was learned in the clear is forgotten.
    capabilities = yield* hello(options);
  } else {
    yield { kind: "skipped", stage: "starttls" };
    if (relay.tls === "none") yield { kind: "skipped", stage: "tls" };
  }

  if (credentials === null) yield { kind: "skipped", stage: "auth" };
  else yield* signIn(options, credentials, capabilities);
  return capabilities;
}

function* hello(options: SessionOptions): Steps<Capabilities> {
  const ehlo = yield* ask({ kind: "await", stage: "ehlo", command: `EHLO ${options.ehloName}` });
  let capabilities: Capabilities;
  if (classOf(ehlo) === 2) {
    capabilities = capabilitiesOf(ehlo);
  } else if (classOf(ehlo) === 5 && options.relay.tls === "none") {
    // RFC 5321 §3.2: HELO is for relays without extensions, and TLS is one of those.
    const helo = yield* ask({ kind: "await", stage: "ehlo", command: `HELO ${options.ehloName}` });
    if (classOf(helo) !== 2) throw refused(options, "ehlo", helo);
    capabilities = noCapabilities;
  } else {
    throw refused(options, "ehlo", ehlo);
  }
  const { extensions, size, authMechanisms } = capabilities;
  yield {
    kind: "passed",
    stage: "ehlo",
    evidence: { extensions, maxMessageBytes: size?.maxBytes ?? null, authMechanisms },
  };
  return capabilities;
}

function* startTls(options: SessionOptions, capabilities: Capabilities): Steps<void> {
  if (!capabilities.startTls) {
    throw new SendwrightError(
      "smtp.starttls_missing",
      `${nameOf(options)} doesn't offer STARTTLS, but TLS is required. Use its implicit TLS port (usually 465) if it has one.`,
      { smtp: { stage: "starttls" } },
    );
  }
  const reply = yield* ask({ kind: "await", stage: "starttls", command: "STARTTLS" });
  if (classOf(reply) !== 2) throw refused(options, "starttls", reply);
  yield { kind: "passed", stage: "starttls", evidence: {} };
  yield { kind: "secure" };
}

function* signIn(options: SessionOptions, credentials: Credentials, capabilities: Capabilities): Steps<void> {
  const offered = capabilities.authMechanisms;
  yield { kind: "found", stage: "auth", evidence: { offered } };
  const offer: Offer = {
    startTls: capabilities.startTls,
    authMechanisms: offered.map(options.redactor.text),
  };
  const unavailable = (reason: string) =>
    new SendwrightError("smtp.auth_unavailable", `${nameOf(options)} ${reason}`, {
      smtp: { stage: "auth", offered: offer },
    });

  // RFC 4954 §4: in the clear anyone on the way can read the password.
  if (options.relay.tls === "none" && !options.allowCleartextAuth) {
    throw unavailable(
      "would receive the password unencrypted. Turn on TLS, or allow authentication without TLS.",
    );
  }
  const mechanisms = chooseMechanisms(credentials.method, offered);
  if (mechanisms.length === 0) {
    throw unavailable(
      offered.length === 0
        ? "doesn't offer authentication on this connection. Remove the username, or use the submission port."
        : `doesn't offer this authentication method (it offers ${options.redactor.text(offered.join(", "))}). Choose another method.`,
    );
  }

  for (const [index, mechanism] of mechanisms.entries()) {
    const refusedMechanisms = mechanisms.slice(0, index);
    const evidence = {
      offered,
      mechanism,
      ...(index === 0 ? {} : { refusedMechanisms }),
    };
    yield { kind: "found", stage: "auth", evidence };
    const { reply, tokenRefusal, isCancelled } = yield* authenticate(options, credentials, mechanism);
    if (classOf(reply) === 2 && !isCancelled) {
      yield { kind: "passed", stage: "auth", evidence };
      return;
    }
    const isUnjudged = tokenRefusal === null && (refusesMechanism(reply) || isCancelled);
    const mayGoOn = isUnjudged && classOf(reply) === 5 && index < mechanisms.length - 1;
    if (!mayGoOn) throw refused(options, "auth", reply, { offered: offer, tokenRefusal });
  }
}

/** How the relay ended an exchange. */
interface Authentication {
  readonly reply: SmtpReply;
  /** What it said of an access token, or null. */
  readonly tokenRefusal: string | null;
  /** It asked for more than the mechanism has, and was told that the exchange is over (RFC 4954 §4). */
  readonly isCancelled: boolean;
}

function* authenticate(
  options: SessionOptions,
  credentials: Credentials,
  mechanism: Mechanism,
): Steps<Authentication> {
  const { command, answers } = exchange(mechanism, credentials, options.relay);
  const [, , initial] = command.split(" ");
  const shown = initial === undefined ? command : `AUTH ${mechanism} ${mask}`;
  let reply = yield* ask({ kind: "await", stage: "auth", command, shown });
  // A relay that overlooks the initial response asks for it. Only a token is refused by a challenge.
  const isOverlooked = initial !== undefined && (mechanism === "PLAIN" || reply.lines.join("").trim() === "");
  let tokenRefusal: string | null = null;
  for (const answer of isOverlooked ? [initial, ...answers] : answers) {
    if (classOf(reply) !== 3) break;
    tokenRefusal = refusalIn(reply);
    reply = yield* ask({ kind: "await", stage: "auth", command: answer, shown: answer === "" ? "" : mask });
  }
  const isCancelled = classOf(reply) === 3;
  if (isCancelled) reply = yield* ask({ kind: "await", stage: "auth", command: "*" });
  return { reply, tokenRefusal, isCancelled };
}

function* ask(step: Step & { kind: "await" }): Steps<SmtpReply> {
  const reply = yield step;
  if (reply === null) throw new TypeError(`The session waits for a reply to ${step.shown ?? step.command}.`);
  return reply;
}

/** What else is known of a refused sign-in. */
interface SignInFacts {
  readonly offered?: Offer;
  readonly tokenRefusal?: string | null;
}

/** The error for a reply that ends the session: 4yz and 5yz are refusals, any other class breaks the protocol. */
function refused(
  options: SessionOptions,
  stage: Stage,
  reply: SmtpReply,
  { offered, tokenRefusal = null }: SignInFacts = {},
): SendwrightError {
  const smtp = {
    stage,
    reply,
    ...(offered === undefined ? {} : { offered }),
    ...(tokenRefusal === null ? {} : { tokenRefusal: options.redactor.text(tokenRefusal) }),
  };
  if (classOf(reply) < 4) {
    return new SendwrightError(
      "smtp.protocol",
      `${nameOf(options)} sent an unexpected reply: ${quote(reply)}`,
      {
        smtp,
      },
    );
  }
  return stage === "auth"
    ? new SendwrightError(
        "smtp.auth_rejected",
        `${nameOf(options)} rejected the credentials: ${quote(reply)}`,
        {
          smtp,
        },
      )
    : new SendwrightError("smtp.rejected", `${nameOf(options)} rejected the session: ${quote(reply)}`, {
        smtp,
      });
}

function nameOf({ relay }: SessionOptions): string {
  return `${relay.host}:${relay.port}`;
}
