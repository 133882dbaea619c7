import type { Clock } from "../core/clock.ts";
import { type ErrorCode, SendwrightError } from "../core/errors.ts";
import type { SmtpReply, Stage } from "../core/model.ts";
import type { Observer } from "./observer.ts";
import type { Redactor } from "./redact.ts";
import { classOf, quote, ReplyParser } from "./reply.ts";
import type { TlsEvidence, Wire } from "./wire.ts";

export interface ConversationOptions {
  /** `host:port`, for messages. */
  readonly name: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly observer: Observer;
  /** Cuts the connection when aborted. */
  readonly signal: AbortSignal | undefined;
}

/** The time to wait for the reply to QUIT, which changes nothing. */
const quitMs = 5_000;

/** One line to the relay, and how a transcript may show it. */
export interface Line {
  readonly stage: Stage;
  readonly text: string;
  readonly shown?: string;
}

/** Why the connection can no longer be used. */
interface Loss {
  readonly code: ErrorCode;
  readonly message: string;
  readonly systemCode?: string;
  readonly reply?: SmtpReply;
  readonly cause?: unknown;
}

/**
 * Lines out, replies in, over a wire: with a timeout on everything that is waited for. Replies that
 * arrived before the connection was lost are still read. One thing is waited for at a time.
 */
export class Conversation {
  readonly #wire: Wire;
  readonly #options: ConversationOptions;
  readonly #parser = new ReplyParser();
  readonly #replies: SmtpReply[] = [];
  /** Replies that the relay owes; the first one is its greeting. */
  #owed = 1;
  #silent = true;
  /** What the relay said that nothing had asked for; null as long as there was none. */
  #unasked: SmtpReply | null = null;
  #isUnaskedShown = false;
  #loss: Loss | null = null;
  #wake: (() => void) | null = null;
  /** What must be undone once the connection is over. */
  readonly #cleanUps: (() => void)[] = [];

  constructor(wire: Wire, options: ConversationOptions) {
    this.#wire = wire;
    this.#options = options;
    wire.open({
      bytes: (chunk) => this.#receive(chunk),
      lost: (error) => this.#lose(lossBy(error)),
    });
    const { signal } = options;
    if (signal === undefined) return;
    const cut = () => this.#lose(cutOff);
    signal.addEventListener("abort", cut, { once: true });
    this.#cleanUps.push(() => signal.removeEventListener("abort", cut));
    if (signal.aborted) cut();
  }

  get open(): boolean {
    return this.#loss === null;
  }

  /** True if a reply is there to be read without waiting. */
  get answered(): boolean {
    return this.#replies.length > 0;
  }

