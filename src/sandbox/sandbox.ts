import { once } from "node:events";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Log } from "../core/log.ts";
import { Inbox } from "./inbox.ts";
import { readAttachment, readMessage, type SandboxMessage } from "./sandbox-message.ts";

export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Log;
  readonly clock: Clock;
}

/** A relay that keeps what it is given and passes nothing on. */
export interface Sandbox extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Newest first. */
  list(): readonly SandboxMessage[];
  get(id: string): SandboxMessage | null;
  /** The message as it came, byte for byte. */
  source(id: string): Uint8Array | null;
  /** The decoded content of `attachments[index]`. */
  attachment(id: string, index: number): Promise<Uint8Array | null>;
  clear(): void;
  /** Calls back with each message caught from now on; the function returned ends that. */
  onMessage(listener: (message: SandboxMessage) => void): () => void;
  /** Says 421 to open connections and frees the port. */
  close(): Promise<void>;
}

const host = "127.0.0.1";
const maxMessages = 200;
const maxMessageBytes = 25 * 1024 * 1024;
const maxBytes = 8 * maxMessageBytes;

/**
 * Starts a catching SMTP server, so that a newcomer can send before owning an account: on the
 * loopback only, in memory, without TLS, for any sender, recipient and sign-in. It keeps the last
 * 200 messages and no more than 200 MiB of them; one message may have 25 MiB.
 * @throws SendwrightError `sandbox.unavailable` when the port cannot be had.
 */
export async function startSandbox({ port, log, clock }: SandboxOptions): Promise<Sandbox> {
  const inbox = new Inbox({ maxMessages, maxBytes });
  const listeners = new Set<(message: SandboxMessage) => void>();

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const chunks: Uint8Array[] = [];
    // The stream must be read to its end; what is too large is refused by the server, and not kept meanwhile.
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
    if (stream.sizeExceeded) return;
    const { mailFrom, rcptTo } = session.envelope;
    const receivedAt = clock.now();
    const envelope = {
      id: newId(receivedAt),
      receivedAt,
      from: mailFrom === false ? "" : mailFrom.address,
      to: rcptTo.map((recipient) => recipient.address),
    };
    const source = Buffer.concat(chunks);
    const message = await readMessage(envelope, source);
    inbox.add(message, source);
    for (const listener of listeners) tell(listener, message);
  }

  /** A view that fails must not make the sender believe that the message was refused. */
  function tell(listener: (message: SandboxMessage) => void, message: SandboxMessage): void {
    try {
      listener(message);
    } catch (error) {
      log.error({ err: error }, "a listener of the sandbox failed");
    }
  }

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
    onData(stream, session, done) {
      take(stream, session).then(
        () => done(null, "Caught by the Sendwright sandbox"),
        (error: unknown) => {
          log.error({ err: error }, "the sandbox could not keep a message");
          done(new Error("The sandbox could not keep the message"));
        },
      );
    },
  });
  // Also the failure to listen comes by here; it is thrown below.
  server.on("error", (error) => log.debug({ err: error }, "a sandbox connection failed"));
  const taken = await listen(server, port);

  const close = () => new Promise<void>((resolve) => server.close(resolve));
  return {
    host,
    port: taken,
    list: () => inbox.list(),
    get: (id) => inbox.get(id)?.message ?? null,
    source: (id) => inbox.get(id)?.source ?? null,
    async attachment(id, index) {
      const kept = inbox.get(id);
      return kept === undefined ? null : readAttachment(kept.source, index);
    },
    clear: () => inbox.clear(),
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @returns the port it listens on. */
async function listen(server: SMTPServer, port: number): Promise<number> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    throw new SendwrightError(
      "sandbox.unavailable",
      `The sandbox cannot listen on port ${port} of ${host}${reasonOf(error)}. Set SENDWRIGHT_SANDBOX_PORT to a free port, or to 0 to go without the sandbox.`,
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
      return ", for another program does";
    case "EACCES":
      return ", for that port is reserved to the system";
    default:
      return typeof code === "string" ? ` (${code})` : "";
  }
}
