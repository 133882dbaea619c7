import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { makeAuthority } from "./certificates.ts";
import { startTestRelay } from "./test-relay.ts";

const authority = makeAuthority();
const tls = authority.issue({ names: ["relay.test"] });
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Sends everything in one piece, as a pipelining client may, and gives the codes of all replies. */
async function codes(relay: { host: string; port: number }, text: string, secure = false): Promise<string[]> {
  const { host, port } = relay;
  const socket = secure
    ? connectTls({ host, port, ca: authority.caPem, servername: "relay.test" })
    : connect(port, host);
  socket.write(text.replaceAll("\n", "\r\n"));
  return (await linesOf(socket)).filter((line) => line[3] === " ").map((line) => line.slice(0, 3));
}

async function linesOf(socket: AsyncIterable<Buffer>): Promise<string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString().split("\r\n");
}

const transaction = "EHLO me\nMAIL FROM:<a@a.test> SIZE=9\nRCPT TO:<b@b.test>\nDATA\n";

test("takes a pipelined message over as it was before dot-stuffing", async () => {
  await using relay = await startTestRelay();
  const text = `${transaction}Subject: x\n\n..\n...dots\nend.\n.\nQUIT\n`;
  expect(await codes(relay, text)).toEqual(["220", "250", "250", "250", "354", "250", "221"]);
  const [message] = await relay.delivered(1);
  expect(message).toMatchObject({
    from: "a@a.test",
    to: ["b@b.test"],
    parameters: "SIZE=9",
    tlsVersion: null,
  });
  expect(message?.content.toString()).toBe("Subject: x\r\n\r\n.\r\n..dots\r\nend.\r\n");
});

test("keeps the parts of a transaction in order and forgets it on RSET", async () => {
  await using relay = await startTestRelay();
  const text =
    "MAIL FROM:<a@a.test>\nEHLO me\nRCPT TO:<b@b.test>\nDATA\nMAIL a@a.test\nMAIL FROM:<>\nMAIL FROM:<>\nRSET\nDATA\nNOOP\nVRFY x\nSTARTTLS\nAUTH PLAIN\nQUIT\n";
  expect(await codes(relay, text)).toEqual(
    "220 503 250 503 503 501 250 503 250 503 250 500 502 504 221".split(" "),
  );
});

test("lets a test answer otherwise at each step", async () => {
  await using relay = await startTestRelay({
    greeting: "220-two\r\n220 lines",
    onEhlo: () => "250-x.test\r\n250 SIZE 5",
    onMail: (from) => (from === "bad@a.test" ? "553 5.1.8 no" : undefined),
    onRcpt: async (to) => (to === "busy@b.test" ? "450 4.2.1 busy" : undefined),
    onDot: (message) => (message.content.includes("spam") ? "554 5.7.1 spam" : undefined),
  });
  const text =
    "EHLO me\nMAIL FROM:<bad@a.test>\nMAIL FROM:<a@a.test>\nRCPT TO:<busy@b.test>\nRCPT TO:<b@b.test>\nDATA\nspam\n.\n" +
    "MAIL FROM:<a@a.test>\nRCPT TO:<b@b.test>\nDATA\nham\n.\nQUIT\n";
  expect(await codes(relay, text)).toEqual("220 250 553 250 450 250 354 554 250 250 354 250 221".split(" "));
  expect(relay.messages.map((message) => message.content.toString())).toEqual(["ham\r\n"]);
});

test("reads no content where DATA was not answered 354", async () => {
  await using relay = await startTestRelay({ onData: () => "451 4.3.0 later" });
  expect(await codes(relay, `${transaction}QUIT\n`)).toEqual(["220", "250", "250", "250", "451", "221"]);
});

test("takes the message and drops the connection before its reply", async () => {
  await using relay = await startTestRelay({ onDot: (_message, peer) => void peer.destroy() });
  expect(await codes(relay, `${transaction}x\n.\n`)).toEqual(["220", "250", "250", "250", "354"]);
  expect(await relay.delivered(1)).toHaveLength(1);
});

test("fails the test on close when an override throws", async () => {
  const relay = await startTestRelay({
    onMail: (from) => {
      throw new Error(`unexpected sender ${from}`);
    },
  });
  await codes(relay, transaction);
  await expect(relay.close()).rejects.toThrow("unexpected sender a@a.test");
});

test.each([
  ["PLAIN at once", `AUTH PLAIN ${base64("\0jo\0pass")}\n`, ["235"]],
  ["PLAIN when asked", `AUTH PLAIN\n${base64("jo\0jo\0pass")}\n`, ["334", "235"]],
  ["LOGIN", `AUTH LOGIN\n${base64("jo")}\n${base64("pass")}\n`, ["334", "334", "235"]],
  ["LOGIN with the name at once", `AUTH LOGIN ${base64("jo")}\n${base64("pass")}\n`, ["334", "235"]],
  ["XOAUTH2", `AUTH XOAUTH2 ${base64("user=jo\x01auth=Bearer pass\x01\x01")}\n`, ["235"]],
  ["a wrong password", `AUTH PLAIN ${base64("\0jo\0wrong")}\n`, ["535"]],
  ["a wrong name", `AUTH LOGIN\n${base64("jim")}\n${base64("pass")}\n`, ["334", "334", "535"]],
  ["a wrong token", `AUTH XOAUTH2 ${base64("user=jo\x01auth=Bearer x\x01\x01")}\n\n`, ["334", "535"]],
])("judges a sign-in: %s", async (_name, exchange, replies) => {
  await using relay = await startTestRelay({ auth: { username: "jo", password: "pass" } });
  const text = `EHLO me\nMAIL FROM:<a@a.test>\n${exchange}MAIL FROM:<a@a.test>\nQUIT\n`;
  const then = replies.at(-1) === "235" ? "250" : "530";
  expect(await codes(relay, text)).toEqual(["220", "250", "530", ...replies, then, "221"]);
});

test("offers sign-in only inside TLS where there is TLS", async () => {
  const auth = { username: "jo", password: "pass", mechanisms: ["PLAIN"] } as const;
  await using relay = await startTestRelay({ tls, auth });
  const socket = connect(relay.port, relay.host);
  socket.write("EHLO me\r\nAUTH PLAIN\r\nSTARTTLS\r\n");
  const plain = await new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", function hear(chunk) {
      text += chunk;
      if (!text.includes("Go ahead\r\n")) return;
      socket.off("data", hear);
      resolve(text);
    });
  });
  expect(plain).toContain("250 STARTTLS\r\n504 ");
  expect(plain).not.toContain("AUTH");
  const secure: TLSSocket = connectTls({ socket, ca: authority.caPem, servername: "relay.test" });
  secure.write(`MAIL FROM:<a@a.test>\r\nEHLO me\r\nAUTH PLAIN ${base64("\0jo\0pass")}\r\n`);
  secure.write("MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n");
  const lines = await linesOf(secure);
  expect(lines[0]).toMatch(/^503 /);
  expect(lines).toContain("250 AUTH PLAIN");
  expect(lines).not.toContain("250-STARTTLS");
  expect(relay.messages[0]).toMatchObject({ username: "jo", tlsVersion: "TLSv1.3" });
});

test("speaks TLS from the first byte where it is implicit", async () => {
  await using relay = await startTestRelay({ tls: { ...tls, implicit: true } });
  expect(await codes(relay, "EHLO me\nQUIT\n", true)).toEqual(["220", "250", "221"]);
});
