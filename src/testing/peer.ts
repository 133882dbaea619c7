import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { createSecureContext, type SecureContextOptions, TLSSocket, type TLSSocketOptions } from "node:tls";

/** Anything `node:tls` takes for the server's side: key and cert, versions, ciphers, ALPN … */
export type ServerTls = SecureContextOptions & TLSSocketOptions;

/** The connection ended, or its TLS handshake failed, while the script waited for the client. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

interface Read {
  /** How many unread bytes are taken; null until there are enough. */
  readonly length: (unread: Buffer) => number | null;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

const lineEnd = Buffer.from("\r\n");
const dotLine = Buffer.from(".\r\n");
const contentEnd = Buffer.from("\r\n.\r\n");

/** The client, as a script sees it: bytes in order, before and after the switch to TLS. */
export class Peer {
  /** Resolves when the connection is over, whoever ended it: `await peer.closed` is silence till then. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #stream: Socket;
  #tls: TLSSocket | null = null;
  #received: Buffer[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #read: Read | null = null;
  #cut: ConnectionCut | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#stream = socket;
    // Each write leaves as it is: scripts are about the very bytes and their pace.
    socket.setNoDelay(true);
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.#listen(socket);
  }

  /** All bytes from the client so far, decrypted, those not yet read included. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** The TLS version in use, such as `TLSv1.3`, or null. */
  get tlsVersion(): string | null {
    return this.#tls?.getProtocol() ?? null;
  }

  /** The name that the client asked for in its TLS handshake (SNI), or null. */
  get serverName(): string | null {
    return typeof this.#tls?.servername === "string" ? this.#tls.servername : null;
  }

  /** Sends these bytes, unchanged. */
  send(bytes: string | Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(bytes);
  }

  /**
   * Sends byte by byte. `between` runs after each one: advance a clock in it, or look at what came.
   * Without it, the event loop turns once.
   */
  async dribble(bytes: string | Uint8Array, between: () => unknown = turn): Promise<void> {
    for (const byte of Buffer.from(bytes)) {
      this.send(Uint8Array.of(byte));
      await between();
    }
  }

  /** The next line without its CRLF. @throws ConnectionCut if the client is gone before its end. */
  async line(): Promise<string> {
    const bytes = await this.#take((unread) => endOf(unread, lineEnd));
    return bytes.toString("utf8", 0, bytes.length - lineEnd.length);
  }

  /** The next line, which must be this text or match this pattern. */
  async expect(expected: string | RegExp): Promise<string> {
    const line = await this.line();
    const fits = typeof expected === "string" ? line === expected : expected.test(line);
    if (!fits) throw new Error(`The client sent ${JSON.stringify(line)} where ${expected} was expected.`);
    return line;
  }

  /** The content of a message up to and with the line of a lone dot, as sent: still dot-stuffed. */
  body(): Promise<Buffer> {
    return this.#take((unread) =>
      unread.subarray(0, dotLine.length).equals(dotLine) ? dotLine.length : endOf(unread, contentEnd),
    );
  }

  /** Exactly this many bytes. */
  bytes(count: number): Promise<Buffer> {
    return this.#take((unread) => (unread.length >= count ? count : null));
  }

  /**
   * Goes on in TLS on the same connection, as after STARTTLS.
   * @throws Error if plaintext is left unread, for the client must not send any (RFC 3207 §4.2);
   * ConnectionCut if the handshake fails.
   */
  async startTls(options: ServerTls): Promise<void> {
    const secureContext = options.secureContext ?? createSecureContext(options);
    if (this.#cut !== null) throw this.#cut;
    this.#socket.pause();
    this.#socket.removeAllListeners("data");
    if (this.#unread.length > 0) this.#pushBack();
    const secure = new TLSSocket(this.#socket, { ...options, secureContext, isServer: true });
    this.#stream = secure;
    this.#tls = secure;
    await new Promise<void>((resolve, reject) => {
      const succeed = () => {
        secure.off("error", fail).off("close", fail);
        resolve();
      };
      const fail = (error?: Error | boolean) => {
        secure.off("secure", succeed);
        const cause = error instanceof Error ? error : undefined;
        reject(
          this.#end(cause ? `The TLS handshake failed: ${cause.message}` : "No TLS handshake came.", cause),
        );
      };
      secure.once("secure", succeed).once("error", fail).once("close", fail);
    });
    this.#listen(secure);
  }

  /** Ends the connection in good order, after what has been sent. */
  end(): void {
    this.#stream.end();
  }

  /** Drops the connection at once; under TLS without a goodbye. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** Drops the connection with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** A handshake that arrived early belongs to TLS; anything else is plaintext in the wrong place. */
  #pushBack(): void {
    const handshakeRecord = 0x16;
    if (this.#unread[0] !== handshakeRecord) {
      throw new Error(
        `The client sent ${JSON.stringify(this.#unread.toString())} in the clear where its TLS handshake was due.`,
      );
    }
    this.#received = [this.received.subarray(0, -this.#unread.length)];
    this.#socket.unshift(this.#unread);
    this.#unread = Buffer.alloc(0);
  }

  #listen(stream: Socket): void {
    stream.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#serve();
    });
    stream.on("error", (error) => this.#end(`The connection failed: ${error.message}`, error));
    stream.on("end", () => this.#end("The client ended the connection."));
    stream.on("close", () => this.#end("The connection is closed."));
  }

  #take(length: Read["length"]): Promise<Buffer> {
    if (this.#read !== null) throw new Error("A script reads one thing at a time: await the first read.");
    return new Promise((resolve, reject) => {
      this.#read = { length, resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const read = this.#read;
    if (read === null) return;
    const length = read.length(this.#unread);
    if (length !== null) {
      this.#read = null;
      const bytes = this.#unread.subarray(0, length);
      this.#unread = this.#unread.subarray(length);
      read.resolve(bytes);
    } else if (this.#cut !== null) {
      this.#read = null;
      read.reject(this.#cut);
    }
  }

  /** Remembers the first reason why the connection is over. */
  #end(reason: string, cause?: Error): ConnectionCut {
    this.#cut ??= new ConnectionCut(reason, { cause });
    this.#serve();
    return this.#cut;
  }
}

function endOf(unread: Buffer, marker: Buffer): number | null {
  const at = unread.indexOf(marker);
  return at === -1 ? null : at + marker.length;
}
