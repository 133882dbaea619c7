import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Health } from "../../src/http/schema/monitoring.ts";
import type { SmtpConfig } from "../../src/http/schema/smtp-configs.ts";
import { exampleSecrets } from "../../src/secret/derive.ts";
import { decrypt, generateKey, parseKey } from "../../src/secret/fernet.ts";
import { startTestRelay } from "../../src/testing/index.ts";
import { openBeside } from "../support/beside.ts";
import { emailOnce, getConfig, postEmail, refusal, saveConfig } from "./calls.ts";
import { makeServiceFolder, type Service, type ServiceFolder } from "./service.ts";

const username = "app";
const password = "opened-sesame";
const credentials = { username, password };

let folder: ServiceFolder;
beforeEach(() => {
  folder = makeServiceFolder();
});
afterEach(() => folder.dispose());

interface SecretRow {
  readonly id: string;
  readonly password_enc: string | null;
  readonly seal: string;
}

/** What is encrypted and sealed, straight from the file. */
function secretRows(): SecretRow[] {
  const database = openBeside(folder.database, { readOnly: true });
  try {
    return database
      .prepare("select id, password_enc, seal from smtp_config order by id")
      .all() as unknown as SecretRow[];
  } finally {
    database.close();
  }
}

function keyRows(): { key_id: string; retired_at: number | null }[] {
  const database = openBeside(folder.database, { readOnly: true });
  try {
    return database
      .prepare("select key_id, retired_at from encryption_key order by created_at")
      .all() as never;
  } finally {
    database.close();
  }
}

const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("without SENDWRIGHT_SECRET", () => {
  it("makes a key file for its owner alone, once, and says so in the log", async () => {
    const keyFile = join(folder.dataDir, "sendwright.key");
    const first = await folder.start();
    await first.end("SIGTERM");
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(folder.dataDir).mode & 0o777).toBe(0o700);
    const key = readFileSync(keyFile, "utf8");
    expect(parseKey(key.trim())).not.toBeNull();
    expect(first.stdout).toContain(keyFile);
    expect(first.stdout + first.stderr).not.toContain(key.trim());

    const second = await folder.start();
    await second.end("SIGTERM");
    expect(readFileSync(keyFile, "utf8")).toBe(key);
    expect(second.stdout).not.toContain(keyFile);
  });

  it("refuses a database whose key file is gone, in one line, and leaves it untouched", async () => {
    await (await folder.start()).end("SIGTERM");
    const keyFile = join(folder.dataDir, "sendwright.key");
    const key = readFileSync(keyFile, "utf8");
    rmSync(keyFile);
    const files = readdirSync(folder.dataDir);
    const before = digestOf(folder.database);

    for (const command of [["start"], ["rotate"]]) {
      const { code, stdout, stderr } = await folder.run(command);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^sendwright: .*sendwright\.key.*SENDWRIGHT_SECRET.*\n$/);
    }
    expect(digestOf(folder.database)).toBe(before);
    expect(readdirSync(folder.dataDir)).toEqual(files);

    writeFileSync(keyFile, key);
    await (await folder.start()).end("SIGTERM");
  });

  it("is not kept from its first start by a command that was run too early", async () => {
    mkdirSync(folder.dataDir);
    for (const command of [["rotate"], ["admin", "reset"]]) {
      const { code, stderr } = await folder.run(command);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^sendwright: .*\n$/);
      expect(existsSync(folder.database)).toBe(false);
    }
    await (await folder.start()).end("SIGTERM");
  });
});

describe("an unusable secret", () => {
  it.each([
    ["empty", "", /SENDWRIGHT_SECRET .*empty/],
    ["blank", "                    ", /SENDWRIGHT_SECRET .*empty/],
    ["short", "15-characters-x", /SENDWRIGHT_SECRET .*16 characters/],
    ["an example", exampleSecrets[0] ?? "", /SENDWRIGHT_SECRET .*example/],
  ])("that is %s is refused in one line, before anything is made", async (_what, secret, sentence) => {
    const { code, stdout, stderr } = await folder.run(["start"], { SENDWRIGHT_SECRET: secret });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(folder.database)).toBe(false);
  });

  it("in a file or among the previous ones is refused too, by the name of its variable", async () => {
    const file = join(folder.path, "secret");
    writeFileSync(file, "\n");
    const empty = await folder.run(["start"], { SENDWRIGHT_SECRET_FILE: file });
    expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining("SENDWRIGHT_SECRET") });
    const previous = await folder.run(["start"], {
      SENDWRIGHT_SECRET: generateKey(),
      SENDWRIGHT_PREVIOUS_SECRETS: "short",
    });
    expect(previous).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/previous secret|SENDWRIGHT_PREVIOUS_SECRETS/),
    });
    expect(existsSync(folder.database)).toBe(false);
  });
});

