import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { createLog } from "../core/log.ts";
import { createFixedClock } from "../testing/index.ts";
import { Sandbox } from "./sandbox.ts";

const clock = createFixedClock(Date.UTC(2026, 0, 2));
const create = (port: number) => new Sandbox({ port, log: createLog("silent"), clock });

async function start(): Promise<Sandbox> {
  const sandbox = create(0);
  await sandbox.start();
  return sandbox;
}

const transaction = (from: string, to: readonly string[], content: string, parameters = "") =>
  [
    `MAIL FROM:<${from}>${parameters}`,
    ...to.map((address) => `RCPT TO:<${address}>`),
    "DATA",
    content,
    ".",
    "",
  ].join("\r\n");

/** Says hello, sends this and quits; gives everything heard. */
async function talk(sandbox: Sandbox, text: string): Promise<string> {
  const socket = connect(sandbox.port, sandbox.host);
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  await once(socket, "data");
  socket.write(`EHLO me.test\r\n${text}QUIT\r\n`);
  await once(socket, "close");
  return heard;
}

const rich = [
  "From: =?utf-8?Q?J=C3=B6?= <jo@a.test>",
  "To: b@b.test",
  "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
  "Date: Fri, 02 Jan 2026 03:04:05 +0200",
  'Content-Type: multipart/mixed; boundary="m"',
  "",
  "--m",
  'Content-Type: multipart/alternative; boundary="a"',
  "",
  "--a",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Hall=C3=B6",
  "--a",
  "Content-Type: text/html; charset=utf-8",
  "",
  '<p>Hi <img src="cid:logo@a.test"></p>',
  "--a--",
  "--m",
  "Content-Type: image/png; name=logo.png",
  "Content-Disposition: inline; filename=logo.png",
  "Content-ID: <logo@a.test>",
  "Content-Transfer-Encoding: base64",
  "",
  "AAH/",
  "--m",
  'Content-Type: application/pdf; name="a b.pdf"',
  'Content-Disposition: attachment; filename="a b.pdf"',
  "Content-Transfer-Encoding: base64",
  "",
  "JVBERg==",
  "--m--",
].join("\r\n");

test("catches a message and reads it for showing", async () => {
  await using sandbox = await start();
  await talk(sandbox, transaction("bounce@a.test", ["b@b.test", "bcc@c.test"], rich));
  const [message] = sandbox.list();
  expect(message).toMatchObject({
    receivedAt: clock.now(),
    from: "bounce@a.test",
    to: ["b@b.test", "bcc@c.test"],
    subject: "Grüße",
    date: "2026-01-02T01:04:05.000Z",
    text: "Hallö\n",
    html: '<p>Hi <img src="cid:logo@a.test"></p>\n',
    attachments: [
      { filename: "logo.png", contentType: "image/png", contentId: "logo@a.test", inline: true, size: 3 },
      { filename: "a b.pdf", contentType: "application/pdf", contentId: null, inline: false, size: 4 },
    ],
    size: rich.length + 2,
  });
  expect(message?.headers.slice(0, 3)).toEqual([
    { name: "From", value: "Jö <jo@a.test>" },
    { name: "To", value: "b@b.test" },
    { name: "Subject", value: "Grüße" },
  ]);
});

test("gives the source byte for byte and the attachments decoded", async () => {
  await using sandbox = await start();
  await talk(sandbox, transaction("a@a.test", ["b@b.test"], `${rich}\r\n..stuffed`));
  const id = sandbox.list()[0]?.id ?? "";
  expect(Buffer.from(sandbox.source(id) ?? []).toString()).toBe(`${rich}\r\n.stuffed\r\n`);
  expect(await sandbox.attachment(id, 0)).toEqual(Uint8Array.of(0, 1, 255));
  expect(await sandbox.attachment(id, 2)).toBeNull();
  expect(sandbox.get(id)).toBe(sandbox.list()[0]);
  expect([sandbox.get("other"), sandbox.source("other"), await sandbox.attachment("other", 0)]).toEqual([
    null,
    null,
    null,
  ]);
});

test("shows something even of what is hardly a message", async () => {
  await using sandbox = await start();
  await talk(
    sandbox,
    transaction("", ["b@b.test"], "Date: soon\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x"),
  );
  await talk(sandbox, transaction("", ["b@b.test"], "\0\xff no header at all"));
  expect(sandbox.list()).toHaveLength(2);
  expect(sandbox.list()[1]).toMatchObject({ from: "", subject: "", date: null, html: null, attachments: [] });
});

test("takes any sign-in, in the clear or none, and internationalised addresses", async () => {
  await using sandbox = await start();
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const heard = await talk(
    sandbox,
    [
      `AUTH PLAIN ${base64("\0jo\0pass")}\r\n`,
      transaction("jö@a.test", ["用户@例子.test"], "Subject: Grüße\r\n\r\nx", " SMTPUTF8"),
    ].join(""),
  );
  expect(heard).toMatch(/^235 /m);
  expect(sandbox.list()[0]).toMatchObject({ from: "jö@a.test", to: ["用户@例子.test"], subject: "Grüße" });
  expect(heard).toMatch(/^250[ -]AUTH PLAIN LOGIN XOAUTH2\r$/m);
  for (const keyword of ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 26214400"]) {
    expect(heard).toMatch(new RegExp(`^250[ -]${keyword}\r$`, "m"));
  }
  expect(heard).not.toContain("STARTTLS");
});

