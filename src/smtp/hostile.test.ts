/**
 * What relays do that they should not, as wire scripts: said and heard in turn, then how it ends for us.
 * The `C:` lines are all that we send, not a byte less, not a byte more.
 *
 * - `S: …` the relay says this line, `S> …` these bytes as they are, `S… …` byte by byte
 * - `C: …` the relay hears this line, `content` the message with its final dot
 * - `tls` the relay shakes hands, `close` ends its stream, `reset` breaks the connection
 * - `stall 60` it says nothing for so many seconds
 */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../core/errors.ts";
import { createEgress } from "../net/egress.ts";
import {
  createFixedClock,
  type FixedClock,
  makeAuthority,
  type Peer,
  startScriptedServer,
} from "../testing/index.ts";
import { type Connection, connect, type Message, type SendResult } from "./connection.ts";
import type { Relay } from "./relay.ts";

const authority = makeAuthority();
const certificate = authority.issue({ names: ["127.0.0.1"] });
const password = "s3cret+pass";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const blob = base64(`\0jo\0${password}`);

interface Given extends Partial<Message> {
  readonly content?: Uint8Array;
  /** One after the other, on one connection; 1 by default. */
  readonly sends?: number;
  readonly signIn?: "in TLS" | "in the clear";
  readonly tls?: Relay["tls"];
}

const usual: Message & { readonly content: Uint8Array } = {
  from: "a@a.test",
  to: ["b@b.test"],
  // With a dot to be doubled, and without a line end.
  content: Buffer.from("Subject: hi\r\n\r\n.dot"),
  needsSmtpUtf8: false,
};

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

async function take(step: string, peer: Peer, clock: FixedClock): Promise<unknown> {
  const [verb = "", rest = ""] = step.split(/ (.*)/s);
  switch (verb) {
    case "S:":
      return peer.send(`${rest}\r\n`);
    case "S>":
      peer.send(Buffer.from(rest, "latin1"));
      // So that what follows comes in a packet of its own.
      return turns();
    case "S…":
      return peer.dribble(rest);
    case "C:":
      return peer.expect(rest);
    case "content":
      return peer.body();
    case "tls":
      return peer.startTls(certificate);
    case "close":
      return peer.end();
    case "reset":
      return peer.reset();
    case "stall":
      await turns();
      return clock.advance(Number(rest) * 1_000);
    default:
      throw new Error(`${step} is no step.`);
  }
}

/** By RFC 5321 §4.5.2, in other words than those of the client. */
function onTheWire(content: Uint8Array): string {
  const text = Buffer.from(content)
    .toString()
    .replaceAll(/(^|\n)\./g, "$1..");
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\r\n"}.\r\n`;
}

async function play(steps: readonly string[], { sends = 1, signIn, tls, ...message }: Given) {
  const clock = createFixedClock();
  await using server = await startScriptedServer(async (peer) => {
    for (const step of steps) await take(step, peer, clock);
    await peer.closed;
  });
  const whole = { ...usual, ...message };
  const told: unknown[] = [];
  const ends: string[] = [];
  let connection: Connection | null = null;
  try {
    connection = await connect({
      relay: {
        host: server.host,
        port: server.port,
        tls: tls ?? (signIn === "in TLS" ? "starttls" : "none"),
        caPem: authority.caPem,
        ehloName: "app.test",
      },
      credentials: signIn === undefined ? null : { username: "jo", password, method: "auto" },
      allowCleartextAuth: signIn === "in the clear",
      egress: createEgress("default"),
      clock,
      observer: { stage: (event) => told.push(event), transcript: (line) => told.push(line) },
    });
    for (let i = 0; i < sends; i++) ends.push(described(await connection.send(whole)));
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    told.push(error, error.message);
    const { stage, reply } = error.smtp ?? {};
    ends.push([error.code, ...(stage === undefined ? [] : ["at", stage]), reply?.code].join(" ").trimEnd());
  }
  connection?.destroy();
  await server.settled();
  const heard = steps.map((step) => {
    if (step === "content") return onTheWire(whole.content);
    return step.startsWith("C: ") ? `${step.slice("C: ".length)}\r\n` : "";
  });
  return {
    ends: ends.join(" | "),
    sent: server.connections[0]?.received.toString(),
    heard: heard.join(""),
    told: JSON.stringify(told).toLowerCase(),
    timers: clock.waiting,
  };
}

