import type { SmtpReply } from "../core/model.ts";

/**
 * How much a relay may say in one reply. RFC 5321 §4.5.3.1.5 allows 512 octets a line; relays exceed
 * that with long URLs, so the bounds only keep memory finite.
 */
export interface ReplyLimits {
  readonly maxLineBytes: number;
  readonly maxLines: number;
  readonly maxBytes: number;
}

const usualLimits: ReplyLimits = { maxLineBytes: 4096, maxLines: 256, maxBytes: 65_536 };

/** What the bytes of a relay amount to: its replies in order, or why they are not SMTP. */
export type Parsed =
  | { readonly kind: "reply"; readonly reply: SmtpReply }
  | { readonly kind: "fault"; readonly reason: string };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** RFC 5321 §4.2: three digits, then a hyphen on all lines but the last; 1yz is unused by SMTP. */
const replyLine = /^([2-5][0-9][0-9])(?:([ -])(.*))?$/su;

/** RFC 3463 §2: class "." subject "." detail, without leading zeros; RFC 2034 §4: at the text's start. */
const enhancedCode = /^([245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2}))(?:\s|$)/u;

/** C0 and C1 controls: nothing a relay says may move a terminal's cursor or forge a log line. */
const controls = /\p{Cc}/gu;

/**
 * Turns the bytes of a relay into replies (RFC 5321 §4.2), however they are cut into chunks. A bare
 * LF ends a line too, for relays that forget the CR. After a fault nothing more is read: what follows
 * cannot be told apart from an answer to something else.
 */
export class ReplyParser {
  readonly #limits: ReplyLimits;
  // A byte order mark is not passed over: no reply begins with one.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest: Buffer = Buffer.alloc(0);
  #code: string | null = null;
  #lines: string[] = [];
  #bytes = 0;
  #faulty = false;

  constructor(limits: ReplyLimits = usualLimits) {
    this.#limits = limits;
  }

  /** False in the middle of a reply, and after a fault. */
  get idle(): boolean {
    return !this.#faulty && this.#rest.length === 0 && this.#code === null;
  }

  push(chunk: Buffer): Parsed[] {
    if (this.#faulty) return [];
    const parsed: Parsed[] = [];
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      const result = this.#line(bytes.subarray(start, end));
      start = end + 1;
      if (result !== null) parsed.push(result);
      if (result?.kind === "fault") return parsed;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > this.#limits.maxLineBytes)
      parsed.push(this.#fault("a line of its reply is too long"));
    return parsed;
  }

  /** One line without its LF: completes a reply, goes on with one, or breaks the protocol. */
  #line(bytes: Buffer): Parsed | null {
    this.#bytes += bytes.length;
    if (bytes.length > this.#limits.maxLineBytes) return this.#fault("a line of its reply is too long");
    if (this.#bytes > this.#limits.maxBytes) return this.#fault("its reply is too long");
    if (this.#lines.length >= this.#limits.maxLines) return this.#fault("its reply has too many lines");

    const withoutCr = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    const match = replyLine.exec(this.#decoder.decode(withoutCr));
    if (match === null) return this.#fault("it sent no SMTP reply");
    const [, code = "", separator, text = ""] = match;
    // RFC 5321 §4.2.1: "the reply code is the same on each line". 250- followed by 550 is no 250.
    if (this.#code !== null && this.#code !== code)
      return this.#fault("the lines of its reply have different codes");

    this.#lines.push(text);
    if (separator === "-") {
      this.#code = code;
      return null;
    }
    const reply = makeReply(Number(code), this.#lines);
    this.#code = null;
    this.#lines = [];
    this.#bytes = 0;
    return { kind: "reply", reply };
  }

  #fault(reason: string): Parsed {
    this.#faulty = true;
    this.#rest = Buffer.alloc(0);
    this.#lines = [];
    return { kind: "fault", reason };
  }
}

function makeReply(code: number, lines: readonly string[]): SmtpReply {
  const enhanced = enhancedCode.exec(lines[0] ?? "")?.[1] ?? null;
  return {
    code,
    // RFC 2034 §4: the class repeats the first digit of the code; otherwise it is only text.
    enhancedCode: enhanced?.[0] === String(code)[0] ? enhanced : null,
    lines: lines.map((line) => line.replace(controls, "\u{fffd}")),
  };
}

/** RFC 5321 §4.2.1: a code unknown to the client counts by its first digit. */
export function classOf(reply: SmtpReply): 2 | 3 | 4 | 5 {
  if (reply.code < 300) return 2;
  if (reply.code < 400) return 3;
  return reply.code < 500 ? 4 : 5;
}

/** The reply on one line, as people quote it; a long one is cut. */
export function quote(reply: SmtpReply): string {
  const text = [reply.code, ...reply.lines].join(" ").trimEnd();
  return text.length > 500 ? `${text.slice(0, 499)}…` : text;
}
