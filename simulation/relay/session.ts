import type { Misbehavior, Point } from "../plans/plan.ts";
import { ContentReader } from "./content-reader.ts";
import type { Link, Peer } from "./wire.ts";

/** What a session asks of its relay. */
export interface SessionRules {
  readonly extensions: readonly string[];
  readonly serviceMs: number;
  readonly maxBytes: number | null;
  /** What goes wrong here, if anything. */
  misbehaves(point: Point): Misbehavior | null;
  now(): number;
  after(delayMs: number, run: () => void): void;
  /** `AUTH PLAIN` with these credentials. */
  isPassword(response: string): boolean;
  /** A recipient's name has arrived. */
  asked(recipient: string): void;
  /** The content for this recipient has begun to arrive. */
  begun(recipient: string): void;
  /** A message is decided on. Its first command arrived at one time, and had its turn at another. */
  decided(content: Buffer, given: { from: string; startedAt: number; arrivedAt: number }): void;
  /** @returns to be called when the client has read the reply. */
  accepted(recipients: readonly string[], content: Buffer): () => void;
  /** @returns as `accepted`. */
  refused(content: Buffer | null, recipient: string | null, reply: string): () => void;
  ended(session: Session): void;
}

const recipientLine = /^RCPT TO:<([^>]+)>/gm;
const senderLine = /^MAIL FROM:/m;
const acceptance = "250 2.0.0 Accepted";

/** The server's side of one SMTP session (RFC 5321), as a machine over the bytes that arrive. */
export class Session implements Peer {
  readonly #link: Link;
  readonly #rules: SessionRules;
  #buffer: Buffer = Buffer.alloc(0);
  #phase: "commands" | "content" | "working" | "over" = "working";
  #isSignedIn = false;
  /** Those that were accepted of the message under way; null between messages. */
  #recipients: string[] | null = null;
  #from = "";
  #startedAt = 0;
  /** When the first command of each message arrived whose turn has not come. */
  readonly #arrivals: number[] = [];
  #arrivedAt = 0;
  /** A content has begun to arrive, and is not decided on. */
  #carries = false;
  #content = new ContentReader();
  readonly openedAt: number;
  /** It says nothing any more, and takes the room of another one. */
  isStalled = false;
  /** Since when nothing was under way. */
  idleSince: number;

  constructor(link: Link, rules: SessionRules) {
    this.#link = link;
    this.#rules = rules;
    this.openedAt = rules.now();
    this.idleSince = this.openedAt;
  }

  get isBusy(): boolean {
    return this.#recipients !== null || this.#phase === "working" || this.#phase === "content";
  }

  /** The first recipient of the content that the client has under way here; null if there is none. */
  get carriesFor(): string | null {
    return this.#carries && this.#link.isOpen ? (this.#recipients?.[0] ?? null) : null;
  }