/** Such as `b sent, c permanent 550`, and how the connection was lost if that is why: `(smtp.closed)`. */
function described({ recipients, lost }: SendResult): string {
  const each = recipients.map(({ address, outcome, reply }) => {
    const code = outcome === "sent" || reply === null ? "" : ` ${reply.code}`;
    return `${address.split("@")[0]} ${outcome}${code}`;
  });
  return `${each.join(", ")}${lost === null ? "" : ` (${lost.code})`}`;
}

/** Each script by its name: `step / step / … → how it ends`. */
function plays(given: Given, scripts: Readonly<Record<string, string>>): void {
  it.each(Object.entries(scripts))("%s", async (_, script) => {
    const [wire = "", ends = ""] = script.split(" → ");
    const played = await play(wire.split(" / "), given);
    expect(played).toMatchObject({ ends, sent: played.heard, timers: 0 });
    for (const secret of [password, base64(password).slice(0, -2), blob.slice(0, 12), blob.slice(12)]) {
      expect(played.told).not.toContain(secret.toLowerCase());
    }
  });
}

/** What a relay says to EHLO. */
const offering = (...keywords: string[]) =>
  ["relay.test", ...keywords].map((text, i) => `S: 250${i < keywords.length ? "-" : " "}${text}`).join(" / ");
const greeted = "S: 220 hi / C: EHLO app.test";
const hello = `${greeted} / ${offering()}`;
const helloWith = (...keywords: string[]) => `${greeted} / ${offering(...keywords)}`;
const mail = "C: MAIL FROM:<a@a.test>";
const commands = `${mail} / C: RCPT TO:<b@b.test> / C: DATA`;
const group = `${helloWith("PIPELINING")} / ${commands}`;
const groupOfTwo = `${helloWith("PIPELINING")} / ${mail} / C: RCPT TO:<b@b.test> / C: RCPT TO:<c@c.test> / C: DATA`;
const upToRcpt = `${hello} / ${mail} / S: 250 a / C: RCPT TO:<b@b.test>`;
const upToData = `${upToRcpt} / S: 250 b / C: DATA`;
const upToDot = `${upToData} / S: 354 c / content`;
const sent = `${upToDot} / S: 250 d`;
/** After EHLO. */
const message = sent.slice(hello.length + " / ".length);
const refused = `${mail} / S: 550 a → b permanent 550`;
const quit = "C: QUIT / S: 221 bye";
const two = { to: ["b@b.test", "c@c.test"] };