describe("another secret than the database's", () => {
  const right = { SENDWRIGHT_SECRET: generateKey() };
  const wrong = { SENDWRIGHT_SECRET: generateKey() };

  it("starts and explains, sends nothing, overwrites nothing; the right one goes on", async () => {
    await using relay = await startTestRelay({ auth: credentials });
    let service = await folder.start(right);
    const { id } = await saveConfig(service, relay, credentials);
    await service.end("SIGTERM");
    const [rows, keys] = [secretRows(), keyRows()];

    service = await folder.start(wrong);
    expect((await fetch(`${service.url}/settings/smtp`)).status).toBe(200);
    expect(await getConfig(service, id)).toMatchObject({
      username,
      password: "********",
      problem: { code: "secret.mismatch", detail: expect.stringContaining("SENDWRIGHT_SECRET") },
    });
    const health = await service.call<Health>("GET", "/api/health");
    expect(health).toMatchObject({ status: 200, body: { ok: false, key: "mismatch" } });
    expect(await refusal(service, "GET", "/api/ready")).toEqual({ status: 503, code: "secret.mismatch" });
    expect(await refusal(service, "POST", `/api/smtp-configs/${id}/test`)).toEqual({
      status: 503,
      code: "secret.mismatch",
    });
    const sensitive = { sensitive: true, to: "jo@example.com", subject: "Secret", text: "Secret" };
    expect(await refusal(service, "POST", "/api/emails", sensitive)).toEqual({
      status: 503,
      code: "secret.mismatch",
    });
    const { id: waiting } = await postEmail(service);
    await service.end("SIGTERM");
    expect(relay.messages).toEqual([]);
    expect([secretRows(), keyRows()]).toEqual([rows, keys]);

    service = await folder.start(right);
    await relay.delivered(1);
    expect(await getConfig(service, id)).toMatchObject({ problem: null });
    const sent = await emailOnce(service, waiting, ({ state }) => state === "sent");
    // The one with the other secret did not even try.
    expect(sent.attempts).toMatchObject([{ outcome: "sent" }]);
  });

  it("is mended by the password, entered again", async () => {
    await using relay = await startTestRelay({ auth: credentials });
    let service = await folder.start(right);
    const { id } = await saveConfig(service, relay, credentials);
    const { id: other } = await saveConfig(service, relay, credentials);
    await service.end("SIGTERM");

    service = await folder.start(wrong);
    const config = await getConfig(service, id);
    expect(await refusal(service, "PUT", `/api/smtp-configs/${id}`, config)).toEqual({
      status: 409,
      code: "config.password_required",
    });
    const saved = await service.call<SmtpConfig>("PUT", `/api/smtp-configs/${id}`, { ...config, password });
    expect(saved).toMatchObject({ status: 200, body: { problem: null } });
    await postEmail(service);
    await relay.delivered(1);
    // What nobody entered again is still as it was.
    expect((await getConfig(service, other)).problem?.code).toBe("secret.mismatch");
    await service.end("SIGTERM");

    service = await folder.start(wrong);
    expect((await getConfig(service, id)).problem).toBeNull();
    await postEmail(service, { sensitive: true });
    await relay.delivered(2);
  });

  it("reads with SENDWRIGHT_PREVIOUS_SECRETS what the old one wrote", async () => {
    await using relay = await startTestRelay({ auth: credentials });
    let service = await folder.start(right);
    const { id } = await saveConfig(service, relay, credentials);
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const { id: sensitive } = await postEmail(service, { sensitive: true, scheduledAt });
    await service.end("SIGTERM");

    service = await folder.start({ ...wrong, SENDWRIGHT_PREVIOUS_SECRETS: right.SENDWRIGHT_SECRET });
    expect((await getConfig(service, id)).problem).toBeNull();
    const retried = await service.call("POST", `/api/emails/${sensitive}/retry`);
    expect(retried.status).toBe(204);
    const [message] = await relay.delivered(1);
    expect(message).toMatchObject({ username });
    expect(message?.content.toString()).toContain("Hello Jo");
  });
});

