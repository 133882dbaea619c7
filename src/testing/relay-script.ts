import type { Peer, ServerTls } from "./peer.ts";
import type { Script } from "./scripted-server.ts";

/** A message as the relay took it over. */
export interface RelayedMessage {
  /** MAIL FROM, without the angle brackets; "" for the null reverse-path. */
  readonly from: string;
  /** The accepted RCPT TO, in order. */
  readonly to: readonly string[];
  /** What followed the address in MAIL FROM, such as `SIZE=1234 SMTPUTF8`. */
  readonly parameters: string;
  /** The content, its dot-stuffing undone. */
  readonly content: Buffer;
  /** Who had signed in. */
  readonly username: string | null;
  /** The TLS version it came through, or null. */
  readonly tlsVersion: string | null;
}

/**
 * The reply to send instead of the usual one, such as `450 4.2.1 mailbox busy`; several lines are
 * separated by CRLF. `undefined` keeps the usual reply.
 */
export type ReplyOverride = string | undefined;

export interface RelayOptions {
  /** The whole greeting: `220 relay.test ESMTP` by default. */
  readonly greeting?: string;
  /** Keywords of the EHLO reply, but for STARTTLS and AUTH, which follow from `tls` and `auth`. */
  readonly ehlo?: readonly string[];
  /** Key and certificate: by STARTTLS, or from the first byte if `implicit`. */
  readonly tls?: ServerTls & { readonly implicit?: boolean };
  /** Then nothing is taken without sign-in; where there is `tls`, sign-in is offered only inside it. */
  readonly auth?: {
    readonly username: string;
    /** For XOAUTH2 and OAUTHBEARER, the access token. */
    readonly password: string;
    /** All but OAUTHBEARER by default. */
    readonly mechanisms?: readonly ("PLAIN" | "LOGIN" | "XOAUTH2" | "OAUTHBEARER")[];
  };
  readonly onEhlo?: (line: string, peer: Peer) => ReplyOverride | Promise<ReplyOverride>;
  readonly onMail?: (from: string, peer: Peer) => ReplyOverride | Promise<ReplyOverride>;
  readonly onRcpt?: (to: string, peer: Peer) => ReplyOverride | Promise<ReplyOverride>;
  /** Any reply but 354 means that no content follows. */
  readonly onData?: (peer: Peer) => ReplyOverride | Promise<ReplyOverride>;
  /** The reply to the final dot. Call `peer.destroy()` in it and the client never learns. */
  readonly onDot?: (message: RelayedMessage, peer: Peer) => ReplyOverride | Promise<ReplyOverride>;
}

/** What a relay says of itself unless told otherwise. */
export const usualEhlo: readonly string[] = [
  "PIPELINING",
  "SIZE 26214400",
  "8BITMIME",
  "SMTPUTF8",
  "ENHANCEDSTATUSCODES",
];

/**
 * The script of a well-behaved relay: greeting, EHLO, STARTTLS, sign-in, pipelined transactions
 * (RFC 5321, 2920, 3207, 4954), each reply open to an override.
 * @param deliver gets each message to which the final dot was answered 2yz.
 */
export function relayScript(options: RelayOptions, deliver: (message: RelayedMessage) => void): Script {
  return (peer) => new Conversation(peer, options, deliver).run();
}

/** What the client may have set going: forgotten after RSET, EHLO and each message. */
interface Transaction {
  readonly from: string;
  readonly parameters: string;
  readonly to: string[];
}

class Conversation {
  readonly #peer: Peer;
  readonly #options: RelayOptions;
  readonly #deliver: (message: RelayedMessage) => void;
  #greeted = false;
  #username: string | null = null;
  #transaction: Transaction | null = null;

  constructor(peer: Peer, options: RelayOptions, deliver: (message: RelayedMessage) => void) {
    this.#peer = peer;
    this.#options = options;
    this.#deliver = deliver;
  }

  async run(): Promise<void> {
    this.#reply(this.#options.greeting ?? "220 relay.test ESMTP");
    for (;;) {
      const line = await this.#peer.line();
      if (/^QUIT$/i.test(line)) return this.#reply("221 2.0.0 Bye");
      await this.#obey(line);
    }
  }

