import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { SMTPServer } from "smtp-server";
import type { CertificatePair } from "../../src/testing/index.ts";

/** A message as another implementation understood it. */
export interface ReceivedMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Buffer;
}

export interface ForeignRelayOptions {
  readonly tls: "none" | "starttls" | "implicit";
  readonly certificate: CertificatePair;
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

export interface ForeignRelay extends AsyncDisposable {
  readonly port: number;
  /** Resolves with the next message. */
  received(): Promise<ReceivedMessage>;
}

/** A relay that others wrote. It refuses the recipient `nobody@b.test`. */
export interface ForeignRelayKind {
  readonly name: string;
  start(options: ForeignRelayOptions): Promise<ForeignRelay>;
}

/** What arrives waits to be asked for, and who asks waits for what arrives. */
function mailbox() {
  const arrived: ReceivedMessage[] = [];
  const waiting: ((message: ReceivedMessage) => void)[] = [];
  return {
    add(message: ReceivedMessage): void {
      const resolve = waiting.shift();
      if (resolve === undefined) arrived.push(message);
      else resolve(message);
    },
    async next(): Promise<ReceivedMessage> {
      return arrived.shift() ?? (await new Promise((resolve) => waiting.push(resolve)));
    },
  };
}

const smtpServer: ForeignRelayKind = {
  name: "smtp-server",
  async start({ tls, certificate, credentials }) {
    const messages = mailbox();
    const server = new SMTPServer({
      ...certificate,
      secure: tls === "implicit",
      allowInsecureAuth: tls === "none",
      authOptional: credentials === null,
      disabledCommands: [
        ...(tls === "starttls" ? [] : ["STARTTLS"]),
        ...(credentials === null ? ["AUTH"] : []),
      ],
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      closeTimeout: 1,
      onAuth(auth, _session, done) {
        const right = auth.username === credentials?.username && auth.password === credentials?.password;
        done(null, right ? { user: auth.username } : {});
      },
      onRcptTo(recipient, _session, done) {
        done(recipient.address === "nobody@b.test" ? new Error("No such mailbox") : null);
      },
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          messages.add({
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map((recipient) => recipient.address),
            content: Buffer.concat(chunks),
          });
          done(null);
        });
      },
    });
    // Clients that refuse its certificate are what some tests are about.
    server.on("error", () => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.server.address();
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      received: messages.next,
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(resolve)),
    };
  },
};

/** Python's relay, by an interpreter that has it. */
function aiosmtpd(python: string): ForeignRelayKind {
  return {
    name: "aiosmtpd",
    async start({ tls, certificate, credentials }) {
      const folder = await mkdtemp(join(tmpdir(), "sendwright-interop-"));
      const keyFile = join(folder, "key.pem");
      const certFile = join(folder, "cert.pem");
      await writeFile(keyFile, certificate.key);
      await writeFile(certFile, certificate.cert);
      const options = {
        tls,
        keyFile,
        certFile,
        username: credentials?.username ?? null,
        password: credentials?.password ?? null,
      };
      const script = new URL("aiosmtpd_relay.py", import.meta.url).pathname;
      const child = spawn(python, [script, JSON.stringify(options)], { stdio: ["pipe", "pipe", "ignore"] });
      const exited = once(child, "exit");
      const lines = createInterface({ input: child.stdout });
      const messages = mailbox();
      const first = once(lines, "line");
      const ended = exited.then(() => {
        throw new Error(`${python} ended before it listened.`);
      });
      const [line] = await Promise.race([first, ended]);
      ended.catch(() => {});
      lines.on("line", (text) => {
        const { content, ...envelope } = JSON.parse(text);
        messages.add({ ...envelope, content: Buffer.from(content, "base64") });
      });
      return {
        port: JSON.parse(line).port,
        received: messages.next,
        async [Symbol.asyncDispose]() {
          child.stdin.end();
          await exited;
          await rm(folder, { recursive: true });
        },
      };
    },
  };
}

async function canImport(python: string): Promise<boolean> {
  try {
    await promisify(execFile)(python, ["-c", "import aiosmtpd.smtp"]);
    return true;
  } catch {
    return false;
  }
}

/** The relays of other makers on this machine: aiosmtpd only where Python has it. */
export async function foreignRelays(): Promise<readonly ForeignRelayKind[]> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    if (await canImport(python)) return [smtpServer, aiosmtpd(python)];
  }
  return [smtpServer];
}