  /** @throws SendwrightError if the connection is lost already. */
  assertOpen(stage: Stage): void {
    if (this.#loss !== null) throw this.#error(stage, this.#loss);
  }

  /** Sends commands in one write (RFC 2920 §3.1); each one is owed a reply. */
  send(lines: readonly Line[]): void {
    // After a loss the wait for the reply throws.
    if (this.#loss !== null) return;
    this.#wire.write(this.#owe(lines));
  }

  /** The text of commands that are about to be sent: each is owed a reply. */
  #owe(lines: readonly Line[]): string {
    this.#owed += lines.length;
    for (const { stage, text, shown = text } of lines) this.#note(stage, "client", shown);
    return lines.map(({ text }) => `${text}\r\n`).join("");
  }

  /** Announces the content of a message, which is owed one reply. */
  beginContent(size: number): void {
    this.#owed++;
    this.#note("message", "client", `(${size} bytes of content)`);
  }

  /**
   * Sends a block of content, and commands in the same write. Returns when the system has taken it, or
   * at once when the relay answers instead.
   */
  async sendBlock(block: Uint8Array, timeoutMs: number, lines: readonly Line[] = []): Promise<void> {
    let taken = false;
    const commands = this.#owe(lines);
    this.#wire.write(commands === "" ? block : Buffer.concat([block, Buffer.from(commands)]), () => {
      taken = true;
      this.#wake?.();
    });
    await this.#until("message", timeoutMs, () => (taken || this.answered ? true : null));
  }

  /**
   * The next reply, redacted. An accepted EHLO is not: its keywords are for the session to understand.
   * @throws SendwrightError `smtp.timeout`, `smtp.closed`, `smtp.protocol`.
   */
  async reply(stage: Stage, timeoutMs: number): Promise<SmtpReply> {
    const raw = await this.#until(stage, timeoutMs, () => this.#replies.shift() ?? null);
    const reply = this.#options.redactor.reply(raw);
    this.#noteReply(stage, reply);
    return stage === "ehlo" && classOf(raw) === 2 ? raw : reply;
  }

  /**
   * Goes on in TLS.
   * @param stage the one that a relay breaks by having sent something in the clear
   * @returns what the relay showed; nothing may be sent unless it is `authorized`.
   * @throws SendwrightError `smtp.protocol` if anything came in the clear after the reply to STARTTLS: it
   * would be taken for an answer from inside TLS (RFC 3207 §4.2, CVE-2011-0411). `smtp.tls`.
   */
  async secure(
    stage: Stage,
    to: { readonly host: string; readonly caPem: string | null },
    timeoutMs: number,
  ): Promise<TlsEvidence> {
    if (!this.#parser.idle || this.answered || this.#unasked !== null) {
      const loss = stage === "tls" ? noTlsHere : injectedBy(this.#unasked);
      this.#lose(loss);
      // Whatever came, it must not be taken for a refusal of STARTTLS, nor 421 for its end.
      if (stage !== "tls") throw this.#error(stage, loss);
    }
    this.assertOpen(stage);
    let evidence: TlsEvidence | null = null;
    this.#wire.secure(to.host, to.caPem, this.#options.clock.now()).then(
      (shown) => {
        evidence = shown;
        this.#wake?.();
      },
      (error: NodeJS.ErrnoException) => this.#lose(handshakeLoss(error, stage)),
    );
    return await this.#until("tls", timeoutMs, () => evidence);
  }

  /** Fails whatever is waited for after this time, unless cancelled. */
  deadline(ms: number): () => void {
    return this.#options.clock.after(ms, () =>
      this.#lose({ code: "smtp.timeout", message: "exceeded the total time limit", systemCode: "ETIMEDOUT" }),
    );
  }

  /**
   * Says QUIT and closes, at once or when the relay has answered. Never throws: whatever happens here, a
   * message that was accepted stays so (RFC 5321 §4.1.1.10).
   */
  async quit(): Promise<void> {
    if (this.#loss !== null) return;
    this.#owed++;
    this.#wire.write("QUIT\r\n");
    await this.#until("message", quitMs, () => this.#replies.shift() ?? null).catch(() => null);
    this.destroy();
  }

  /** Closes without QUIT. Replies that were not read are dropped, because their commands are no longer known. */
  destroy(): void {
    this.#replies.length = 0;
    this.#lose({ code: "smtp.closed", message: "lost its connection: Sendwright closed it" });
  }

  #receive(chunk: Buffer): void {
    this.#silent = false;
    for (const parsed of this.#parser.push(chunk)) {
      if (parsed.kind === "fault") {
        // Bytes that are not SMTP are not repeated: the form must not read other services.
        this.#lose({ code: "smtp.protocol", message: `doesn't speak valid SMTP: ${parsed.reason}` });
      } else if (this.#owed > 0) {
        this.#owed--;
        this.#replies.push(parsed.reply);
      } else {
        const reply = this.#options.redactor.reply(parsed.reply);
        this.#unasked ??= reply;
        this.#lose(unasked(reply));
      }
    }
    this.#wake?.();
  }

  #lose(loss: Loss): void {
    this.#loss ??= loss;
    this.#wire.destroy();
    for (const cleanUp of this.#cleanUps.splice(0)) cleanUp();
    this.#wake?.();
  }

  /** Waits until `ready` gives a value; a lost connection or the timeout ends the wait. */
  async #until<Value>(stage: Stage, timeoutMs: number, ready: () => Value | null): Promise<Value> {
    let cancel: (() => void) | null = null;
    try {
      for (;;) {
        const value = ready();
        if (value !== null) return value;
        if (this.#loss !== null) throw this.#error(stage, this.#loss);
        cancel ??= this.#options.clock.after(timeoutMs, () => this.#lose(this.#timeout(stage, timeoutMs)));
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      cancel?.();
      this.#wake = null;
    }
  }

  #timeout(stage: Stage, timeoutMs: number): Loss {
    const seconds = timeoutMs / 1000;
    const message =
      stage === "greeting" && this.#silent
        ? `sent no greeting within ${seconds} seconds. Servers with implicit TLS do this: try the TLS mode implicit`
        : `didn't reply within ${seconds} seconds`;
    return { code: "smtp.timeout", message, systemCode: "ETIMEDOUT" };
  }

  #error(stage: Stage, loss: Loss): SendwrightError {
    // A transcript has it after the replies that came before it, once.
    if (this.#unasked !== null && !this.#isUnaskedShown) {
      this.#isUnaskedShown = true;
      this.#noteReply(stage, this.#unasked);
    }
    const { code, message, systemCode, reply, cause } = loss;
    return new SendwrightError(code, `${this.#options.name} ${message}.`, {
      cause,
      smtp: {
        stage,
        ...(reply === undefined ? {} : { reply }),
        ...(systemCode === undefined ? {} : { systemCode }),
      },
    });
  }

  #noteReply(stage: Stage, reply: SmtpReply): void {
    reply.lines.forEach((line, index) => {
      const separator = index < reply.lines.length - 1 ? "-" : " ";
      this.#note(stage, "relay", `${reply.code}${separator}${line}`);
    });
  }

  #note(stage: Stage, from: "client" | "relay", text: string): void {
    this.#options.observer.transcript?.({ stage, from, text });
  }
}