  async #obey(line: string): Promise<void> {
    switch (line.split(/[ :]/, 1)[0]?.toUpperCase()) {
      case "EHLO":
        return this.#ehlo(line);
      case "HELO":
        this.#greeted = true;
        this.#transaction = null;
        return this.#reply("250 relay.test");
      case "STARTTLS":
        return this.#startTls();
      case "AUTH":
        return this.#auth(line);
      case "MAIL":
        return this.#mail(line);
      case "RCPT":
        return this.#rcpt(line);
      case "DATA":
        return this.#data();
      case "RSET":
        this.#transaction = null;
        return this.#reply("250 2.0.0 Forgotten");
      case "NOOP":
        return this.#reply("250 2.0.0 Still here");
      default:
        return this.#reply("500 5.5.2 Unknown command");
    }
  }

  async #ehlo(line: string): Promise<void> {
    this.#greeted = true;
    this.#transaction = null;
    const { ehlo = usualEhlo, tls, onEhlo } = this.#options;
    const lines = ["relay.test", ...ehlo];
    if (tls !== undefined && this.#peer.tlsVersion === null) lines.push("STARTTLS");
    if (this.#mayAuthenticate()) lines.push(`AUTH ${this.#mechanisms().join(" ")}`);
    const usual = lines.map((text, index) => `250${index === lines.length - 1 ? " " : "-"}${text}`);
    this.#reply((await onEhlo?.(line, this.#peer)) ?? usual.join("\r\n"));
  }

  async #startTls(): Promise<void> {
    const { tls } = this.#options;
    if (tls === undefined || this.#peer.tlsVersion !== null) return this.#reply("502 5.5.1 Not offered");
    this.#reply("220 2.0.0 Go ahead");
    await this.#peer.startTls(tls);
    // RFC 3207 §4.2: nothing that was said before counts any more.
    this.#greeted = false;
    this.#username = null;
    this.#transaction = null;
  }

  async #auth(line: string): Promise<void> {
    const [, name = "", initial] = line.split(" ");
    const mechanism = this.#mechanisms().find((offered) => offered === name.toUpperCase());
    if (!this.#mayAuthenticate() || mechanism === undefined) return this.#reply("504 5.5.4 Not offered");
    if (this.#username !== null) return this.#reply("503 5.5.1 Already signed in");
    const answer = async (challenge: string) => {
      this.#reply(`334 ${Buffer.from(challenge).toString("base64")}`);
      return Buffer.from(await this.#peer.line(), "base64").toString();
    };
    const first = initial === undefined ? null : Buffer.from(initial, "base64").toString();
    const { username = "", password = "" } = this.#options.auth ?? {};
    let right: boolean;
    switch (mechanism) {
      case "PLAIN":
        right = (first ?? (await answer(""))).replace(/^[^\0]*/, "") === `\0${username}\0${password}`;
        break;
      case "LOGIN": {
        const given = first ?? (await answer("Username:"));
        right = (await answer("Password:")) === password && given === username;
        break;
      }
      case "XOAUTH2":
        right = (first ?? (await answer(""))) === `user=${username}\x01auth=Bearer ${password}\x01\x01`;
        // The reason comes as a challenge, which the client answers with an empty line.
        if (!right) await answer('{"status":"401"}');
        break;
      case "OAUTHBEARER": {
        const [header, ...fields] = (first ?? (await answer(""))).split("\x01");
        right = header === `n,a=${username},` && fields.includes(`auth=Bearer ${password}`);
        // RFC 7628 §3.2.3: the client ends the exchange with a lone %x01.
        if (!right) await answer('{"status":"invalid_token","schemes":"bearer"}');
        break;
      }
    }
    if (right) this.#username = username;
    this.#reply(right ? "235 2.7.0 Signed in" : "535 5.7.8 Username and password not accepted");
  }

  async #mail(line: string): Promise<void> {
    const [, from, parameters = ""] = /^MAIL FROM:<(.*?)>(?: (.*))?$/i.exec(line) ?? [];
    if (from === undefined) return this.#reply("501 5.5.4 Syntax: MAIL FROM:<address>");
    if (!this.#greeted || this.#transaction !== null) return this.#reply("503 5.5.1 Out of order");
    if (this.#options.auth !== undefined && this.#username === null) {
      return this.#reply("530 5.7.0 Sign in first");
    }
    const reply = (await this.#options.onMail?.(from, this.#peer)) ?? "250 2.1.0 Sender taken";
    if (reply.startsWith("2")) this.#transaction = { from, parameters, to: [] };
    this.#reply(reply);
  }

  async #rcpt(line: string): Promise<void> {
    const [, to] = /^RCPT TO:<(.+?)>(?: .*)?$/i.exec(line) ?? [];
    if (to === undefined) return this.#reply("501 5.5.4 Syntax: RCPT TO:<address>");
    if (this.#transaction === null) return this.#reply("503 5.5.1 MAIL first");
    const reply = (await this.#options.onRcpt?.(to, this.#peer)) ?? "250 2.1.5 Recipient taken";
    if (reply.startsWith("2")) this.#transaction.to.push(to);
    this.#reply(reply);
  }

  async #data(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === null || transaction.to.length === 0) {
      return this.#reply("503 5.5.1 No valid recipients");
    }
    const go = (await this.#options.onData?.(this.#peer)) ?? "354 End with a line of a lone dot";
    this.#reply(go);
    if (!go.startsWith("354")) return;
    const message: RelayedMessage = {
      ...transaction,
      content: unstuff(await this.#peer.body()),
      username: this.#username,
      tlsVersion: this.#peer.tlsVersion,
    };
    this.#transaction = null;
    const reply = (await this.#options.onDot?.(message, this.#peer)) ?? "250 2.0.0 Taken over";
    if (reply.startsWith("2")) this.#deliver(message);
    this.#reply(reply);
  }

  #mechanisms() {
    return this.#options.auth?.mechanisms ?? (["PLAIN", "LOGIN", "XOAUTH2"] as const);
  }

  #mayAuthenticate(): boolean {
    const { auth, tls } = this.#options;
    return auth !== undefined && (tls === undefined || this.#peer.tlsVersion !== null);
  }

  #reply(text: string): void {
    this.#peer.send(`${text}\r\n`);
  }
}

/** RFC 5321 §4.5.2: the line of the lone dot goes, and so does the first dot of any other line. */
function unstuff(body: Buffer): Buffer {
  const text = body.toString("latin1", 0, body.length - ".\r\n".length);
  return Buffer.from(text.replaceAll(/(^|\r\n)\./g, "$1"), "latin1");
}
