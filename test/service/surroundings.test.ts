import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestRelay } from "../../src/testing/index.ts";
import { emailOnce, postEmail, saveConfig } from "./calls.ts";
import { makeServiceFolder, type ServiceFolder } from "./service.ts";

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

describe("in Kubernetes", () => {
  it("starts beside Services of its name, and says how to get rid of their variables", async () => {
    const links = {
      SENDWRIGHT_SMTP_PORT: "tcp://10.43.0.6:25",
      SENDWRIGHT_SMTP_SERVICE_HOST: "10.43.0.6",
      SENDWRIGHT_SANDBOX_PORT_4651_TCP_ADDR: "10.43.0.7",
    };
    const service = await folder.start(links);
    const warning = await service.line((line) =>
      line.includes("enableServiceLinks: false") ? line : undefined,
    );
    for (const name of Object.keys(links)) expect(warning).toContain(name);
    expect(service.stdout).not.toContain("is it mistyped");
  });
});

describe("files of Windows", () => {
  it("may hold the password: the relay gets it without byte order mark and line end", async () => {
    await using relay = await startTestRelay({ auth: { username: "shop", password: "s3cret" } });
    const file = join(folder.path, "password");
    writeFileSync(file, "\uFEFFs3cret\r\n");
    const test = await folder.run(
      [
        "test",
        ...[
          "--server",
          relay.host,
          "--port",
          String(relay.port),
          "--tls",
          "off",
          "--from",
          "shop@example.com",
        ],
        ...["--username", "shop", "--password-stdin", "--allow-cleartext-auth"],
      ],
      {},
      readFileSync(file, "utf8"),
    );
    expect(test).toMatchObject({ code: 0 });
  });
});

describe("a database address that is not percent-encoded", () => {
  it.each(["start", "doctor"])("is repeated nowhere by %s", async (command) => {
    const env = { SENDWRIGHT_DATABASE_URL: "postgres://u:p@ss#w%rd@127.0.0.1:1/db" };
    const bundle = join(folder.path, "bundle.json");
    const args = command === "doctor" ? [command, "--bundle", bundle] : [command];
    const { code, stdout, stderr } = await folder.run(args, env);
    expect(code).toBe(1);
    const shown = stdout + stderr + (command === "doctor" ? readFileSync(bundle, "utf8") : "");
    expect(shown).toContain("percent-encode");
    for (const part of ["p@ss", "ss#w", "w%rd", "127.0.0.1:1"]) expect(shown).not.toContain(part);
  });
});

describe("the language and time zone of the machine", () => {
  it.each(["Asia/Kathmandu", "America/St_Johns"])("change no header: %s, in German", async (zone) => {
    await using relay = await startTestRelay();
    const service = await folder.start({ TZ: zone, LC_ALL: "de_DE.UTF-8", LANG: "de_DE.UTF-8" });
    await saveConfig(service, relay);
    const { id } = await postEmail(service);
    await emailOnce(service, id, ({ state }) => state === "sent");
    const [message] = relay.messages;
    // RFC 5322 §3.3.
    expect(message?.content.toString()).toMatch(
      /^Date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000\r$/m,
    );
  });
});