test("refuses a message beyond 25 MiB, announced or not, and stores nothing of it", async () => {
  await using sandbox = await start();
  const line = `${"x".repeat(998)}\r\n`;
  const heard = await talk(
    sandbox,
    `MAIL FROM:<a@a.test> SIZE=26214401\r\n${transaction("a@a.test", ["b@b.test"], line.repeat(26_220))}`,
  );
  expect(heard.match(/^552 5\.3\.4 /gm)).toHaveLength(2);
  expect(sandbox.list()).toEqual([]);
});

test("stores the last 200 messages, newest first", async () => {
  await using sandbox = await start();
  const many = Array.from({ length: 202 }, (_, n) =>
    transaction("a@a.test", ["b@b.test"], `Subject: ${n}\r\n\r\n`),
  ).join("");
  await talk(sandbox, many);
  const subjects = sandbox.list().map((message) => message.subject);
  expect(subjects).toHaveLength(200);
  expect([subjects[0], subjects[199]]).toEqual(["201", "2"]);
});

test("notifies its listeners until they leave, and forgets everything when cleared", async () => {
  await using sandbox = await start();
  const seen: string[] = [];
  sandbox.onMessage(() => {
    throw new Error("a view that fails");
  });
  const unsubscribe = sandbox.onMessage((message) => seen.push(message.subject));
  const heard = await talk(sandbox, transaction("a@a.test", ["b@b.test"], "Subject: one\r\n\r\n"));
  expect(heard).toContain("Captured by the Sendwright sandbox");
  unsubscribe();
  await talk(sandbox, transaction("a@a.test", ["b@b.test"], "Subject: two\r\n\r\n"));
  expect(seen).toEqual(["one"]);
  expect(sandbox.list()).toHaveLength(2);
  sandbox.clear();
  expect(sandbox.list()).toEqual([]);
});

test("names the setting that helps when its port is taken", async () => {
  await using sandbox = await start();
  await expect(create(sandbox.port).start()).rejects.toMatchObject({
    code: "sandbox.unavailable",
    message: expect.stringMatching(
      new RegExp(`port ${sandbox.port} .*another program.*SENDWRIGHT_SANDBOX_PORT`),
    ),
  });
});

test("leaves nothing behind where its start fails, and starts once the port is free", async () => {
  const first = await start();
  await using second = create(first.port);
  await expect(second.start()).rejects.toThrow();
  await second.stop();
  await first.stop();
  await second.start();
  await talk(second, transaction("a@a.test", ["b@b.test"], "Subject: one\r\n\r\n"));
  expect([first.list().length, second.list().length]).toEqual([0, 1]);
});

test("is out of reach from other machines", async () => {
  await using sandbox = await start();
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && address.family === "IPv4");
  for (const { address } of outside) {
    const [error] = await once(connect(sandbox.port, address), "error");
    expect(error.code).toBe("ECONNREFUSED");
  }
  expect(sandbox.host).toBe("127.0.0.1");
});

test("stops at once although a client stays connected", async () => {
  const sandbox = await start();
  const socket = connect(sandbox.port, sandbox.host);
  await once(socket, "data");
  const closed = once(socket, "close");
  socket.resume();
  await sandbox.stop();
  await closed;
  await sandbox.stop();
});

test.each([
  ["550@sandbox.test", "550 5.1.1 Mailbox not found"],
  ["451@sandbox.test", "451 4.3.0 Temporary failure, try again later"],
  ["Rate@SANDBOX.test", "450 4.2.1 Too much mail for this mailbox, try again later"],
])("refuses %s, and accepts the message for others", async (address, reply) => {
  await using sandbox = await start();
  const heard = await talk(sandbox, transaction("a@a.test", [address, "b@b.test"], "Hi"));
  expect(heard).toContain(`\r\n${reply}\r\n`);
  expect(sandbox.list()).toMatchObject([{ to: ["b@b.test"] }]);
});

test.each(["551@sandbox.test", "550@sandbox.test.example", "550@mail.sandbox.test", "toString@sandbox.test"])(
  "accepts %s",
  async (address) => {
    await using sandbox = await start();
    await talk(sandbox, transaction("a@a.test", [address], "Hi"));
    expect(sandbox.list()).toMatchObject([{ to: [address] }]);
  },
);

test("cuts the connection instead of the reply to a message for lost@sandbox.test", async () => {
  await using sandbox = await start();
  const heard = await talk(sandbox, transaction("a@a.test", ["lost@sandbox.test", "b@b.test"], "Hi"));
  expect(heard).toMatch(/\r\n354 [^\r\n]*\r\n$/);
  expect(sandbox.list()).toMatchObject([{ to: ["lost@sandbox.test", "b@b.test"] }]);
});

test("replies after five seconds to a message for slow@sandbox.test", async () => {
  await using sandbox = await start();
  const { promise: caught, resolve } = Promise.withResolvers<void>();
  sandbox.onMessage(() => resolve());
  let isOver = false;
  const talking = talk(sandbox, transaction("a@a.test", ["slow@sandbox.test"], "Hi")).then((heard) => {
    isOver = true;
    return heard;
  });
  await caught;
  await clock.advance(4_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  expect(await talking).toContain("Captured by the Sendwright sandbox");
});
