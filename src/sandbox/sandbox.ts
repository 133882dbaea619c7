// The sandbox: a relay on this machine that stores what it receives, for trying things out.
// RFC 5321: the server's side of SMTP, which the package smtp-server speaks.
// It passes nothing on, writes nothing to disk, and shows no pages: those are in admin/.
import { once } from "node:events";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Log } from "../core/log.ts";
import type { Service } from "../core/service.ts";
import { type Behavior, behaviorOf } from "./failing-addresses.ts";
import { Inbox } from "./inbox.ts";
import { readAttachment, readMessage, type SandboxMessage } from "./sandbox-message.ts";

export interface SandboxDependencies {
  /** 0 is any free port. */
  readonly port: number;
  readonly log: Log;
  readonly clock: Clock;
}

const host = "127.0.0.1";
const maxMessages = 200;
const maxMessageBytes = 25 * 1024 * 1024;
const maxBytes = 8 * maxMessageBytes;

/**
 * A catching SMTP server, so that a newcomer can send before owning an account: on the loopback only, in
 * memory, without TLS, for any sender, recipient and sign-in. It stores the last 200 messages and no more
 * than 200 MiB of them; one message may have 25 MiB. Some addresses fail on purpose (`failing-addresses.ts`).
 */
export class Sandbox implements Service, AsyncDisposable {
  readonly host = host;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #inbox = new Inbox({ maxMessages, maxBytes });
  readonly #listeners = new Set<(message: SandboxMessage) => void>();
  /** Open connections by the port of the client, which is on this machine. */
  readonly #sockets = new Map<number, { destroy(): void }>();
  /** Cancels the replies that wait for their time. */
  readonly #delayed = new Set<() => void>();
  #port: number;
  #server: SMTPServer | null = null;

  constructor({ port, log, clock }: SandboxDependencies) {
    this.#port = port;
    this.#log = log;
    this.#clock = clock;
  }

  /** The port that it listens on; before the start, the port that was asked for. */
  get port(): number {
    return this.#port;
  }

  /** @throws SendwrightError `sandbox.unavailable` if it cannot listen on the port. */
  async start(): Promise<void> {
    const server = this.#createServer();
    this.#port = await listen(server, this.#port);
    this.#server = server;
  }

  /** Says 421 to open connections and frees the port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const cancel of this.#delayed) cancel();
    if (server !== null) await new Promise<void>((resolve) => server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Newest first. */
  list(): readonly SandboxMessage[] {
    return this.#inbox.list();
  }

  get(id: string): SandboxMessage | null {
    return this.#inbox.get(id)?.message ?? null;
  }

  /** The message as it came, byte for byte. */
  source(id: string): Uint8Array | null {
    return this.#inbox.get(id)?.source ?? null;
  }

  /** The decoded content of `attachments[index]`. */
  async attachment(id: string, index: number): Promise<Uint8Array | null> {
    const source = this.source(id);
    return source === null ? null : readAttachment(source, index);
  }

  clear(): void {
    this.#inbox.clear();
  }

  /** Calls back with each message caught from now on; the function returned ends that. */
  onMessage(listener: (message: SandboxMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #createServer(): SMTPServer {
    const server = new SMTPServer({
      name: "sandbox.localhost",
      banner: "Sendwright sandbox: nothing leaves this machine",
      disabledCommands: ["STARTTLS"],
      authOptional: true,
      allowInsecureAuth: true,
      authMethods: ["PLAIN", "LOGIN", "XOAUTH2"],
      onAuth: (_auth, _session, done) => done(null, { user: true }),
      size: maxMessageBytes,
      rejectOversized: true,
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      // A pooled connection may be open for long: shutting down does not wait for it.
      closeTimeout: 1,
      onRcptTo({ address }, _session, done) {
        const behavior = behaviorOf(address);
        const refusal =
          behavior?.kind === "refuse"
            ? Object.assign(new Error(behavior.text), { responseCode: behavior.code })
            : null;
        done(refusal);
      },
      onData: (stream, session, done) => {
        this.#accept(stream, session).then(
          () => this.#reply(session, () => done(null, "Captured by the Sendwright sandbox")),
          (error: unknown) => {
            this.#log.error({ err: error }, "sandbox failed to store message");
            done(new Error("The sandbox could not store the message"));
          },
        );
      },
    });
    server.server.on("connection", (socket) => {
      const { remotePort } = socket;
      if (remotePort === undefined) return;
      this.#sockets.set(remotePort, socket);
      socket.once("close", () => this.#sockets.delete(remotePort));
    });
    // The failure to listen also comes here; `listen` throws it.
    server.on("error", (error) => this.#log.debug({ err: error }, "sandbox connection failed"));
    return server;
  }

  /** Replies to the final dot as the recipients want it. */
  #reply({ envelope, remotePort }: SMTPServerSession, reply: () => void): void {
    const behaviors = envelope.rcptTo.map(({ address }) => behaviorOf(address));
    if (behaviors.some((behavior) => behavior?.kind === "lose")) {
      this.#sockets.get(remotePort)?.destroy();
      return;
    }
    const delay = behaviors.find((behavior): behavior is Behavior & { kind: "delay" } => {
      return behavior?.kind === "delay";
    });
    if (delay === undefined) {
      reply();
      return;
    }
    const cancel = this.#clock.after(delay.ms, () => {
      this.#delayed.delete(cancel);
      reply();
    });
    this.#delayed.add(cancel);
  }

  async #accept(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const chunks: Uint8Array[] = [];
    // The stream must be read to its end, also if the server refuses the message as too large.
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
    if (stream.sizeExceeded) return;
    const { mailFrom, rcptTo } = session.envelope;
    const receivedAt = this.#clock.now();
    const envelope = {
      id: newId(receivedAt),
      receivedAt,
      from: mailFrom === false ? "" : mailFrom.address,
      to: rcptTo.map((recipient) => recipient.address),
    };
    const source = Buffer.concat(chunks);
    const message = await readMessage(envelope, source);
    this.#inbox.add(message, source);
    for (const listener of this.#listeners) this.#notify(listener, message);
  }

  /** A listener that fails must not make the sender believe that the message was refused. */
  #notify(listener: (message: SandboxMessage) => void, message: SandboxMessage): void {
    try {
      listener(message);
    } catch (error) {
      this.#log.error({ err: error }, "sandbox listener failed");
    }
  }
}

/** @returns the port it listens on. */
async function listen(server: SMTPServer, port: number): Promise<number> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    throw new SendwrightError(
      "sandbox.unavailable",
      `The sandbox can't listen on port ${port} of ${host}${reasonOf(error)}. Set SENDWRIGHT_SANDBOX_PORT to a free port, or to 0 to turn the sandbox off.`,
      { cause: error },
    );
  }
  const address = server.server.address();
  return address !== null && typeof address === "object" ? address.port : port;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return ", because another program uses it";
    case "EACCES":
      return ", because the system reserves that port";
    default:
      return typeof code === "string" ? ` (${code})` : "";
  }
}