describe("replies cut and spelt in odd ways (RFC 5321 §4.2)", () => {
  const xyz = (count: number) => Array<string>(count).fill("XYZ");
  const none = "smtp.protocol at recipient";
  plays(
    {},
    {
      "are read byte by byte": `S… 220 hi\r\n / C: EHLO app.test / S… 250-relay.test\r\n250 PIPELINING\r\n / ${commands} / S… 250 a\r\n250 b\r\n354 c\r\n / content / S… 250 d\r\n → b sent`,
      "may end in a bare LF": `S> 220 hi\n / C: EHLO app.test / S> 250-relay.test\n250 PIPELINING\n / ${commands} / S> 250 a\n250 b\n354 c\n / content / S> 250 d\n → b sent`,
      "may be cut between CR and LF": `${upToDot} / S> 250 d\r / S> \n → b sent`,
      "may be cut within a code": `${group} / S> 250 a\r\n25 / S> 0 b\r\n3 / S> 54 c\r\n / content / S: 250 d → b sent`,
      "may hold Latin-1": `${upToDot} / S> 250 \xfcbernommen\r\n → b sent`,
      "may hold NUL, an escape and a bare CR": `${upToRcpt} / S> 550 \0\x1b[2J\rb\r\n → b permanent 550`,
      "may be a code without text": `S: 220 / C: EHLO app.test / S: 250 / ${mail} / S: 250 / C: RCPT TO:<b@b.test> / S: 250 / C: DATA / S: 354 / content / S: 250 → b sent`,
      "may have lines without text": `${upToDot} / S: 250- / S: 250- / S: 250 → b sent`,
      "may have 256 lines": `${helloWith(...xyz(254), "PIPELINING")} / ${commands} / S: 550 a / S: 503 b / S: 503 c → b permanent 550`,
      "have no 257 lines": `${helloWith(...xyz(256))} → smtp.protocol at ehlo`,
      "have no line without end": `${greeted} / S> 250 ${"x".repeat(5_000)} → smtp.protocol at ehlo`,
      "have one code: to EHLO": `${greeted} / S: 250-relay.test / S: 550 no → smtp.protocol at ehlo`,
      "have one code: to RCPT": `${upToRcpt} / S: 250-fine / S: 550 no → ${none}`,
      "have one code: of one class": `${upToRcpt} / S: 250-fine / S: 251 elsewhere → ${none}`,
      "need a separator": `${upToRcpt} / S: 250fine → ${none}`,
      "need another separator than a tab": `${upToRcpt} / S: 250\tfine → ${none}`,
      "need more than two digits": `${upToRcpt} / S: 25 fine → ${none}`,
      "need less than four digits": `${upToRcpt} / S: 2500 fine → ${none}`,
      "need no sign": `${upToRcpt} / S: -250 fine → ${none}`,
      "need no blank before them": `${upToRcpt} / S:  250 fine → ${none}`,
      "are never 1yz": `${upToRcpt} / S: 150 wait → ${none}`,
      "are never 6yz": `${upToRcpt} / S: 650 what → ${none}`,
      "have no byte order mark": "S> \xef\xbb\xbf220 hi\r\n → smtp.protocol at greeting",
      "have no blank line before them": "S> \r\n220 hi\r\n → smtp.protocol at greeting",
      "are not those of HTTP": `S: HTTP/1.1 400 Bad Request / S: Server: ${password} → smtp.protocol at greeting`,
    },
  );
});

describe("a greeting (RFC 5321 §3.1)", () => {
  plays(
    {},
    {
      "may have many lines": `S: 220-hi / S: 220-no spam / ${sent} → b sent`,
      "given twice puts all that follows out of step": `${greeted} / S: 220 hi again / ${mail} / S: 250 ehlo / C: RCPT TO:<b@b.test> / S: 250 a / C: DATA / S: 250 b → smtp.protocol at message 250`,
      "of 421 ends the session": `S: 421 full / ${quit} → smtp.rejected at greeting 421`,
      "of 450 ends the session": `S: 450 later / ${quit} → smtp.rejected at greeting 450`,
      "of 354 is none": "S: 354 go → smtp.protocol at greeting 354",
      "with the end of the stream is of no use": "S: 220 hi / close / C: EHLO app.test → smtp.closed at ehlo",
      "that stalls in its last line is given up": "S> 220-hi\r\n22 / stall 60 → smtp.timeout at greeting",
      "broken off by a reset is a closed connection": "S> 22 / reset → smtp.closed at greeting",
    },
  );
});

