import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Email } from "../../src/http/schema/emails.ts";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import type { TestReport } from "../../src/http/schema/tests.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { type Peer, type ScriptedServer, startScriptedServer } from "../../src/testing/index.ts";
import { openBeside } from "../support/beside.ts";
import { emailOnce, getConfig, postEmail, saveConfig, settingsFor } from "./calls.ts";
import { apiKey, makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const username = "app@example.com";
const password = 'Tr0ub4dor&3 "pässwörd"/+?=% 🔑';

const base64 = (text: string) => Buffer.from(text).toString("base64");
/** AUTH PLAIN (RFC 4616), and the answer to LOGIN. */
const blobs = [base64(`\0${username}\0${password}`), base64(password)];
/** Replies and the log are JSON, hence the last. */
const forms = {
  "as it is": password,
  "in base64": base64(password),
  "in base64 without padding": base64(password).replace(/=+$/, ""),
  "in base64url": Buffer.from(password).toString("base64url"),
  "as AUTH PLAIN": base64(`\0${username}\0${password}`),
  "URL-encoded": encodeURIComponent(password),
  "as a form field": new URLSearchParams({ "": password }).toString().slice(1),
  "in hexadecimal": Buffer.from(password).toString("hex"),
  "in JSON": JSON.stringify(password).slice(1, -1),
};

/** Where a password is found, by the name of the form; nothing where it is not. */
function found(place: string, text: string): string[] {
  return Object.entries(forms)
    .filter(([, form]) => text.toLowerCase().includes(form.toLowerCase()))
    .map(([name]) => `${place}: ${name}`);
}

/** Everything a relay could say with the password in it, in all forms, one a line. */
function echo(code: number): string {
  const lines = Object.values(forms).map((form) => `cannot use ${form} for you`);
  return [...lines.map((line) => `${code}-${line}`), `${code} [${blobs.join("][")}]`].join("\r\n");
}

/** Echoes at each turn; whether it lets the client in is up to the test. */
async function echoingRelay(peer: Peer, signIn: "refused" | "taken"): Promise<void> {
  peer.send(`${echo(220)}\r\n`);
  await peer.expect(/^EHLO /);
  peer.send(
    `250-relay.test\r\n250-X-${base64(password)}\r\n250-X-KEY ${password}\r\n250 AUTH PLAIN LOGIN\r\n`,
  );
  const line = await peer.expect(/^AUTH /);
  if (line === "AUTH LOGIN") {
    peer.send("334 VXNlcm5hbWU6\r\n");
    await peer.line();
    peer.send("334 UGFzc3dvcmQ6\r\n");
    await peer.line();
  }
  if (signIn === "refused") {
    peer.send(`${echo(535)}\r\n`);
    await peer.line();
    return peer.send(`${echo(221)}\r\n`);
  }
  peer.send(`${echo(235)}\r\n`);
  for (;;) {
    const command = await peer.line();
    if (command === "DATA") {
      peer.send("354 Go on\r\n");
      await peer.body();
      peer.send(`${echo(250)}\r\n`);
    } else if (command === "QUIT") {
      return peer.send(`${echo(221)}\r\n`);
    } else {
      peer.send(`${echo(command.startsWith("RCPT TO:<no") ? 550 : 250)}\r\n`);
    }
  }
}

let folder: ServiceFolder;
let service: Service;
let refusing: ScriptedServer;
let taking: ScriptedServer;
/** What the API answered, by the request. */
const replies = new Map<string, string>();

async function request(
  method: string,
  path: string,
  body?: unknown,
  accept = "application/json",
): Promise<string> {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      accept,
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const headers = JSON.stringify([...response.headers]);
  const text = await response.text();
  replies.set(`${method} ${path} ${accept}`, `${response.status} ${headers}\n${text}`);
  return text;
}

beforeAll(async () => {
  folder = makeServiceFolder();
  refusing = await startScriptedServer((peer) => echoingRelay(peer, "refused"));
  taking = await startScriptedServer((peer) => echoingRelay(peer, "taken"));
  service = await folder.start({ SENDWRIGHT_SECRET: generateKey(), SENDWRIGHT_LOG_LEVEL: "trace" });

  const sendTo = "jo@example.com";
  for (const [relay, authMethod] of [
    [refusing, "plain"],
    [refusing, "login"],
    [taking, "plain"],
    [taking, "login"],
  ] as const) {
    const settings = { username, password, authMethod };
    const { id } = await saveConfig(service, relay, settings);
    // Saved anew, so that the audit log tells of a change.
    const config = JSON.parse(await request("GET", `/api/smtp-configs/${id}`)) as SmtpConfig;
    await request("PUT", `/api/smtp-configs/${id}`, { ...config, password });
    for (const accept of ["application/json", "text/event-stream"]) {
      await request("POST", `/api/smtp-configs/${id}/test`, { sendTo }, accept);
      await request("POST", "/api/smtp-configs/test", settingsFor(relay, { ...settings, sendTo }), accept);
    }
    // Each refused sign-in pauses its config, and whatever waits goes on with the next.
    const { id: email } = await postEmail(service, { to: ["jo@example.com", "no@example.com"] });
    if (relay === refusing) while ((await getConfig(service, id)).pausedUntil === null);
    else await emailOnce(service, email, ({ state }) => state === "partial");
    await request("GET", `/api/emails/${email}`);
    await request("GET", `/api/emails/${email}/source`);
    await request("GET", `/api/smtp-configs/${id}`);
    // What is wrong in a body is named, and not repeated.
    await request("PUT", `/api/smtp-configs/${id}`, { ...config, password, smtpPort: 0, fromEmail: "no" });
    await request("PUT", `/api/smtp-configs/${id}`, { ...config, password, version: 99 });
    await request("POST", "/api/smtp-configs", { password, colour: "red" });
    await request("POST", "/api/smtp-configs", settingsFor(relay, { password }));
    await request("POST", "/api/smtp-configs", settingsFor(relay, { username, password: `${password}\n` }));
    await request("POST", "/api/smtp-configs", settingsFor(relay, { username, password: [password] }));
  }
  for (const path of [
    "/api/smtp-configs",
    "/api/emails",
    "/api/audit-log",
    "/api/health",
    "/api/ready",
    "/api/openapi.json",
    "/api/templates",
    "/api/api-keys",
    "/api/me",
    "/metrics",
    "/settings/smtp",
  ]) {
    await request("GET", path);
  }
}, 60_000);
afterAll(async () => {
  await folder.dispose();
  await Promise.all([refusing.close(), taking.close()]);
});

describe("a password that the relay echoes in every way", () => {
  it("is really sent to the relay, and the relay's words are really shown", () => {
    for (const { connections } of [refusing, taking]) {
      expect(connections.map(({ received }) => received.toString()).join("")).toContain(blobs[0]);
      expect(connections.map(({ received }) => received.toString()).join("")).toContain(blobs[1]);
    }
    const reports = [...replies].filter(([name]) => name.includes("/test application/json"));
    expect(reports.length).toBeGreaterThan(1);
    for (const [, reply] of reports) {
      const { stages } = JSON.parse(reply.slice(reply.indexOf("\n"))) as TestReport;
      const said = stages.flatMap(({ transcript }) => transcript.map(({ text }) => text));
      expect(said.filter((text) => text.includes("cannot use ********")).length).toBeGreaterThan(0);
    }
    const emails = [...replies].filter(([name]) => /GET \/api\/emails\/[^/]+ /.test(name));
    const outcomes = emails.flatMap(([, reply]) => {
      const { attempts } = JSON.parse(reply.slice(reply.indexOf("\n"))) as Email;
      return attempts.map(({ outcome, reply: said }) => [outcome, said?.includes("********") ?? null]);
    });
    expect(outcomes).toContainEqual(["config", true]);
    expect(outcomes).toContainEqual(["partial", expect.anything()]);
  });

  it("is in no reply of the API", () => {
    expect([...replies].flatMap(([place, reply]) => found(place, reply))).toEqual([]);
  });

  it("is in no column of any table", () => {
    const database = openBeside(folder.database, { readOnly: true });
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
    const places = tables.flatMap(({ name }) =>
      database
        .prepare(`select * from "${name}"`)
        .all()
        .flatMap((row) =>
          Object.entries(row).flatMap(([column, value]) => {
            const text = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
            return found(`${name}.${column}`, text);
          }),
        ),
    );
    const rows = database.prepare("select count(*) as count from attempts").get();
    database.close();
    expect(rows?.count).toBeGreaterThan(3);
    expect(places).toEqual([]);
  });

  it("is nowhere in the files, nor in the log at its most talkative", async () => {
    const inFiles = () =>
      readdirSync(folder.dataDir).flatMap((name) =>
        found(name, readFileSync(join(folder.dataDir, name)).toString()),
      );
    // Beside the server there is a write-ahead log, which its end puts into the database.
    expect(readdirSync(folder.dataDir)).toContain("sendwright.db-wal");
    expect(inFiles()).toEqual([]);
    const { stdout, stderr } = await service.end("SIGTERM");
    expect(inFiles()).toEqual([]);
    expect(stdout).toContain('"level":40');
    expect([...found("stdout", stdout), ...found("stderr", stderr)]).toEqual([]);
  });
});
