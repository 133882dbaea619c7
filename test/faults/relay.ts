import {
  makeAuthority,
  type Peer,
  type ScriptedServer,
  type ServerTls,
  startScriptedServer,
  usualEhlo,
} from "../../src/testing/index.ts";

/** Where a relay may go wrong: each but the handshake and the content is a reply that it owes. */
export type Place =
  | "the greeting"
  | "EHLO"
  | "STARTTLS"
  | "the handshake"
  | "AUTH"
  | "MAIL"
  | "RCPT"
  | "DATA"
  | "the content"
  | "the final dot";

/** A place in the conversations of a relay. */
export interface Spot {
  readonly place: Place;
  /** 1 for the first connection. */
  readonly connection: number;
  /** On this connection: 1 for the first message, 0 before it. */
  readonly message: number;
  /** Whom RCPT names. */
  readonly recipient: string | null;
}

/** Nothing more is said from here on. */
export const over = null;

/** The reply instead of the usual one; nothing in particular; or `over`, where the conversation ends here. */
export type Said = string | undefined | typeof over;

/** What happens at a place. */
export type Mischief = (spot: Spot, peer: Peer) => Said | Promise<Said>;

export interface FaultyRelayOptions {
  readonly tls?: ServerTls;
  /** Offers sign-in and takes any; only inside TLS, if there is TLS. */
  readonly auth?: boolean;
  /** Keywords of the EHLO reply but for STARTTLS and AUTH. */
  readonly ehlo?: readonly string[];
  readonly at?: Mischief;
  /** Takes a message over before it answers, as relays do: a lost answer changes nothing. Default: after. */
  readonly takesFirst?: boolean;
}

export interface FaultyRelay extends AsyncDisposable {
  readonly port: number;
  readonly connections: ScriptedServer["connections"];
  /** What it has taken over, in order. */
  readonly taken: readonly TakenMessage[];
}

export interface TakenMessage {
  readonly to: readonly string[];
  readonly messageId: string;
  readonly content: string;
  readonly connection: number;
}

const authority = makeAuthority();
/** What makes a client trust `certificate`. */
export const { caPem } = authority;
export const certificate = authority.issue({ names: ["127.0.0.1"] });
export const { issue, selfSigned } = authority;

/** A relay that speaks SMTP as it should, but for the mischief. */
export async function startFaultyRelay(options: FaultyRelayOptions = {}): Promise<FaultyRelay> {
  const taken: TakenMessage[] = [];
  let connections = 0;
  const server = await startScriptedServer((peer) =>
    new Conversation(peer, options, ++connections, taken).run(),
  );
  return {
    port: server.port,
    connections: server.connections,
    taken,
    [Symbol.asyncDispose]: server.close,
  };
}

class Conversation {
  readonly #peer: Peer;
  readonly #options: FaultyRelayOptions;
  readonly #connection: number;
  readonly #taken: TakenMessage[];
  #message = 0;
  #recipients: string[] | null = null;
  #over = false;

  constructor(peer: Peer, options: FaultyRelayOptions, connection: number, taken: TakenMessage[]) {
    this.#peer = peer;
    this.#options = options;
    this.#connection = connection;
    this.#taken = taken;
  }

  async run(): Promise<void> {
    await this.#answer("the greeting", "220 relay.test ESMTP");
    while (!this.#over) {
      const line = await this.#peer.line();
      if (line === "QUIT") return this.#peer.send("221 2.0.0 Bye\r\n");
      await this.#obey(line);
    }
    await this.#peer.closed;
  }

  async #obey(line: string): Promise<void> {
    switch (/^\w+/.exec(line)?.[0]) {
      case "EHLO":
        await this.#answer("EHLO", this.#offer());
        return;
      case "STARTTLS":
        return this.#startTls();
      case "AUTH":
        await this.#answer("AUTH", "235 2.7.0 Signed in");
        return;
      case "MAIL":
        this.#message++;
        if (await this.#answer("MAIL", "250 2.1.0 Sender taken")) this.#recipients = [];
        return;
      case "RCPT":
        return this.#rcpt(/<(.*)>/.exec(line)?.[1] ?? "");
      case "DATA":
        return this.#data();
      case "RSET":
        this.#recipients = null;
        return this.#say("250 2.0.0 Forgotten");
      default:
        return this.#say("501 5.5.2 What?");
    }
  }

  #offer(): string {
    const { tls, auth = false, ehlo = usualEhlo } = this.#options;
    const secure = this.#peer.tlsVersion !== null;
    const lines = [
      "relay.test",
      ...ehlo,
      ...(tls !== undefined && !secure ? ["STARTTLS"] : []),
      ...(auth && (secure || tls === undefined) ? ["AUTH PLAIN"] : []),
    ];
    return lines.map((text, index) => `250${index === lines.length - 1 ? " " : "-"}${text}`).join("\r\n");
  }

  async #startTls(): Promise<void> {
    if (!(await this.#answer("STARTTLS", "220 2.0.0 Go ahead"))) return;
    if (!(await this.#goesWell("the handshake"))) return;
    await this.#peer.startTls(this.#options.tls ?? {});
  }

  async #rcpt(recipient: string): Promise<void> {
    if (this.#recipients === null) return this.#say("503 5.5.1 MAIL first");
    if (await this.#answer("RCPT", "250 2.1.5 Recipient taken", recipient)) this.#recipients.push(recipient);
  }

  async #data(): Promise<void> {
    const to = this.#recipients ?? [];
    this.#recipients = null;
    if (to.length === 0) return this.#say("503 5.5.1 No valid recipients");
    if (!(await this.#answer("DATA", "354 End with a line of a lone dot"))) return;
    const head = await this.#peer.bytes(16);
    if (!(await this.#goesWell("the content"))) return;
    const content = Buffer.concat([head, await this.#peer.body()]).toString("latin1");
    const messageId = /^Message-ID: (\S+)/im.exec(content)?.[1] ?? "";
    const message = { to, messageId, content, connection: this.#connection };
    const reply = await this.#options.at?.(this.#spot("the final dot", null), this.#peer);
    const refuses = typeof reply === "string" && /^[45]/.test(reply);
    if (reply === undefined || (this.#options.takesFirst && !refuses)) this.#taken.push(message);
    this.#react(reply, "250 2.0.0 Taken over");
  }

  /** Whether it was yes that was said. */
  async #answer(place: Place, usual: string, recipient: string | null = null): Promise<boolean> {
    return this.#react(await this.#options.at?.(this.#spot(place, recipient), this.#peer), usual);
  }

  /** Whether all is well where it is not the relay's turn to speak. */
  async #goesWell(place: "the handshake" | "the content"): Promise<boolean> {
    const reply = await this.#options.at?.(this.#spot(place, null), this.#peer);
    if (reply === undefined) return true;
    this.#react(reply, "");
    // Whoever speaks out of turn can only listen to what comes of it.
    this.#over = true;
    return false;
  }

  #spot(place: Place, recipient: string | null): Spot {
    return { place, recipient, connection: this.#connection, message: this.#message };
  }

  #react(reply: Said, usual: string): boolean {
    if (reply === over) this.#over = true;
    else this.#say(reply ?? usual);
    return reply === undefined || (reply !== over && reply[0] === usual[0]);
  }

  #say(reply: string): void {
    this.#peer.send(`${reply}\r\n`);
  }
}
