// A relay that takes everything and keeps nothing, in a process of its own; relay.ts starts it.
import { createServer, type Socket } from "node:net";

const crlf = Buffer.from("\r\n");
const endOfContent = Buffer.from("\r\n.\r\n");
const maxLineBytes = 4096;

const replies: Readonly<Record<string, string>> = {
  EHLO: "250-catching.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n",
  HELO: "250 catching.example\r\n",
  MAIL: "250 OK\r\n",
  RCPT: "250 OK\r\n",
  DATA: "354 Go ahead\r\n",
  RSET: "250 OK\r\n",
  NOOP: "250 OK\r\n",
  QUIT: "221 Bye\r\n",
};

/** Whom mail was taken for since the parent last asked. A set: a duplicate must not pass for a missing one. */
let delivered = new Set<string>();
let wanted = Number.POSITIVE_INFINITY;

function take(recipients: readonly string[]): void {
  for (const recipient of recipients) delivered.add(recipient);
  if (delivered.size < wanted) return;
  wanted = Number.POSITIVE_INFINITY;
  process.send?.({ delivered: delivered.size });
}

/** Answers whatever a segment brought with one segment, as a good server does for a pipelining client. */
function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  let rest: Buffer = Buffer.alloc(0);
  let inContent = false;
  let recipients: string[] = [];

  function command(line: string): string {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "RCPT") {
      const address = line.slice(line.indexOf("<") + 1, line.indexOf(">"));
      if (address.startsWith("refused")) return "550 No such mailbox\r\n";
      recipients.push(address);
    } else if (verb === "DATA") {
      if (recipients.length === 0) return "554 No valid recipients\r\n";
      inContent = true;
    } else if (verb === "MAIL" || verb === "RSET") {
      recipients = [];
    }
    return replies[verb] ?? "502 Not implemented\r\n";
  }

  socket.on("data", (segment) => {
    const bytes = rest.length === 0 ? segment : Buffer.concat([rest, segment]);
    let at = 0;
    let answer = "";
    for (;;) {
      if (inContent) {
        const end = bytes.indexOf(endOfContent, at);
        if (end === -1) {
          // Of content only what may be the beginning of its end is kept.
          at = Math.max(at, bytes.length - endOfContent.length + 1);
          break;
        }
        at = end + endOfContent.length;
        inContent = false;
        take(recipients);
        recipients = [];
        answer += "250 Taken\r\n";
      } else {
        const end = bytes.indexOf(crlf, at);
        if (end === -1) break;
        answer += command(bytes.toString("latin1", at, end));
        // The line break that ends DATA begins the content: an empty one is nothing but its end.
        at = inContent ? end : end + crlf.length;
      }
    }
    rest = bytes.subarray(at);
    if (answer === replies.QUIT) socket.end(answer);
    else if (rest.length > maxLineBytes) socket.destroy();
    else if (answer !== "") socket.write(answer);
  });
  socket.write("220 catching.example ESMTP\r\n");
}

process.on("message", ({ expect }: { expect: number }) => {
  delivered = new Set();
  wanted = expect;
  process.send?.({ expecting: expect });
});
process.on("disconnect", () => process.exit());

const server = createServer(serve).listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