const cutOff: Loss = {
  code: "smtp.closed",
  message: "lost its connection: Sendwright cancelled it",
  systemCode: "ABORT_ERR",
};

function lossBy(error: NodeJS.ErrnoException | null): Loss {
  return error === null
    ? { code: "smtp.closed", message: "closed the connection" }
    : {
        code: "smtp.closed",
        message: `dropped the connection (${error.code ?? error.message})`,
        systemCode: error.code ?? "UNKNOWN",
        cause: error,
      };
}

/** RFC 5321 §3.8: a relay that shuts down says 421 before it closes. Nothing else comes unasked. */
function unasked(reply: SmtpReply): Loss {
  return reply.code === 421
    ? { code: "smtp.closed", message: `is closing the connection: ${quote(reply)}`, reply }
    : { code: "smtp.protocol", message: `sent an unexpected reply: ${quote(reply)}`, reply };
}

function injectedBy(reply: SmtpReply | null): Loss {
  const message = "sent unencrypted data instead of its TLS handshake";
  return reply === null
    ? { code: "smtp.protocol", message }
    : { code: "smtp.protocol", message: `${message}: ${quote(reply)}`, reply };
}

/** By OpenSSL's name for it, also where the greeting came before OpenSSL could look. */
const noTlsHere: Loss = {
  code: "smtp.tls",
  message: "doesn't use implicit TLS on this port: use STARTTLS, or its implicit TLS port (usually 465)",
  systemCode: "ERR_SSL_WRONG_VERSION_NUMBER",
};

/** The handshake of a relay that went on in the clear after its 220, once the client's first bytes were on their way. */
const clearAfterStartTls: Loss = {
  ...noTlsHere,
  message: "accepted STARTTLS but then continued unencrypted",
};

const brokenOff: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);
/** OpenSSL's names, of the alert and of what it found itself, for the two having nothing in common. */
const nothingInCommon = /ALERT_PROTOCOL_VERSION|HANDSHAKE_FAILURE|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER/u;

function handshakeLoss(error: NodeJS.ErrnoException, plainStage: Stage): Loss {
  const systemCode = error.code ?? "UNKNOWN";
  const details = { systemCode, cause: error };
  if (brokenOff.has(systemCode)) {
    return { code: "smtp.closed", message: `dropped the TLS handshake (${systemCode})`, ...details };
  }
  if (systemCode === noTlsHere.systemCode) {
    return { ...(plainStage === "tls" ? noTlsHere : clearAfterStartTls), cause: error };
  }
  return { code: "smtp.tls", message: handshakeFault(systemCode), ...details };
}

/** An alert is the other side's word; all else is what this side could not accept. */
function handshakeFault(systemCode: string): string {
  if (nothingInCommon.test(systemCode))
    return `and Sendwright support no common TLS version or cipher (${systemCode})`;
  return systemCode.includes("ALERT")
    ? `rejected the TLS handshake (${systemCode}). Check its log`
    : `failed the TLS handshake (${systemCode})`;
}
