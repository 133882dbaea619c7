import type { Misbehavior, Point } from "../plan.ts";
import type { Link, Peer } from "./wire.ts";

/** A message under way in a session. */
export interface Transaction {
  readonly startedAt: number;
  readonly recipients: string[];
}

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
  /** A message has named its first recipient. */
  began(): void;
  /** @returns to be called with what the client has read of the last reply. */
  accepted(transaction: Transaction, content: Buffer): () => void;
  /** @returns as `accepted`. */
  refused(content: Buffer | null, recipient: string | null, reply: string): () => void;
  ended(session: Session): void;
}

const recipientLine = /^RCPT TO:<([^>]+)>/gm;
const finalDot = Buffer.from("\r\n.\r\n");

/** The server's side of one SMTP session (RFC 5321), as a machine over the bytes that arrive. */
export class Session implements Peer {
  readonly #link: Link;
  readonly #rules: SessionRules;
  #buffer: Buffer = Buffer.alloc(0);
  #phase: "commands" | "content" | "working" | "over" = "working";
  #isSignedIn = false;
  #transaction: Transaction | null = null;
  #content: Buffer[] = [];
  readonly openedAt: number;
  /** Since when nothing was under way. */
  idleSince: number;

  constructor(link: Link, rules: SessionRules) {
    this.#link = link;
    this.#rules = rules;
    this.openedAt = rules.now();
    this.idleSince = this.openedAt;
  }

  get isBusy(): boolean {
    return this.#transaction !== null || this.#phase === "working" || this.#phase === "content";
  }