describe("EHLO (RFC 5321 §3.2, §4.1.1.1)", () => {
  const helo = "C: HELO app.test";
  const sized = `C: MAIL FROM:<a@a.test> SIZE=21${message.slice(mail.length)}`;
  plays(
    {},
    {
      "refused by 500 is followed by HELO": `${greeted} / S: 500 what / ${helo} / S: 250 b / ${message} → b sent`,
      "refused by 502 is followed by HELO": `${greeted} / S: 502 what / ${helo} / S: 250 b / ${message} → b sent`,
      "refused by 504 is followed by HELO": `${greeted} / S: 504 what / ${helo} / S: 250 b / ${message} → b sent`,
      "refused by 550 is followed by HELO": `${greeted} / S: 550 what / ${helo} / S: 250 b / ${message} → b sent`,
      "refused, and HELO too, is a refusal": `${greeted} / S: 502 a / ${helo} / S: 550 b / ${quit} → smtp.rejected at ehlo 550`,
      "refused for now is not followed by HELO": `${greeted} / S: 450 later / ${quit} → smtp.rejected at ehlo 450`,
      "answered with 421 is not followed by HELO": `${greeted} / S: 421 bye / ${quit} → smtp.rejected at ehlo 421`,
      "answered with 334 breaks the protocol": `${greeted} / S: 334 a → smtp.protocol at ehlo 334`,
      "answered by closing is a closed connection": `${greeted} / close → smtp.closed at ehlo`,
      "answered with silence is given up": `${greeted} / stall 60 → smtp.timeout at ehlo`,
      "answered twice gets no message": `${greeted} / S> 250 relay.test\r\n250 again\r\n → smtp.protocol at sender 250`,
      "may offer in any case": `${helloWith("pipelining ")} / ${commands} / S: 550 a / S: 503 b / S: 503 c → b permanent 550`,
      "offers nothing by words that look alike": `${helloWith("XPIPELINING", "PIPELININGS", "SIZES 1")} / ${message} → b sent`,
      "with SIZE 0 has no limit (RFC 1870 §4)": `${helloWith("SIZE 0")} / ${sized} → b sent`,
      "with a SIZE that is no number has no limit": `${helloWith("SIZE -1")} / ${sized} → b sent`,
      "with just the SIZE gets the message": `${helloWith("SIZE 21")} / ${sized} → b sent`,
      "with a smaller SIZE gets none of it (§6.1)": `${helloWith("SIZE 20")} → smtp.too_large at sender`,
    },
  );
  plays(
    { tls: "starttls" },
    {
      "refused where TLS is required is a refusal": `${greeted} / S: 502 a / ${quit} → smtp.rejected at ehlo 502`,
    },
  );
  plays(
    { to: ["jö@bü.test"] },
    {
      "without SMTPUTF8 gets no such address (RFC 6531 §3.1)": `${helloWith("8BITMIME")} → smtp.smtputf8_missing at sender`,
      "with SMTPUTF8 gets it, its domain in A-labels (§3.2)": `${helloWith("SmtpUtf8", "8bitMime")} / ${mail} BODY=8BITMIME SMTPUTF8 / S: 250 a / C: RCPT TO:<jö@xn--b-eha.test> / S: 550 b → jö permanent 550`,
    },
  );
});

describe("STARTTLS (RFC 3207)", () => {
  const offered = `${helloWith("STARTTLS", "PIPELINING", "AUTH PLAIN")} / C: STARTTLS`;
  const inTls = `${offered} / S: 220 go / tls / C: EHLO app.test`;
  const signedIn = `C: AUTH PLAIN ${blob} / S: 235 in`;
  plays(
    { signIn: "in TLS" },
    {
      "answered with 454 is a refusal for now": `${offered} / S: 454 no / ${quit} → smtp.rejected at starttls 454`,
      "answered with 501 is a refusal": `${offered} / S: 501 no / ${quit} → smtp.rejected at starttls 501`,
      "answered with 421 is a refusal for now": `${offered} / S: 421 no / ${quit} → smtp.rejected at starttls 421`,
      "answered with 334 breaks the protocol": `${offered} / S: 334 go → smtp.protocol at starttls 334`,
      "answered by closing is a closed connection": `${offered} / close → smtp.closed at starttls`,
      "answered with silence is given up": `${offered} / stall 60 → smtp.timeout at starttls`,
      "may be answered in many lines": `${offered} / S: 220-well / S: 220 go / tls / C: EHLO app.test / ${offering("AUTH PLAIN")} / ${signedIn} / ${refused}`,
      "with an injected sign-in is fatal (§4.2)": `${offered} / S> 220 go\r\n235 in\r\n250 ok\r\n → smtp.protocol at starttls 235`,
      "makes PIPELINING be forgotten": `${inTls} / ${offering("AUTH PLAIN")} / ${signedIn} / ${refused}`,
      "makes AUTH be forgotten": `${inTls} / ${offering()} / ${quit} → smtp.auth_unavailable at auth`,
      "is not said again in TLS": `${inTls} / ${offering("STARTTLS", "AUTH PLAIN")} / ${signedIn} / ${refused}`,
      "rules HELO out": `${inTls} / S: 502 what / ${quit} → smtp.rejected at ehlo 502`,
    },
  );
});

