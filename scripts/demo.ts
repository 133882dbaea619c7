// The main job without hands, over HTTP, in a temporary folder: save a relay, test it stage by stage,
// send both built-in templates, and show the log and what arrived. The relay is the sandbox.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../src/core/log.ts";
import { startStandalone } from "../src/http/standalone.ts";
import { generateKey } from "../src/secret/fernet.ts";
import { openServices } from "../src/services.ts";

const folder = mkdtempSync(join(tmpdir(), "sendwright-demo-"));
const apiKey = randomBytes(32).toString("base64url");
const services = await openServices({
  database: join(folder, "sendwright.db"),
  secret: generateKey(),
  sandboxPort: 0,
  log: createLog("silent"),
});
const server = await startStandalone(services, { host: "127.0.0.1", port: 0, apiKey });

/** One call of the API; what is not a success ends the demo. */
async function call<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(`${server.url}/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Reply;
}

function say(title: string): void {
  console.log(`\n\u001b[1m${title}\u001b[0m`);
}

try {
  const sandbox = services.sandbox;
  if (sandbox === null) throw new Error("the demo needs its sandbox");

  say("1. Save a relay");
  const config = await call<{ id: string; name: string; password: string }>("POST", "/smtp-configs", {
    name: "Sandbox",
    smtpServer: sandbox.host,
    smtpPort: sandbox.port,
    useTls: false,
    username: "demo",
    password: "a-password-nobody-sees-again",
    allowCleartextAuth: true,
    fromEmail: "shop@example.com",
    fromName: "Example Shop",
  });
  console.log(`   ${config.name} is saved; the API shows its password as ${config.password}`);

  say("2. Test the connection");
  const report = await call<{
    ok: boolean;
    durationMs: number;
    stages: { stage: string; status: string; durationMs: number; problem?: { title: string } }[];
  }>("POST", `/smtp-configs/${config.id}/test`, { sendTo: "admin@example.com" });
  const marks: Record<string, string> = { passed: "✓", warning: "!", failed: "✗", skipped: "–" };
  for (const { stage, status, durationMs, problem } of report.stages) {
    console.log(
      `   ${marks[status]} ${stage.padEnd(10)} ${status.padEnd(8)} ${durationMs} ms  ${problem?.title ?? ""}`,
    );
  }

  say("3. Send both templates");
  const templates = await call<{ items: { name: string; example: unknown }[] }>("GET", "/templates");
  const ids: string[] = [];
  for (const { name, example } of templates.items) {
    const { id, state } = await call<{ id: string; state: string }>("POST", "/emails", {
      to: "Jo <jo@example.com>",
      template: name,
      data: example,
    });
    ids.push(id);
    console.log(`   ${name}: accepted as ${id}, ${state}`);
  }

  say("4. The log");
  for (const id of ids) {
    let email: {
      subject: string;
      state: string;
      attempts: { relay: string; stage: string; outcome: string; durationMs: number }[];
    };
    do {
      email = await call("GET", `/emails/${id}`);
    } while (email.state === "queued" || email.state === "sending");
    console.log(`   ${email.state}: ${email.subject}`);
    for (const { relay, outcome, durationMs } of email.attempts) {
      console.log(`      attempt through ${relay}: ${outcome} after ${durationMs} ms`);
    }
  }

  say("5. What arrived in the sandbox");
  for (const { from, to, subject, text } of sandbox.list().toReversed()) {
    console.log(`   ${from} → ${to.join(", ")}: ${subject}`);
    for (const line of (text ?? "").trim().split("\n").slice(0, 8)) console.log(`      | ${line}`);
  }
} finally {
  await server.close();
  await services.close();
  rmSync(folder, { recursive: true });
}