  greet(refusal: string | null): void {
    if (refusal !== null) return this.#close(refusal);
    this.#answer("greeting", "220 relay.test ESMTP", () => {
      this.#phase = "commands";
      this.#work();
    });
  }

  received(bytes: Buffer): void {
    if (this.#phase === "over") return;
    // What is sent along with a content may have to wait for its turn, but has left the client.
    for (const [, address = ""] of bytes.toString("latin1").matchAll(recipientLine)) this.#rules.asked(address);
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    this.#work();
  }

  closed(): void {
    this.#end();
  }

  #work(): void {
    for (;;) {
      if (this.#phase === "content") {
        if (!this.#readContent()) return;
      } else if (this.#phase === "commands") {
        const end = this.#buffer.indexOf("\r\n");
        if (end === -1) return;
        const line = this.#buffer.toString("utf8", 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        this.#command(line);
      } else return;
    }
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "EHLO" || verb === "HELO") {
      const lines = ["relay.test", ...(verb === "EHLO" ? this.#rules.extensions : [])];
      const text = lines.map((each, index) => `250${index < lines.length - 1 ? "-" : " "}${each}`).join("\r\n");
      this.#answer("ehlo", text);
    } else if (verb === "AUTH") this.#signIn(line);
    else if (verb === "MAIL") this.#mail(line);
    else if (verb === "RCPT") this.#rcpt(line);
    else if (verb === "DATA") this.#data();
    else if (verb === "RSET") {
      this.#transaction = null;
      this.#say("250 2.0.0 Reset");
    } else if (verb === "QUIT") this.#close("221 2.0.0 Bye");
    else this.#say("500 5.5.1 Unknown command");
  }

  #signIn(line: string): void {
    if (!this.#rules.isPassword(line.slice("AUTH PLAIN ".length))) {
      return this.#say("535 5.7.8 Wrong username or password");
    }
    this.#answer("auth", "235 2.7.0 Welcome", () => {
      this.#isSignedIn = true;
    });
  }

  #mail(line: string): void {
    if (this.#rules.extensions.some((each) => each.startsWith("AUTH")) && !this.#isSignedIn) {
      return this.#say("530 5.7.0 Sign in first");
    }
    if (this.#transaction !== null) return this.#say("503 5.5.1 There is a sender already");
    const size = Number(/ SIZE=(\d+)/.exec(line)?.[1] ?? 0);
    const { maxBytes } = this.#rules;
    const transaction = { startedAt: this.#rules.now(), recipients: [] };
    this.#transaction = transaction;
    if (maxBytes !== null && size > maxBytes) {
      this.#transaction = null;
      return this.#say("552 5.3.4 The message is too large");
    }
    this.#answer("mail", "250 2.1.0 Sender accepted", () => {}, () => {
      this.#transaction = null;
    });
  }

  #rcpt(line: string): void {
    const address = /<([^>]+)>/.exec(line)?.[1] ?? "";
    const transaction = this.#transaction;
    if (transaction === null) return this.#say("503 5.5.1 Name a sender first");
    if (transaction.recipients.length === 0) this.#rules.began();
    if (address.startsWith("nobody")) {
      const reply = "550 5.1.1 No such mailbox";
      return this.#say(reply, this.#rules.refused(null, address, reply));
    }
    this.#answer("rcpt", "250 2.1.5 Recipient accepted", () => transaction.recipients.push(address));
  }

  #data(): void {
    const transaction = this.#transaction;
    if (transaction === null) return this.#say("503 5.5.1 Name a sender first");
    if (transaction.recipients.length === 0) return this.#say("554 5.5.1 No valid recipients");
    this.#answer("data", "354 Go ahead", () => {
      this.#phase = "content";
    }, () => {
      this.#transaction = null;
    });
  }

  /** @returns whether there may be more to do. */
  #readContent(): boolean {
    if (this.#buffer.length === 0) return false;
    const action = this.#rules.misbehaves("content");
    if (action !== null && action.do !== "reply") {
      this.#misbehave(action, "");
      return false;
    }
    // The dot may be spread over what arrived before and now.
    const before = this.#content.at(-1);
    const joined = before === undefined ? this.#buffer : Buffer.concat([before, this.#buffer]);
    const end = joined.indexOf(finalDot, Math.max(0, (before?.length ?? 0) - finalDot.length));
    if (before !== undefined) this.#content.pop();
    this.#content.push(end === -1 ? joined : joined.subarray(0, end + 2));
    this.#buffer = end === -1 ? Buffer.alloc(0) : joined.subarray(end + finalDot.length);
    if (end === -1) return false;
    const content = Buffer.concat(this.#content.splice(0));
    this.#phase = "working";
    this.#rules.after(this.#rules.serviceMs, () => this.#decide(content));
    return false;
  }

  #decide(content: Buffer): void {
    if (this.#phase === "over" || this.#transaction === null) return;
    const transaction = this.#transaction;
    const refusal = this.#rules.misbehaves("dot");
    if (refusal !== null && refusal.do !== "reply") return this.#misbehave(refusal, "250 2.0.0 Accepted");
    this.#transaction = null;
    this.#phase = "commands";
    this.idleSince = this.#rules.now();
    if (refusal !== null) {
      this.#say(refusal.text, this.#rules.refused(content, null, refusal.text));
    } else {
      const onRead = this.#rules.accepted(transaction, content);
      const action = this.#rules.misbehaves("accepted");
      if (action !== null && action.do !== "reply") return this.#misbehave(action, "250 2.0.0 Accepted");
      this.#say("250 2.0.0 Accepted", onRead);
    }
    this.#work();
  }

  /** Answers as it should, unless something goes wrong at this point. */
  #answer(point: Point, text: string, then = () => {}, otherwise = () => {}): void {
    const action = this.#rules.misbehaves(point);
    if (action === null) {
      then();
      this.#say(text);
    } else if (action.do === "reply") {
      otherwise();
      if (action.text.startsWith("421") || point === "greeting") this.#close(action.text);
      else this.#say(action.text);
    } else this.#misbehave(action, text);
  }

  #misbehave(action: Misbehavior, text: string): void {
    if (action.do === "cut") this.#link.reply(text.slice(0, Math.ceil(text.length / 2)));
    if (action.do === "stall") this.#phase = "working";
    else {
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