describe("sign-in (RFC 4954)", () => {
  const login = `${helloWith("AUTH LOGIN")} / C: AUTH LOGIN`;
  const user = `C: ${base64("jo")}`;
  const secret = `C: ${base64(password)}`;
  const plain = `${helloWith("AUTH PLAIN")} / C: AUTH PLAIN ${blob}`;
  plays(
    { signIn: "in the clear" },
    {
      "may be offered as AUTH=LOGIN alone": `${helloWith("AUTH=LOGIN")} / C: AUTH LOGIN / S: 334 VXNlcm5hbWU6 / ${user} / S: 334 UGFzc3dvcmQ6 / ${secret} / S: 235 in / ${refused}`,
      "may be offered in odd case": `${helloWith("aUtH  pLaIn")} / C: AUTH PLAIN ${blob} / S: 235 in / ${refused}`,
      "goes on after prompts that are no base64": `${login} / S: 334 %%% / ${user} / S: 334 = / ${secret} / S: 235 in / ${refused}`,
      "goes on after prompts in other words": `${login} / S: 334 ${base64("Wer?\0")} / ${user} / S: 334 ${base64("Username:")} / ${secret} / S: 235 in / ${refused}`,
      "goes on after prompts without words": `${login} / S: 334 / ${user} / S: 334- / S: 334 x / ${secret} / S: 235 in / ${refused}`,
      "sends no password after a refused username": `${login} / S: 334 a / ${user} / S: 535 who? / ${quit} → smtp.auth_rejected at auth 535`,
      "may succeed without a password": `${login} / S: 334 a / ${user} / S: 235 in / ${refused}`,
      "is cancelled at a third prompt": `${login} / S: 334 a / ${user} / S: 334 b / ${secret} / S: 334 c / C: * / S: 501 d / ${quit} → smtp.auth_rejected at auth 501`,
      "says PLAIN again where the relay asks for it": `${plain} / S: 334 a / C: ${blob} / S: 235 in / ${refused}`,
      "is cancelled where PLAIN is asked for again and again": `${plain} / S: 334 a / C: ${blob} / S: 334 b / C: * / S: 501 c / ${quit} → smtp.auth_rejected at auth 501`,
      "cancelled is none, whatever the relay says": `${plain} / S: 334 a / C: ${blob} / S: 334 b / C: * / S: 235 in → smtp.protocol at auth 235`,
      "refused with the password, as it is, hides it": `${plain} / S: 535-no: / S: 535 ${password.toUpperCase()} / ${quit} → smtp.auth_rejected at auth 535`,
      "refused with the password, in base64, hides it": `${plain} / S: 535-${base64(password)} / S: 535 ${blob} / ${quit} → smtp.auth_rejected at auth 535`,
      "refused with the password, in pieces, hides it": `${plain} / S: 535-${blob.slice(12)} / S: 535-${blob.slice(0, 12)} / S: 535 bye / ${quit} → smtp.auth_rejected at auth 535`,
      "answered with 421 is judged by it": `${plain} / S: 421 bye / ${quit} → smtp.auth_rejected at auth 421`,
      "answered by closing is a closed connection": `${plain} / close → smtp.closed at auth`,
      "answered by a reset is a closed connection": `${plain} / reset → smtp.closed at auth`,
      "answered with silence is given up": `${plain} / stall 60 → smtp.timeout at auth`,
      "is not offered by HELO": `${greeted} / S: 502 a / C: HELO app.test / S: 250 b / ${quit} → smtp.auth_unavailable at auth`,
    },
  );
});