  greet(refusal: string | null): void {
    if (refusal !== null) this.#close(refusal);
    else {
      this.#answer("greeting", "220 relay.test ESMTP", () => {
        this.#phase = "commands";
      });
      this.#work();
    }
  }

  received(bytes: Buffer): void {
    if (this.#phase === "over") return;
    // What is sent along with a content may have to wait for its turn, but has left the client.
    const text = bytes.toString("latin1");
    if (senderLine.test(text)) this.#arrivals.push(this.#rules.now());
    for (const [, address = ""] of text.matchAll(recipientLine)) this.#rules.asked(address);
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    this.#work();
  }

  closed(): void {
    this.#end();
  }

  #work(): void {
    while (this.#buffer.length > 0 && (this.#phase === "commands" || this.#phase === "content")) {
      if (this.#phase === "content") this.#readContent();
      else {
        const end = this.#buffer.indexOf("\r\n");
        if (end === -1) return;
        const line = this.#buffer.toString("utf8", 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        this.#command(line);
      }
    }
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO" || verb === "HELO") this.#hello(verb === "EHLO" ? this.#rules.extensions : []);
    else if (verb === "AUTH") this.#signIn(line.slice("AUTH PLAIN ".length));
    else if (verb === "MAIL") this.#mail(line);
    else if (verb === "RCPT") this.#rcpt(/<([^>]+)>/.exec(line)?.[1] ?? "");
    else if (verb === "DATA") this.#data();
    else if (verb === "QUIT") this.#close("221 2.0.0 Bye");
    else if (verb === "RSET") {
      this.#recipients = null;
      this.#say("250 2.0.0 Reset");
    } else this.#say("500 5.5.1 Unknown command");
  }

  #hello(extensions: readonly string[]): void {
    const lines = ["relay.test", ...extensions];
    const last = lines.length - 1;
    this.#answer("ehlo", lines.map((line, index) => `250${index < last ? "-" : " "}${line}`).join("\r\n"));
  }

  #signIn(response: string): void {
    if (!this.#rules.isPassword(response)) this.#say("535 5.7.8 Wrong username or password");
    else {
      this.#answer("auth", "235 2.7.0 Welcome", () => {
        this.#isSignedIn = true;
      });
    }
  }

  #mail(line: string): void {
    const size = Number(/ SIZE=(\d+)/.exec(line)?.[1] ?? 0);
    this.#from = /<([^>]*)>/.exec(line)?.[1] ?? "";
    this.#startedAt = this.#rules.now();
    this.#arrivedAt = this.#arrivals.shift() ?? this.#startedAt;
    const { extensions, maxBytes } = this.#rules;
    const needsSignIn = extensions.some((each) => each.startsWith("AUTH"));
    if (needsSignIn && !this.#isSignedIn) this.#say("530 5.7.0 Sign in first");
    else if (this.#recipients !== null) this.#say("503 5.5.1 There is a sender already");
    else if (maxBytes !== null && size > maxBytes) this.#say("552 5.3.4 The message is too large");
    else {
      this.#answer("mail", "250 2.1.0 Sender accepted", () => {
        this.#recipients = [];
      });
    }
  }

  #rcpt(address: string): void {
    const recipients = this.#recipients;
    if (recipients === null) {
      this.#say("503 5.5.1 Name a sender first");
      return;
    }
    if (address.startsWith("nobody")) {
      const reply = "550 5.1.1 No such mailbox";
      this.#say(reply, this.#rules.refused(null, address, reply));
    } else this.#answer("rcpt", "250 2.1.5 Recipient accepted", () => recipients.push(address));
  }

  #data(): void {
    if (this.#recipients === null) this.#say("503 5.5.1 Name a sender first");
    else if (this.#recipients.length === 0) this.#say("554 5.5.1 No valid recipients");
    else {
      this.#answer("data", "354 Go ahead", () => {
        this.#phase = "content";
      });
    }
  }

  #readContent(): void {
    const [first] = this.#recipients ?? [];
    if (!this.#carries && first !== undefined) this.#rules.begun(first);
    this.#carries = true;
    const action = this.#rules.misbehaves("content");
    if (action !== null && action.do !== "reply") {
      this.#misbehave(action, "");
      return;
    }
    const done = this.#content.read(this.#buffer);
    this.#buffer = done?.rest ?? Buffer.alloc(0);
    if (done === null) return;
    this.#phase = "working";
    this.#rules.after(this.#rules.serviceMs, () => this.#decide(done.content));
  }

  #decide(content: Buffer): void {
    const recipients = this.#recipients;
    if (this.#phase === "over" || recipients === null) return;
    const [from, startedAt, arrivedAt] = [this.#from, this.#startedAt, this.#arrivedAt];
    this.#rules.decided(content, { from, startedAt, arrivedAt });
    const action = this.#rules.misbehaves("dot");
    if (action !== null && action.do !== "reply") {
      this.#misbehave(action, acceptance);
      return;
    }
    this.#carries = false;
    this.#recipients = null;
    this.#phase = "commands";
    this.idleSince = this.#rules.now();
    if (action === null) this.#accept(recipients, content);
    else this.#say(action.text, this.#rules.refused(content, null, action.text));
    this.#work();
  }

  #accept(recipients: readonly string[], content: Buffer): void {
    const onRead = this.#rules.accepted(recipients, content);
    const action = this.#rules.misbehaves("accepted");
    if (action === null || action.do === "reply") this.#say(acceptance, onRead);
    else this.#misbehave(action, acceptance);
  }

  /** Answers as it should, unless something goes wrong at this point. */
  #answer(point: Point, text: string, then = () => {}): void {
    const action = this.#rules.misbehaves(point);
    if (action === null) {
      then();
      this.#say(text);
    } else if (action.do !== "reply") this.#misbehave(action, text);
    else if (action.text.startsWith("421") || point === "greeting") this.#close(action.text);
    else {
      if (point === "data") this.#recipients = null;
      this.#say(action.text);
    }
  }

  #misbehave(action: Misbehavior, text: string): void {
    if (action.do === "cut") this.#link.reply(text.slice(0, Math.ceil(text.length / 2)));
    if (action.do === "stall") {
      this.#phase = "working";
      this.isStalled = true;
    } else {
      this.#link.end(Object.assign(new Error("The relay is gone."), { code: "ECONNRESET" }));
      this.#end();
    }
  }

  #say(text: string, onRead?: () => void): void {
    this.#link.reply(`${text}\r\n`, onRead);
  }

  #close(text: string): void {
    this.#say(text);
    this.#link.end(null);
    this.#end();
  }

  #end(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#rules.ended(this);
  }
}