describe("sendwright rotate", () => {
  const [older, newer] = [generateKey(), generateKey()];
  const old = { SENDWRIGHT_SECRET: older };
  const both = { SENDWRIGHT_SECRET: newer, SENDWRIGHT_PREVIOUS_SECRETS: older };
  const fresh = { SENDWRIGHT_SECRET: newer };

  async function saveMany(service: Service, count: number): Promise<void> {
    const relay = { host: "relay.invalid", port: 587 };
    for (let index = 0; index < count; index++) {
      await saveConfig(service, relay, { username, password: `${password}-${index}` });
    }
  }

  function expectAllUnder(secret: string, count: number): void {
    const key = parseKey(secret)!;
    const read = secretRows().map((row) => decrypt(key, row.password_enc ?? "").toString());
    expect(read).toEqual(Array.from({ length: count }, (_, index) => `${password}-${index}`));
  }

  it("re-encrypts without a server, after a dry run that changes nothing; then the old secret is needless", async () => {
    let service = await folder.start(old);
    await saveMany(service, 3);
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    await postEmail(service, { sensitive: true, scheduledAt });
    await service.end("SIGTERM");
    const rows = secretRows();

    const dry = await folder.run(["rotate", "--dry-run"], both);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("4 to rotate") });
    expect(secretRows()).toEqual(rows);
    expect(keyRows()).toHaveLength(1);

    const real = await folder.run(["rotate"], both);
    expect(real).toMatchObject({ code: 0, stdout: expect.stringContaining("4 rotated") });
    expectAllUnder(newer, 3);
    const again = await folder.run(["rotate"], both);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("4 already current") });

    service = await folder.start(fresh);
    const { body } = await service.call<Health>("GET", "/api/health");
    expect(body.key).toBe("fits");
    for (const { id } of secretRows()) expect((await getConfig(service, id)).problem).toBeNull();
  });

  it("goes on where kill -9 stopped it", { timeout: 120_000 }, async () => {
    const count = 150;
    const service = await folder.start(old);
    await saveMany(service, count);
    await service.end("SIGTERM");
    const sealedAnew = () => secretRows().filter(({ seal }) => !seal.startsWith(`${firstKeyId}.`)).length;
    const [{ key_id: firstKeyId } = { key_id: "" }] = keyRows();

    const dying = folder.begin(["rotate"], both);
    await dying.line((line) => (line.includes("rotated") ? true : undefined));
    dying.process.kill("SIGKILL");
    expect((await dying.ended).code).toBeNull();
    const done = sealedAnew();
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(count);

    const resumed = await folder.run(["rotate"], both);
    expect(resumed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${count - done} rotated, ${done} already current, 0 failed`),
    });
    expectAllUnder(newer, count);
    expect(keyRows().map(({ retired_at }) => retired_at === null)).toEqual([false, true]);
  });

  it("works beside a running server that knows both secrets, and refuses beside one that does not", async () => {
    await using relay = await startTestRelay({ auth: credentials });
    let service = await folder.start(old);
    const { id } = await saveConfig(service, relay, credentials);
    const rows = secretRows();
    const refused = await folder.run(["rotate"], both);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^sendwright: .*[Rr]estart.*\n$/);
    expect(secretRows()).toEqual(rows);
    await service.end("SIGTERM");

    service = await folder.start(both);
    const rotated = await folder.run(["rotate"], both);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining("1 rotated") });
    expect(secretRows()).not.toEqual(rows);
    expect((await getConfig(service, id)).problem).toBeNull();
    await postEmail(service);
    await relay.delivered(1);
    await service.end("SIGTERM");

    service = await folder.start(fresh);
    await postEmail(service);
    await relay.delivered(2);
  });

  it("says that none of the secrets fits, and changes nothing", async () => {
    const service = await folder.start(old);
    await saveMany(service, 1);
    await service.end("SIGTERM");
    const rows = secretRows();
    const { code, stdout, stderr } = await folder.run(["rotate"], fresh);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^sendwright: .*SENDWRIGHT_PREVIOUS_SECRETS.*\n$/);
    expect([secretRows(), keyRows().length]).toEqual([rows, 1]);
  });
});

describe("password_enc", () => {
  const passwords = [
    "hunter2-hunter2",
    "pässwörd 密码 🔑",
    "  spaces  around  ",
    "x".repeat(200),
    "\"\\'%&=;<>",
  ];
  const hasCryptography = spawnSync("python3", ["-c", "import cryptography.fernet, sqlite3"]).status === 0;

  /** Where Python has no `cryptography`, our own Fernet reads, which the specification's vectors prove. */
  function readWithFernet(secret: string): string[] {
    if (!hasCryptography) {
      const key = parseKey(secret)!;
      return secretRows().map((row) => decrypt(key, row.password_enc ?? "").toString());
    }
    const program = `
import json, sqlite3, sys
from cryptography.fernet import Fernet
rows = sqlite3.connect(sys.argv[1]).execute("select password_enc from smtp_config order by id")
print(json.dumps([Fernet(sys.argv[2]).decrypt(token.encode()).decode() for (token,) in rows]))
`;
    const python = spawnSync("python3", ["-c", program, folder.database, secret], { encoding: "utf8" });
    if (python.status !== 0) throw new Error(python.stderr);
    return JSON.parse(python.stdout);
  }

  it("is a Fernet token of exactly the password, to be read straight from the file", async () => {
    const secret = generateKey();
    const service = await folder.start({ SENDWRIGHT_SECRET: secret });
    for (const each of passwords) {
      await saveConfig(service, { host: "relay.invalid", port: 587 }, { username, password: each });
    }
    // Beside the running server, and after its end.
    expect(readWithFernet(secret)).toEqual(passwords);
    await service.end("SIGTERM");
    expect(readWithFernet(secret)).toEqual(passwords);
  });
});