describe("a transaction (RFC 5321 §3.3, RFC 2920 §3.1)", () => {
  plays(two, {
    "takes 251 and 252 for yes": `${upToRcpt} / S: 251 elsewhere / C: RCPT TO:<c@c.test> / S: 252 perhaps / C: DATA / S: 354 d / content / S: 250 e → b sent, c sent`,
    "keeps 450 and 550 apart": `${groupOfTwo} / S: 250 a / S: 450 b / S: 550 c / S: 503 d → b temporary 450, c permanent 550`,
    "goes on with whom is left": `${groupOfTwo} / S: 250 a / S: 550 b / S: 250 c / S: 354 d / content / S: 250 e → b permanent 550, c sent`,
    "takes 552 for too many recipients, unless it says more": `${groupOfTwo} / S: 250 a / S: 552 b / S: 552 5.2.2 c / S: 503 d → b temporary 552, c permanent 552`,
    "answered once too often has refused nobody for sure": `${groupOfTwo} / S: 250 a / S: 550 a / S: 250 b / S: 250 c / S: 354 d → smtp.protocol at message 250`,
  });
  plays(
    {},
    {
      "without a sender gives a 354 a lone dot": `${group} / S: 553 a / S: 503 b / S: 354 c / C: . / S: 250 d → b permanent 553`,
      "with DATA's reply first is out of step": `${group} / S: 354 a / S: 250 b / S: 250 c → smtp.protocol at sender 354`,
      "answered once too often is out of step": `${group} / S: 250 a / S: 250 a / S: 250 b / S: 354 c → smtp.protocol at message 250`,
      "answered before the content is broken off": `${group} / S> 250 a\r\n250 b\r\n354 c\r\n250 d\r\n → smtp.protocol at message 250`,
      "answered once too rarely is given up": `${group} / S: 250 a / S: 250 b / stall 120 → smtp.timeout at message`,
      "whose DATA is answered with 250 is broken off": `${upToData} / S: 250 c → smtp.protocol at message 250`,
      "refused, with DATA answered by 250, is broken off": `${group} / S: 250 a / S: 550 b / S: 250 c → smtp.protocol at message 250`,
    },
  );
  plays(
    { sends: 2 },
    {
      "without a recipient gives a 354 a lone dot, and leaves the connection good": `${group} / S: 250 a / S: 550 b / S: 354 c / C: . / S: 554 d / ${commands} / S: 250 a / S: 450 b / S: 503 c → b permanent 550 | b temporary 450`,
      "whose DATA is refused leaves the sender to RSET": `${upToData} / S: 451 c / C: RSET / S: 250 ok / ${mail} / S: 550 a → b temporary 451 | b permanent 550`,
      "after a refused RSET is none": `${upToData} / S: 451 c / C: RSET / S: 500 a → b temporary 451 | smtp.protocol at sender 500`,
      "after 421 to RSET is none": `${upToData} / S: 451 c / C: RSET / S: 421 a → b temporary 451 | smtp.closed at sender 421`,
    },
  );
});

describe("421 (RFC 5321 §3.8)", () => {
  plays(two, {
    "to MAIL": `${groupOfTwo} / S: 421 a → b temporary 421, c temporary 421`,
    "to RCPT": `${groupOfTwo} / S: 250 a / S: 250 b / S: 421 c → b temporary 421, c temporary 421`,
    "to RCPT, after a refusal": `${groupOfTwo} / S: 250 a / S: 550 b / S: 421 c → b permanent 550, c temporary 421`,
    "to DATA, after a refusal": `${groupOfTwo} / S: 250 a / S: 250 b / S: 550 c / S: 421 d → b temporary 421, c permanent 550`,
  });
  plays(
    { sends: 2 },
    {
      "to the final dot": `${upToDot} / S: 421 d → b temporary 421 | smtp.closed at sender`,
      "after the final dot": `${upToDot} / S> 250 d\r\n421 bye\r\n → b sent | smtp.closed at sender 421`,
    },
  );
});

describe("a connection lost before the final dot", () => {
  const refusedOne = `${groupOfTwo} / S: 250 a / S: 250 b / S: 550 c`;
  const kept = (code: string) => `b temporary, c permanent 550 (${code})`;
  plays(two, {
    "by closing keeps a refusal": `${refusedOne} / close → ${kept("smtp.closed")}`,
    "by a reset keeps a refusal": `${refusedOne} / S> 35 / reset → ${kept("smtp.closed")}`,
    "by silence keeps a refusal": `${refusedOne} / stall 120 → ${kept("smtp.timeout")}`,
    "by what is no reply keeps a refusal": `${refusedOne} / S: oops → ${kept("smtp.protocol")}`,
    "by half a reply keeps a refusal": `${refusedOne} / S> 354 / close → ${kept("smtp.closed")}`,
    "keeps a refusal for now": `${groupOfTwo} / S: 250 a / S: 450 b / close → b temporary 450, c temporary (smtp.closed)`,
    "after the sender's refusal changes nothing": `${groupOfTwo} / S: 553 a / close → b permanent 553, c permanent 553`,
    "at MAIL, by closing": `${groupOfTwo} / close → smtp.closed at sender`,
    "at MAIL, by a reset": `${groupOfTwo} / reset → smtp.closed at sender`,
    "at MAIL, by silence": `${groupOfTwo} / stall 60 → smtp.timeout at sender`,
    "at RCPT, by silence": `${groupOfTwo} / S: 250 a / stall 60 → smtp.timeout at recipient`,
    "at RCPT, by half a reply": `${groupOfTwo} / S: 250 a / S: 250-b / close → smtp.closed at recipient`,
  });
  plays(
    { sends: 2 },
    {
      "after the only recipient's refusal changes nothing, but is used no more": `${group} / S: 250 a / S: 550 b / close → b permanent 550 | smtp.closed at sender`,
    },
  );
});

describe("after the final dot (RFC 1047)", () => {
  const dotted = `${groupOfTwo} / S: 250 a / S: 250 b / S: 550 c / S: 354 d / content`;
  const unknown = (code: string) => `b unknown, c permanent 550 (${code})`;
  plays(two, {
    "the end of the stream": `${dotted} / close → ${unknown("smtp.closed")}`,
    "a reset": `${dotted} / reset → ${unknown("smtp.closed")}`,
    silence: `${dotted} / stall 600 → ${unknown("smtp.timeout")}`,
    "half a code": `${dotted} / S> 25 / close → ${unknown("smtp.closed")}`,
    "a short code": `${dotted} / S: 25 fine → ${unknown("smtp.protocol")}`,
    "a code without a separator": `${dotted} / S: 250fine → ${unknown("smtp.protocol")}`,
    "a reply without end": `${dotted} / S: 250-fine / stall 600 → ${unknown("smtp.timeout")}`,
    "another 354": `${dotted} / S: 354 more → b unknown 354, c permanent 550`,
    "a refusal for now": `${dotted} / S: 451 e → b temporary 451, c permanent 550`,
    "a refusal for good": `${dotted} / S: 554 e → b permanent 554, c permanent 550`,
    "a 2yz that is in no list": `${dotted} / S: 299-e / S: 299 f → b sent, c permanent 550`,
    "250 and the end of the stream": `${dotted} / S: 250 e / close → b sent, c permanent 550`,
    "the end of the stream, come with the 354": `${groupOfTwo} / S: 250 a / S: 250 b / S: 550 c / S: 354 d / close / content → ${unknown("smtp.closed")}`,
  });
  plays(
    { sends: 2 },
    {
      "two replies: the first counts, no message follows": `${upToDot} / S> 250 d\r\n550 no\r\n → b sent | smtp.protocol at sender 550`,
    },
  );
});

describe("content (RFC 5321 §4.5.2, §4.5.3.1.6)", () => {
  const line = (octets: number, first = "x") => `${first.padEnd(octets, "x")}\r\n`;
  // Blocks have 256 KiB. These lines have 65 octets on the wire, with their dot doubled; the line before
  // them moves the border from a CR over both dots.
  const lines = line(62, ".").repeat(8_100);
  const good = [60, 61, 62, 63, 64].map((octets): [string, string] => [
    `has its dots doubled at the border of a block (${octets})`,
    line(octets) + lines,
  ]);
  good.push(
    ["may be a lone dot", "."],
    ["may be the line of a lone dot", ".\r\n"],
    ["may hold what looks like its end", "a\r\n.\r\nMAIL FROM:<x@x.test>\r\n.\r\n\r\n.\r\n"],
    ["may be empty", ""],
    ["may end in blank lines", "a\r\n\r\n\r\n"],
    ["may have lines of 998 octets, the doubled dot not counted", line(998, ".") + "x".repeat(998)],
  );
  const bad: [string, string][] = [
    ["has no line of 999 octets", line(999)],
    ["has no last line of 999 octets", "x".repeat(999)],
    ["has no bare LF before a dot", "a\n.\r\n"],
    ["has no bare CR before a dot", "a\r.\r\n"],
    ["has no bare CR at its end", "a\r"],
    ["has no 8-bit bytes without SMTPUTF8", "ü"],
  ];
  for (const [name, text] of good) plays({ content: Buffer.from(text) }, { [name]: `${sent} → b sent` });
  for (const [name, text] of bad) {
    plays({ content: Buffer.from(text) }, { [name]: `${hello} → input.invalid` });
  }
});
